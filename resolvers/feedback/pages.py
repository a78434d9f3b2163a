"""Lists of feedback: queried, ordered, paged, counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection

from db.feedback import feedback, select_feedback_by_id, select_feedback_page
from db.feedback_fields import FEEDBACK_FIELDS
from db.feedback_filters import EVERY_FEEDBACK, FeedbackFilter, feedback_conditions
from db.id_lists import among
from db.pages import Page, PageRequest, select_count
from db.partitions import partition_counts, partition_pages
from db.query.compile import compile_query
from db.query.expression import Expression
from db.query.order import Direction, Order, compile_order
from resolvers.batches import read_by_key
from resolvers.calls.pages import check_filter
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries

__all__ = [
    "Below",
    "FeedbackList",
    "TargetLists",
    "feedback_count",
    "feedback_page",
    "item_key",
    "target_feedback_counts",
    "target_feedback_pages",
]

Sorts = Sequence[tuple[str, Direction]]
DEFAULT_SORTS: Sorts = (("created_at", "asc"),)


@dataclass(frozen=True, slots=True)
class FeedbackList:
    """Which feedback, in which order."""

    query: Expression | None = None
    sorts: Sorts = DEFAULT_SORTS
    filter: FeedbackFilter = EVERY_FEEDBACK

    def conditions(self, project: str) -> list[ColumnElement[bool]]:
        """In SQL, within ``project``. Raises InvalidInputError for a filter or a query that cannot be."""
        check_filter(self.filter)
        found: list[ColumnElement[bool]] = [feedback.c.project_id == project, *feedback_conditions(self.filter)]
        if self.query is not None:
            with refusing_queries("query", InvalidInputError):
                found.append(compile_query(self.query, FEEDBACK_FIELDS))
        return found

    def order(self, tiebreak: Sequence[str] = ("id",)) -> Order:
        """In SQL. Raises InvalidQueryError for a field that is not there."""
        with refusing_queries("orderBy", InvalidInputError):
            return compile_order(self.sorts or DEFAULT_SORTS, FEEDBACK_FIELDS, tiebreak)


async def feedback_page(
    context: Context, project: str, chosen: FeedbackList, request: PageRequest, columns: Collection[str]
) -> Page:
    """A page of feedback; cut short where payloads are asked for and would make it large."""
    context.caller.require_read(project)
    where, order = chosen.conditions(project), chosen.order()
    with refusing_queries("after"):
        return await context.read(lambda connection: select_feedback_page(connection, columns, where, order, request))


async def feedback_count(context: Context, project: str, chosen: FeedbackList, limit: int | None = None) -> int:
    """How much feedback there is; counting stops at ``limit``."""
    context.caller.require_read(project)
    where = chosen.conditions(project)
    return await context.read(lambda connection: select_count(connection, where, limit))


Below = Literal["target_ref", "queue_id", "item"]
"""What lists of feedback stand below: a target by its ref, a queue by its id, or an item of a queue by ``item_key``."""

_ITEM = "/"


def item_key(queue_id: str, target_ref: str) -> str:
    """What the feedback on a call that was given through a queue has in common."""
    return f"{queue_id}{_ITEM}{target_ref}"


@dataclass(frozen=True, slots=True, eq=False)
class TargetLists:
    """The lists of feedback below each of many nodes, alike but for the node.

    Shared by the siblings, and told apart by identity: a loader batches what asks with the same one.
    """

    chosen: FeedbackList
    below: Below
    request: PageRequest
    columns: frozenset[str]

    @property
    def key(self) -> ColumnElement[str]:
        """What tells the lists apart, in SQL."""
        c = feedback.c
        return c.queue_id + _ITEM + c.target_ref if self.below == "item" else c[self.below]

    def conditions(self, project: str, keys: Sequence[str]) -> list[ColumnElement[bool]]:
        """In SQL, beside that the key is one of ``keys``."""
        found = self.chosen.conditions(project)
        if self.below == "item":  # an index finds them by the ref
            found.append(among(feedback.c.target_ref, {key.partition(_ITEM)[2] for key in keys}))
        return found


async def target_feedback_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: TargetLists) -> list[Page]:
    """The page of each (project, value of the key): two statements a project and chunk."""
    order = lists.chosen.order()

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, Page]:
        return partition_pages(
            connection,
            values,
            noun="Feedback",
            key=lists.key,
            row_id=feedback.c.id,
            read=lambda ids: select_feedback_by_id(connection, project, ids, lists.columns),
            conditions=lists.conditions(project, values),
            order=order,
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def target_feedback_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: TargetLists) -> list[int]:
    """How much feedback each (project, value of the key) has: one statement a project and chunk."""

    def read(connection: Connection, project: str, values: list[str]) -> Mapping[str, int]:
        conditions = lists.conditions(project, values)
        return partition_counts(connection, values, key=lists.key, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]
