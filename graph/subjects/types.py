"""What all types of subjects have: the fields that are worked out of the calls that name one."""

from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import strawberry

from db.groups import Grouping
from db.subjects import Subject
from graph.calls.connection import CallArguments, CallConnection, CallOrder, Expand, Filter, MaxBytes, Search
from graph.calls.event_filters import EventFilters
from graph.calls.totals import CostTotal, UsageTotal, usage_total
from graph.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    connect,
    connect_siblings,
    page_request,
    shared_by_siblings,
)
from graph.context import Info, context_of
from graph.fields import link
from graph.queries import Query, QueryJson
from graph.scalars import BigInt, DateTime
from graph.selection import NODES, columns_of
from graph.sessions import Session
from graph.threads import Thread
from graph.traces import Trace
from resolvers.groups import SESSIONS, THREADS, TRACES
from resolvers.search.terms import terms_of
from resolvers.subjects.pages import (
    SubjectCalls,
    SubjectGroups,
    subject_list_counts,
    subject_list_pages,
    subject_trace_bytes,
    subject_unsearched,
)
from resolvers.subjects.places import Key, calls_of, chosen_project
from resolvers.subjects.projects import subject_project_count, subject_project_pages
from resolvers.subjects.read import Totals, subject_totals
from resolvers.subjects.usage import MOST_CALLS, SubjectUsage, subject_usage

if TYPE_CHECKING:
    from graph.projects import Project

__all__ = ["InProject", "ProjectConnection", "SubjectFields", "SubjectRow", "key_of"]

G = TypeVar("G")

InProject = Annotated[
    str | None,
    strawberry.argument(
        description="Slug of the one project that counts, `entity/name`. Without it, that is the project in which this "
        "was reached; where it was reached in none (`Query`, or as an entity), all projects that you may read count."
    ),
]


@strawberry.type(description="A page of projects.")
class ProjectConnection(Connection[Annotated["Project", strawberry.lazy("graph.projects")]]):
    """Nothing beside the page."""


class SubjectRow:
    """The columns of a subject's row (``resolvers.subjects.read.subject_row``)."""

    id: str
    project_slug: str | None
    subject: Subject


def key_of(info: Info, row: Any, project: str | None) -> Key:
    """The subject of ``row`` in the project that the argument asks for."""
    return chosen_project(context_of(info).caller, row.project_slug, project), row.id


async def totals_of(info: Info, row: Any, project: str | None) -> Totals:
    """By a loader: one statement a project for all subjects and totals of a list."""
    subject: Subject = row.subject
    key = key_of(info, row, project)
    found: Totals = await context_of(info).loaders.load(subject_totals, key, subject=subject, find=calls_of(subject))
    return found


async def _usage_of(info: Info, row: Any, project: str | None) -> SubjectUsage:
    """By a loader."""
    subject: Subject = row.subject
    key = key_of(info, row, project)
    found: SubjectUsage = await context_of(info).loaders.load(
        subject_usage, key, subject=subject, find=calls_of(subject)
    )
    return found


