"""Reading the items of queues: by queue and call, and lists of them, below queues and below calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from sqlalchemy import ColumnElement, Connection

from db.pages import Page, PageRequest
from db.partitions import partition_counts, partition_pages
from db.query.order import Direction, Order, compile_order
from db.queues.items import ITEM_FIELDS, ITEM_SHOWN, select_items_by_id, select_items_by_key
from db.queues.tables import queue_items
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.queries import refusing_queries

__all__ = ["ItemList", "ItemLists", "item_counts", "item_pages", "items_by_key"]

Sorts = Sequence[tuple[str, Direction]]


@dataclass(frozen=True, slots=True)
class ItemList:
    """Which items, in which order."""

    states: Sequence[str] = ()
    """Empty for any."""

    automatic: bool | None = None
    sorts: Sorts = ()
    """Empty for the order in which they were added."""

    def conditions(self, project: str) -> list[ColumnElement[bool]]:
        """In SQL."""
        c = queue_items.c
        found = [c.project_id == project, ITEM_SHOWN]
        if self.states:
            found.append(c.state.in_(self.states))
        if self.automatic is not None:
            found.append(c.automatic.is_(self.automatic))
        return found

    def order(self) -> Order:
        """In SQL. Raises InvalidQueryError for a field that is not there."""
        with refusing_queries("orderBy"):
            return compile_order(self.sorts or [("position", "asc")], ITEM_FIELDS, ["queue_id", "call_id"])


@dataclass(frozen=True, slots=True, eq=False)
class ItemLists:
    """The items of each of many queues, or of many calls; shared by siblings, told apart by identity."""

    chosen: ItemList
    by: Literal["queue_id", "call_id"]
    request: PageRequest
    columns: frozenset[str]


async def items_by_key(
    context: Context, keys: Sequence[tuple[str, tuple[str, str]]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Items by (project, (queue id, call id)), in the order of ``keys``; None for what is not there, or may not be
    seen."""
    return await read_by_key(context, keys, partial(select_items_by_key, columns=columns))


async def item_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: ItemLists) -> list[Page]:
    """The page of each (project, queue or call id): two statements a project and chunk."""
    order = lists.chosen.order()

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, Page]:
        return partition_pages(
            connection,
            values,
            noun="AnnotationQueueItem",
            key=queue_items.c[lists.by],
            row_id=queue_items.c.id,
            read=lambda ids: select_items_by_id(connection, project, ids, lists.columns),
            conditions=lists.chosen.conditions(project),
            order=order,
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def item_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: ItemLists) -> list[int]:
    """How many items each (project, queue or call id) has: one statement a project and chunk."""

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, int]:
        conditions = lists.chosen.conditions(project)
        return partition_counts(connection, values, key=queue_items.c[lists.by], conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]
