"""Reading the rows of a noun that a project and an id address: by id, and a page of a list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.bounded_pages import SIZE, bounded
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

    always: Sequence[str] = ()
    """What else is selected always."""

    payloads: frozenset[str] = frozenset()
    """Columns that may be large: pages with them are bounded in bytes, by the column ``storage_size_bytes``."""

    def labelled(self, columns: Collection[str]) -> list[ColumnElement[Any]]:
        """The SQL of given columns and the keys."""
        return labelled(self.columns, ("project_slug", self.key, *self.always), columns)

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
        """A page of the rows that fulfil ``conditions``; of one project, where payloads are asked for. Raises
        CursorError for a cursor that is none."""
        if self.payloads.isdisjoint(columns):
            return select_page(connection, self.noun, self.labelled(columns), conditions, order, request)
        page = select_page(connection, self.noun, self.labelled([SIZE]), conditions, order, request)
        project_id = page.rows[0].project_slug if page.rows else ""
        return bounded(page, request, key=self.key, read=lambda ids: self.by_id(connection, project_id, ids, columns))
