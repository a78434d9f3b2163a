"""Lists of object versions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection

from db.bounded_pages import bounded
from db.objects.lists import select_by_ref
from db.objects.reads import (
    COLUMNS,
    EVERY_OBJECT,
    FIELDS,
    TIEBREAK,
    ObjectFilter,
    labelled,
    object_conditions,
)
from db.objects.tables import objects
from db.pages import Page, PageRequest, select_count, select_page
from db.query.order import Direction, Order, compile_order
from resolvers.calls.pages import check_filter
from resolvers.context import Context
from resolvers.queries import refusing_queries

__all__ = ["ObjectList", "objects_count", "objects_list"]


@dataclass(frozen=True, slots=True)
class ObjectList:
    """Which versions of a project, in which order; the default is oldest first."""

    project: str
    filter: ObjectFilter = EVERY_OBJECT
    sorts: Sequence[tuple[str, Direction]] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a filter that is too long."""
        check_filter(self.filter)
        return [objects.c.project_id == self.project, *object_conditions(self.filter)]

    def order(self) -> Order:
        """In SQL. Raises a Refusal for a field that versions are not ordered by."""
        with refusing_queries("orderBy"):
            return compile_order(self.sorts, FIELDS, TIEBREAK)


async def objects_list(context: Context, chosen: ObjectList, request: PageRequest, columns: frozenset[str]) -> Page:
    """A page of versions; where values are asked for, it is cut before they pass some megabytes."""
    context.caller.require_read(chosen.project)
    where, order = chosen.conditions(), chosen.order()

    def read(connection: Connection) -> Page:
        if "val" not in columns:
            return select_page(connection, "ObjectVersion", labelled(columns), where, order, request)
        keys = [*labelled(["ref"]), COLUMNS["size_bytes"].label("storage_size_bytes")]
        page = select_page(connection, "ObjectVersion", keys, where, order, request)
        return bounded(
            page, request, key="ref", read=lambda refs: select_by_ref(connection, chosen.project, refs, columns)
        )

    with refusing_queries("after"):
        return await context.read(read)


async def objects_count(context: Context, chosen: ObjectList, limit: int | None) -> int:
    """How many versions there are; counting stops at ``limit``."""
    context.caller.require_read(chosen.project)
    where = chosen.conditions()
    return await context.read(lambda connection: select_count(connection, where, limit))