@strawberry.type
class SubjectFields(SubjectRow):
    """The fields of a subject. Rows of ``resolvers.subjects.read``."""

    @link("How many calls name it.")
    async def call_count(self, info: Info, project: InProject = None) -> BigInt:
        """One of the totals."""
        return BigInt((await totals_of(info, self, project)).call_count)

    @link("How many of these calls ended with an exception.")
    async def error_count(self, info: Info, project: InProject = None) -> BigInt:
        """One of the totals."""
        return BigInt((await totals_of(info, self, project)).error_count)

    @link("When the first of these calls began; null where there are none.")
    async def first_seen(self, info: Info, project: InProject = None) -> DateTime | None:
        """One of the totals."""
        found = (await totals_of(info, self, project)).first_seen
        return None if found is None else DateTime(found)

    @link("When the latest of these calls began; null where there are none.")
    async def last_seen(self, info: Info, project: InProject = None) -> DateTime | None:
        """One of the totals."""
        found = (await totals_of(info, self, project)).last_seen
        return None if found is None else DateTime(found)

    @link(
        "Tokens that these calls and all calls below them in their traces used, each counted once, however many "
        f"parents report it again; null where none was counted. An error past {MOST_CALLS:,} calls of a project."
    )
    async def usage(self, info: Info, project: InProject = None) -> UsageTotal | None:
        """By a loader: a few statements a project for all subjects of a list."""
        return usage_total((await _usage_of(info, self, project)).usage)

    @link("What `usage` cost, by each call's project and start; null where no model of it has a price.")
    async def cost(self, info: Info, project: InProject = None) -> CostTotal | None:
        """By the same loader."""
        return cast("CostTotal | None", (await _usage_of(info, self, project)).cost)

    @link("The calls that name it, by default oldest first. Over several projects they are in one common order.")
    async def calls(  # noqa: PLR0917 - one for each argument of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        order_by: CallOrder = None,
        offset: Offset = None,
        max_bytes: MaxBytes = None,
        expand: Expand = None,
        filters: EventFilters = None,
        search: Search = None,
        project: InProject = None,
    ) -> CallConnection:
        """By a loader: all subjects of a list together."""
        terms = terms_of(context_of(info), search)
        arguments = CallArguments(
            first, after, last, before, offset, filter, query, query_json, order_by, max_bytes, expand, filters, terms
        )
        subject = self.subject
        lists = shared_by_siblings(
            info,
            lambda: SubjectCalls(
                subject,
                calls_of(subject),
                arguments.chosen(""),
                arguments.request(),
                columns_of(info, "Call", NODES),
                arguments.page_bytes(),
            ),
        )
        context, key = context_of(info), key_of(info, self, project)
        return await connect_siblings(
            info,
            CallConnection,
            "Call",
            key,
            lists=lists,
            pages=subject_list_pages,
            counts=subject_list_counts,
            trace_bytes=lambda: subject_trace_bytes(context, key, lists=lists),
            unsearched_calls=lambda: context.loaders.load(subject_unsearched, key, lists=lists),
        )

    @link(
        "The traces with a call that names it: whole traces, those first whose first such call began last. "
        "Over several projects they are in one common order."
    )
    async def traces(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        project: InProject = None,
    ) -> Connection[Trace]:
        """By a loader."""
        return await _connect_groups(info, self, Trace, TRACES, project, first, after, last, before)

    @link("The sessions with a call that names it, ordered as `traces` are.")
    async def sessions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        project: InProject = None,
    ) -> Connection[Session]:
        """By a loader."""
        return await _connect_groups(info, self, Session, SESSIONS, project, first, after, last, before)

    @link("The threads with a call that names it, ordered as `traces` are.")
    async def threads(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        project: InProject = None,
    ) -> Connection[Thread]:
        """By a loader."""
        return await _connect_groups(info, self, Thread, THREADS, project, first, after, last, before)

    @link("The projects with calls that name it, by slug: of all that you may read, or the one it was reached in.")
    async def projects(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ProjectConnection:
        """By a loader."""
        load, key, find = context_of(info).loaders.load, key_of(info, self, None), calls_of(self.subject)
        request = page_request(first, after, last, before)
        return await connect(
            info,
            ProjectConnection,
            "Project",
            request,
            read=lambda request, _columns: load(subject_project_pages, key, find=find, request=request),
            count=lambda limit: load(subject_project_count, key, find=find, limit=limit),
        )


async def _connect_groups(
    info: Info,
    row: Any,
    type_: type[G],
    grouping: Grouping,
    project: str | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Connection[G]:
    """The connection of the groups of calls in which a subject is named."""
    subject: Subject = row.subject
    lists = shared_by_siblings(
        info,
        lambda: SubjectGroups(
            subject,
            calls_of(subject),
            grouping,
            page_request(first, after, last, before),
            columns_of(info, type_, NODES),
        ),
    )
    return await connect_siblings(
        info,
        Connection[type_],  # type: ignore[valid-type]  # a class at run time
        grouping.noun,
        key_of(info, row, project),
        lists=lists,
        pages=subject_list_pages,
        counts=subject_list_counts,
    )
