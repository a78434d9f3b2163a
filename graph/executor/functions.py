"""The compiled functions that are kept."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from graphql import GraphQLLeafType

from graph.executor.compiler import Run, compile_leaves, compile_shape
from graph.executor.data import DATA
from graph.executor.shapes import Shape
from graph.executor.text import TEXT

__all__ = ["NOT_TAKEN", "columns_of", "functions"]

WORTH_COMPILING = 16
"""Items of one form that are met before it is compiled: a document that comes once costs nothing."""

MAX_FORMS = 512
"""Forms that are remembered, each with its function or with how often it was met. Clients choose response names."""


class _Functions:
    """Compiled functions by the form of what they make, and of the items that they make it of."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Run | int] = OrderedDict()

    def of(self, shape: Shape, columns: tuple[str, ...] | None, items: int, *, text: bool = False) -> Run | None:
        """The function for ``items`` more items of this form, which gives data or JSON text; None while it is not
        worth one."""
        key = (shape.type, shape.form, columns, text)
        return self._known_or_made(key, items, lambda: compile_shape(shape, columns, TEXT if text else DATA))

    def of_leaves(self, leaf: GraphQLLeafType, items: int, *, nullable: bool) -> Run | None:
        """The function of lists of a type of leaves, likewise; it gives data."""
        return self._known_or_made((leaf, nullable), items, lambda: compile_leaves(leaf, DATA, nullable=nullable))

    def _known_or_made(self, key: Hashable, items: int, make: Callable[[], Run]) -> Run | None:
        known = self._known.get(key, 0)
        if isinstance(known, int):
            met = known + items
            known = met if met < WORTH_COMPILING else make()
            self._known[key] = known
            if len(self._known) > MAX_FORMS:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return None if isinstance(known, int) else known


functions = _Functions()

NOT_TAKEN: Any = object()
"""The result of an item that compiled code does not make."""


def columns_of(item: Any) -> tuple[str, ...] | None:
    """The names of the values of a tuple; None for other objects."""
    columns = getattr(item.__class__, "columns", None) if isinstance(item, tuple) else None
    return columns if isinstance(columns, tuple) else None
