"""Reading the rows of a noun that a project and an id address: by id, and a page of a list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.pages import Page, PageRequest, select_page
from db.query.order import Order
from db.rows import Row, fetch_by, labelled

__all__ = ["Reader"]


@dataclass(frozen=True, slots=True)
class Reader:
    """How a noun is read, whatever its columns are."""

    noun: str
    columns: Mapping[str, ColumnElement[Any]]
    """What can be asked for, by the names that rows carry; ``project_slug`` among them."""

    key: str
    """Which of them is the id; it and the project are always selected."""

    shown: Sequence[ColumnElement[bool]] = ()
    """The conditions of what exists for readers."""

    def labelled(self, columns: Collection[str]) -> list[ColumnElement[Any]]:
        """The SQL of given columns and the keys."""
        return labelled(self.columns, ("project_slug", self.key), columns)

    def by_id(
        self, connection: Connection, project_id: str, ids: Iterable[str], columns: Collection[str]
    ) -> dict[str, Row]:
        """Rows by id; ids that are not there are missing. One statement a chunk."""
        where = (self.columns["project_slug"] == project_id, *self.shown)
        found = fetch_by(connection, self.noun, self.labelled(columns), self.columns[self.key], ids, *where)
        return {getattr(row, self.key): row for row in found}

    def page(
        self,
        connection: Connection,
        columns: Collection[str],
        conditions: Sequence[ColumnElement[bool]],
        order: Order,
        request: PageRequest,
    ) -> Page:
        """A page of the rows that fulfil ``conditions``; raises CursorError for a cursor that is none."""
        return select_page(connection, self.noun, self.labelled(columns), conditions, order, request)
