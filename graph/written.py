"""Rows written as JSON by whoever runs an operation of ours, in place of the objects that the selection makes of them.

A REST answer of thousands of calls is another form of the same rows. To build a dictionary of each, as GraphQL gives
them, and another out of that, takes several times as long as to write the row. So whoever runs an operation may bring
writers by the names of types: a list of rows of such a type, or one row, becomes ``Written`` where all that is selected
are columns, under whatever names. Where a link is selected, or a writer raises an error since a value is none that it
knows, the result is what GraphQL gives, errors included.
"""

from collections.abc import Callable, Mapping, Sequence

from db.rows import Row
from graph.executor.shapes import FieldKind, Shape

__all__ = ["Writer", "Writers", "Written", "places_of"]

Places = Mapping[str, int]
"""Where in a row the value of each selected field stands, by the name that it has in the result. Values are as they
are stored: times in microseconds, JSON as text, enums as their values."""

Writer = Callable[[Sequence[Row], Places], list[bytes]]
"""The JSON of each row. Raises whatever it likes for what it cannot write."""

Writers = Mapping[str, Writer]


class Written(list[bytes]):
    """The JSON of each row of a list, or of one row, in place of what is selected of it."""


def places_of(shape: Shape, columns: tuple[str, ...]) -> dict[str, int] | None:
    """Where what a shape selects stands in rows of ``columns``; None where it selects something else, too."""
    places: dict[str, int] = {}
    for field in shape.fields:
        attribute = field.reader and field.reader.attribute
        if field.kind is not FieldKind.LEAF or attribute not in columns:
            return None
        places[field.response] = columns.index(attribute)
    return places
