"""Compiled result building under graphql-core.

graphql-core completes a list by walking every field of every item: it resolves the field, checks what came, and
descends. For a list of rows nearly all of that is the same for each item. Here it is worked out once for the list:

1. ``shapes``: what a selection asks of an object type, as graphql-core's own ``collect_subfields`` gives it, so that
   aliases, fragments, directives and variables need nothing special. A field is read off the item (an attribute, or a
   plain function of it), or it is left to graphql-core (it has arguments, a coroutine, an abstract type).
2. ``compiler``: a shape as one Python function, a loop over the items that reads and checks the fields in place. Its
   results are dictionaries (``data``) or, for an answer that is but written out (``CompiledExecutor.writes_json``),
   the JSON text of each item (``text``), which ``graph.encoding`` splices in and joins as it is sent. Functions are
   kept by the form of the shape, not by the document (``functions``).
3. ``items``: the items of a list completed so. A field with a resolver that is a coroutine function is a column: its
   arguments are worked out once, its coroutines for all items are awaited together (``CompiledExecutor.together``), and
   their values are completed as one list again, each at its own path. So is an object that is read off an item and has
   such fields below it. Long lists are made in parts, with a turn of the event loop for others after each.
4. ``coroutines``: those of the operation, so that none is dropped before it began where a field fails beside it.
5. ``executor``: the executor that uses them wherever graphql-core would complete a list or an object.

Items with columns, and objects by themselves, are dictionaries in either case; what is text is the lists of items all
of whose fields are compiled. Lists of leaf values are checked by a function of their own.

One rule makes it exact: compiled code gives what graphql-core would give, or it gives the item up, and graphql-core
does that item from its start. Whatever is unusual - a null where none may be, a value of another type, an error - comes
from graphql-core itself, with its messages, paths and null propagation; it is data in the midst of text. Fields that
are neither compiled nor columns are executed by graphql-core, item by item, beside the others.

Items may be any objects. Tuples whose class names their values in ``columns`` are read by position. A predicate
``is_type_of`` that looks at the class of a value alone says so with a true attribute ``by_class``.
"""

from graph.executor.executor import CompiledExecutor

__all__ = ["CompiledExecutor"]
