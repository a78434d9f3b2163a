"""What a read gives back: rows as tuples with named columns, and nothing built around them.

A ``RowSet`` is a list of ``Row``; a ``Row`` is a tuple whose columns also read as attributes, which is all that a
GraphQL field needs, and all that a compiled reader of the same rows does not need.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from db.chunks import chunked
from db.id_lists import among
from db.prepared import Prepared, execute

__all__ = ["Row", "RowSet", "fetch", "fetch_by", "labelled", "row_class"]


class Row(tuple[Any, ...]):
    """One row of a noun (``"Call"``); ``columns`` names its values in order. Subclasses are made by ``row_class``."""

    __slots__ = ()
    columns: tuple[str, ...] = ()
    noun: str = ""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"column {name!r} of {self.noun} was not selected, only {', '.join(self.columns)}")

    def __repr__(self) -> str:
        return f"{self.noun}({', '.join(f'{name}={value!r}' for name, value in zip(self.columns, self, strict=True))})"


@lru_cache(maxsize=1024)
def row_class(noun: str, columns: tuple[str, ...]) -> type[Row]:
    """The class of rows of ``noun`` with these columns; made once for a set of columns."""
    namespace: dict[str, Any] = {name: property(itemgetter(index)) for index, name in enumerate(columns)}
    return type(noun, (Row,), {**namespace, "__slots__": (), "columns": columns, "noun": noun})


class RowSet(list[Row]):
    """Rows that share their columns, in the order of the statement."""

    __slots__ = ("columns", "noun")

    def __init__(self, noun: str, columns: Sequence[str], rows: Iterable[Iterable[Any]] = ()) -> None:
        self.noun = noun
        self.columns = tuple(columns)
        super().__init__(map(row_class(noun, self.columns), rows))

    def like(self, rows: Iterable[Iterable[Any]]) -> "RowSet":
        """Other rows of the same columns."""
        return RowSet(self.noun, self.columns, rows)


def fetch(
    connection: Connection,
    noun: str,
    statement: Select[Any] | Prepared,
    bound: Mapping[str, Any] | None = None,
) -> RowSet:
    """Run ``statement``, with the values of its parameters where it has named ones, and take all its rows; columns are
    named by their labels."""
    if isinstance(statement, Prepared):
        return RowSet(noun, statement.columns(connection), statement.fetch(connection, bound or {}))
    return RowSet(noun, *execute(connection, statement, bound))


def labelled(
    known: Mapping[str, ColumnElement[Any]], keys: Iterable[str], columns: Collection[str]
) -> list[ColumnElement[Any]]:
    """The SQL of ``keys`` and ``columns`` among the ``known``, in their fixed order, labelled by name."""
    wanted = {*keys, *columns}
    return [_label(expression, name) for name, expression in known.items() if name in wanted]


@lru_cache(maxsize=2048)
def _label(expression: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Made once for what every statement of a noun selects."""
    return expression.label(name)


def fetch_by(
    connection: Connection,
    noun: str,
    selected: Sequence[ColumnElement[Any]],
    column: ColumnElement[Any],
    values: Iterable[Any],
    *where: ColumnElement[bool],
) -> Iterator[Row]:
    """The rows that fulfil ``where`` and have one of ``values`` in ``column``, in no order; one statement a chunk."""
    for chunk in chunked(dict.fromkeys(values)):
        yield from fetch(connection, noun, select(*selected).where(*where, among(column, chunk)))
