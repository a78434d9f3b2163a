"""Reading queues: by id, lists of them, those that calls are in, and how far they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Connection

from db.pages import Page, PageRequest, select_count
from db.partitions import partition_counts, partition_pages
from db.query.order import Direction, Order, compile_order
from db.queues.items import DONE, PENDING, REMOVED, SKIPPED
from db.queues.reads import (
    QUEUE_FIELDS,
    SHOWN,
    select_queue_state_counts,
    select_queues_by_id,
    select_queues_page,
)
from db.queues.tables import queue_items, queues
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.named_filters import NamedFilter, one_of
from resolvers.queries import refusing_queries

__all__ = [
    "EVERY_QUEUE",
    "CallQueues",
    "Progress",
    "QueueFilter",
    "QueueList",
    "call_queue_counts",
    "call_queue_pages",
    "queue_progress",
    "queues_by_id",
    "queues_count",
    "queues_page",
]

Sorts = Sequence[tuple[str, Direction]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter(NamedFilter):
    """Which queues."""

    queue_ids: Sequence[str] | None = None
    enabled: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a list that is too long."""
        found = [*one_of("queue_ids", queues.c.id, self.queue_ids), *self.named(queues, QUEUE_FIELDS)]
        return found if self.enabled is None else [*found, queues.c.enabled.is_(self.enabled)]


EVERY_QUEUE = QueueFilter()
"""Leaves nothing out."""


@dataclass(frozen=True, slots=True)
class QueueList:
    """Which queues, in which order."""

    filter: QueueFilter = EVERY_QUEUE
    sorts: Sorts = ()
    """Empty for the order in which they were made."""

    def conditions(self, project: str) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a filter that cannot be."""
        return [queues.c.project_id == project, SHOWN, *self.filter.conditions()]

    def order(self) -> Order:
        """In SQL. Raises InvalidQueryError for a field that is not there."""
        with refusing_queries("orderBy"):
            return compile_order(self.sorts or [("created_at", "asc")], QUEUE_FIELDS, ["queue_id"])


async def queues_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Queues by (project, id), in the order of ``keys``; None for what is not there, deleted, or may not be seen."""
    return await read_by_key(context, keys, partial(select_queues_by_id, columns=columns))


async def queues_page(
    context: Context, project: str, chosen: QueueList, request: PageRequest, columns: Collection[str]
) -> Page:
    """A page of a project's queues."""
    context.caller.require_read(project)
    where, order = chosen.conditions(project), chosen.order()
    with refusing_queries("after"):
        return await context.read(lambda connection: select_queues_page(connection, columns, where, order, request))


async def queues_count(context: Context, project: str, chosen: QueueList, limit: int | None = None) -> int:
    """How many there are; counting stops at ``limit``."""
    context.caller.require_read(project)
    where = chosen.conditions(project)
    return await context.read(lambda connection: select_count(connection, where, limit))


@dataclass(frozen=True, slots=True, eq=False)
class CallQueues:
    """The queues that each of many calls is in; shared by siblings, told apart by identity."""

    chosen: QueueList
    request: PageRequest
    columns: frozenset[str]

    def conditions(self, project: str) -> list[ColumnElement[bool]]:
        """In SQL, over queues and their items."""
        i = queue_items.c
        return [
            *self.chosen.conditions(project),
            i.project_id == project,
            i.queue_id == queues.c.id,
            i.state != REMOVED,
        ]


async def call_queue_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: CallQueues) -> list[Page]:
    """The page of each (project, call id): two statements a project and chunk."""
    order = lists.chosen.order()

    def read(connection: Connection, project: str, call_ids: list[str]) -> Mapping[str, Page]:
        return partition_pages(
            connection,
            call_ids,
            noun="AnnotationQueue",
            key=queue_items.c.call_id,
            row_id=queues.c.id,
            read=lambda ids: select_queues_by_id(connection, project, ids, lists.columns),
            conditions=lists.conditions(project),
            order=order,
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def call_queue_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: CallQueues) -> list[int]:
    """How many queues each (project, call id) is in: one statement a project and chunk."""

    def read(connection: Connection, project: str, call_ids: list[str]) -> Mapping[str, int]:
        conditions = lists.conditions(project)
        return partition_counts(connection, call_ids, key=queue_items.c.call_id, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many items of a queue are in which state."""

    total: int
    done: int
    skipped: int
    remaining: int


async def queue_progress(context: Context, keys: Sequence[tuple[str, str]]) -> list[Progress]:
    """Of each (project, queue id): one statement a project and chunk."""
    counts = await read_by_key(context, keys, select_queue_state_counts)
    return [_progress(found or {}) for found in counts]


def _progress(counts: Mapping[str, int]) -> Progress:
    done, skipped, pending = (counts.get(state, 0) for state in (DONE, SKIPPED, PENDING))
    return Progress(done + skipped + pending, done, skipped, pending)
