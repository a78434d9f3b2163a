"""Lists of feedback: queried, ordered, paged, counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection

from db.feedback import feedback, select_feedback_by_id, select_feedback_page
from db.feedback_fields import FEEDBACK_FIELDS
from db.feedback_filters import EVERY_FEEDBACK, FeedbackFilter, feedback_conditions
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
    "FeedbackList",
    "TargetLists",
    "feedback_count",
    "feedback_page",
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


@dataclass(frozen=True, slots=True, eq=False)
class TargetLists:
    """The lists of feedback on each of many targets, alike but for the target.

    Shared by the siblings, and told apart by identity: a loader batches what asks with the same one.
    """

    chosen: FeedbackList
    request: PageRequest
    columns: frozenset[str]


async def target_feedback_pages(context: Context, keys: Sequence[tuple[str, str]], *, lists: TargetLists) -> list[Page]:
    """The page of each (project, target ref): two statements a project and chunk."""
    order = lists.chosen.order()

    def read(connection: Connection, project: str, refs: list[str]) -> Mapping[str, Page]:
        return partition_pages(
            connection,
            refs,
            noun="Feedback",
            key=feedback.c.target_ref,
            row_id=feedback.c.id,
            read=lambda ids: select_feedback_by_id(connection, project, ids, lists.columns),
            conditions=lists.chosen.conditions(project),
            order=order,
            request=lists.request,
        )

    with refusing_queries("after"):
        return [page or Page.empty() for page in await read_by_key(context, keys, read)]


async def target_feedback_counts(context: Context, keys: Sequence[tuple[str, str]], *, lists: TargetLists) -> list[int]:
    """How much feedback each (project, target ref) has: one statement a project and chunk."""

    def read(connection: Connection, project: str, refs: list[str]) -> Mapping[str, int]:
        conditions = lists.chosen.conditions(project)
        return partition_counts(connection, refs, key=feedback.c.target_ref, conditions=conditions)

    return [count or 0 for count in await read_by_key(context, keys, read)]
