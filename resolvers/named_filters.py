"""What filters of nouns that have a name have in common: ids, names and times at which something was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table

from db.calls.filters import starts_with
from db.query.compile import compile_query
from db.query.expression import Constant, Contains, GetField
from db.query.fields import Fields
from resolvers.errors import InvalidInputError

__all__ = ["NamedFilter", "check_list", "one_of"]

LONGEST_LIST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFilter:
    """Each field that is set must hold; within a list any value will do. An empty list is as none.

    Times are microseconds, UTC: ``after`` is inclusive, ``before`` exclusive.
    """

    names: Sequence[str] | None = None
    name_contains: str | None = None
    name_prefix: str | None = None
    created_after: int | None = None
    created_before: int | None = None

    def named(self, table: Table, fields: Fields) -> list[ColumnElement[bool]]:
        """In SQL, by the columns of ``table``. Raises InvalidInputError for a list that is too long."""
        found = one_of("names", table.c.name, self.names)
        if self.name_contains:
            sought = Contains(GetField("name"), Constant(self.name_contains), case_insensitive=True)
            found.append(compile_query(sought, fields))
        if self.name_prefix:
            found.append(starts_with(table.c.name, self.name_prefix))
        if self.created_after is not None:
            found.append(table.c.created_at >= self.created_after)
        if self.created_before is not None:
            found.append(table.c.created_at < self.created_before)
        return found


def one_of(name: str, column: ColumnElement[Any], values: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """The condition that ``column`` has one of ``values``; none where there are no values.

    Raises InvalidInputError as ``check_list``.
    """
    check_list(name, values)
    return [column.in_(values)] if values else []


def check_list(name: str, values: Sequence[str] | None) -> None:
    """Raise InvalidInputError, naming the field of the filter, for a list of more than a thousand values."""
    if values and len(values) > LONGEST_LIST:
        raise InvalidInputError(f"{name} takes at most {LONGEST_LIST} values, not {len(values)}", ["filter", name])
