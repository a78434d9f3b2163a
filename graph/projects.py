"""Projects: where all reading begins."""

from typing import Annotated, Any, cast

import strawberry

from db.project_lists import ProjectFilter
from graph.calls.connection import Place, calls_field
from graph.calls.event_schema import ProjectEventSchema
from graph.calls.facets import ProjectFacets
from graph.calls.stats import ProjectCallStats
from graph.calls.types import Call
from graph.changes import ProjectChanges
from graph.configurations.project import ProjectConfigurations
from graph.connections import After, Before, Connection, First, Last, connect, page_request
from graph.context import Info, context_of
from graph.datapoints.project import ProjectDatapoints
from graph.datasets.project import ProjectDatasets
from graph.evaluations import ProjectEvaluations
from graph.experiments.comparison import ProjectComparisons
from graph.experiments.project import ProjectExperiments
from graph.feedback.connection import FeedbackPlace, feedback_field
from graph.feedback.project import ProjectFeedbackItem
from graph.feedback.stats import ProjectFeedbackStats
from graph.fields import column, link
from graph.files.project import ProjectFiles
from graph.group_inputs import SessionFilterInput, TraceFilterInput
from graph.groups import GroupPlace, groups_field, load_group
from graph.metrics.project import ProjectMetrics
from graph.nodes import TracegraphNode, is_row_of
from graph.objects.project import ProjectObjects
from graph.ops import ProjectOps
from graph.prices.project import ProjectPrices
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.queues.project import ProjectQueues
from graph.rows import load_row
from graph.scalars import DateTime
from graph.selection import columns_of
from graph.sessions import Session
from graph.stats import ProjectStatsField
from graph.subjects.types import ProjectConnection
from graph.tables.project import ProjectTables
from graph.threads import ProjectThreads, Thread
from graph.traces import Trace
from graph.users import ProjectUsers
from resolvers.calls.read import calls_by_id
from resolvers.groups import SESSIONS, THREADS, TRACES
from resolvers.project_lists import ProjectList, projects_count, projects_page
from resolvers.projects import projects_by_slug, unwritten_project

__all__ = ["Project", "ProjectQueries"]


Slug = Annotated[str, strawberry.argument(description="`entity/name`.")]
CallId = Annotated[str, strawberry.argument(description="`Call.callId`.")]
TraceId = Annotated[str, strawberry.argument(description="`Trace.traceId`.")]
SessionId = Annotated[str, strawberry.argument(description="`Session.sessionId`.")]
ThreadId = Annotated[str, strawberry.argument(description="`Thread.threadId`.")]
Unwritten = Annotated[
    bool,
    strawberry.argument(description="Where nothing was ever written to it, give an empty project in place of null."),
]


@strawberry.federation.type(
    keys=["id", "slug"],
    description="A project: everything that is recorded belongs to one. Its lists are never null, so an argument of "
    "one of them that is refused (an unknown field, a cursor of another order) makes the whole project null, and "
    "`errors` says which list it was, by `path`, and which argument, by `extensions.field`. To have the rest "
    "nevertheless, ask under an alias of the project for each list, or in operations of their own.",
)
class Project(
    ProjectCallStats,
    ProjectConfigurations,
    ProjectFacets,
    ProjectFeedbackItem,
    ProjectChanges,
    ProjectComparisons,
    ProjectDatapoints,
    ProjectDatasets,
    ProjectFeedbackStats,
    ProjectFiles,
    ProjectMetrics,
    ProjectObjects,
    ProjectOps,
    ProjectPrices,
    ProjectQueues,
    ProjectStatsField,
    ProjectTables,
    ProjectThreads,
    ProjectUsers,
    ProjectEvaluations,
    ProjectEventSchema,
    ProjectExperiments,
    TracegraphNode,
):
    """Rows of ``db.projects``."""

    is_type_of = is_row_of("Project")

    slug: str = column("Its name with its entity, `entity/name`. Case-sensitive, never changed.")
    created_at: DateTime | None = column("When something was first written to it; null where nothing was.")

    @link("The part of the slug after the slash.", needs=("slug",))
    def name(self) -> str:
        """Without the entity."""
        return self.slug.partition("/")[2]

    calls = calls_field(
        "Its calls, by default the oldest first: `last: 10` gives the newest ten, as does `first: 10` ordered by "
        "`startedAt` `DESC`, newest first.",
        needs=("slug",),
        place=lambda project: Place(project.slug),
    )

    feedback = feedback_field("Its feedback.", needs=("slug",), place=lambda project: FeedbackPlace(project.slug))

    @link("One call by its id; null where there is none.", needs=("slug",))
    async def call(self, info: Info, call_id: CallId) -> Call | None:
        """By the loader of calls."""
        return await load_row(info, calls_by_id, (self.slug, call_id), Call)

    @link("One trace by its id; null where no call of it is shown.", needs=("slug",))
    async def trace(self, info: Info, trace_id: TraceId) -> Trace | None:
        """By the loader of groups."""
        return await load_group(info, Trace, TRACES, self.slug, trace_id)

    @link("One session by its id; null where no call of it is shown.", needs=("slug",))
    async def session(self, info: Info, session_id: SessionId) -> Session | None:
        """By the loader of groups."""
        return await load_group(info, Session, SESSIONS, self.slug, session_id)

    @link("One thread by its id; null where no call of it is shown.", needs=("slug",))
    async def thread(self, info: Info, thread_id: ThreadId) -> Thread | None:
        """By the loader of groups."""
        return await load_group(info, Thread, THREADS, self.slug, thread_id)

    traces = groups_field(
        "Its traces, by default newest first.",
        Connection[Trace],
        TRACES,
        TraceFilterInput,
        needs=("slug",),
        place=lambda project: GroupPlace(project.slug),
    )

    sessions = groups_field(
        "Its sessions, by default newest first.",
        Connection[Session],
        SESSIONS,
        SessionFilterInput,
        needs=("slug",),
        place=lambda project: GroupPlace(project.slug),
    )


@strawberry.input(description="Which projects: all fields that are set must hold; null restricts nothing.")
class ProjectFilterInput:
    """``db.project_lists.ProjectFilter``."""

    entity: str | None = column("The part of the slug before the slash, exactly.", default=None)
    slug_prefix: str | None = column("How the slug begins: `team/chat`.", default=None)
    name_contains: str | None = column(
        "What the part of the slug after the slash has in it, whatever the case of letters.", default=None
    )

    def to_filter(self) -> ProjectFilter:
        """The domain's filter."""
        return ProjectFilter(self.entity, self.slug_prefix, self.name_contains)


ProjectsFilter = Annotated[ProjectFilterInput | None, strawberry.argument(description="Which projects.")]
ProjectOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, by `slug` or `createdAt`; without one by `slug`, ascending. `createdAt` `DESC` has the "
        "project first that something was first written to last."
    ),
]


_NAME = frozenset({"slug"})


@strawberry.type
class ProjectQueries:
    """The part of Query about projects."""

    @strawberry.field(description="A project by its slug, `entity/name`; null where nothing was ever written to it.")
    async def project(self, info: Info, slug: Slug, unwritten: Unwritten = False) -> Project | None:
        """By the loader of projects; not read where the name alone is needed and null is no answer."""
        context = context_of(info)
        if unwritten and columns_of(info, Project) <= _NAME:
            return cast("Project", unwritten_project(context, slug))
        row: Any = await context.loaders.load(projects_by_slug, slug)
        if row is None and unwritten:
            row = unwritten_project(context, slug)
        return cast("Project | None", row)  # rows stand for their types

    @strawberry.field(description="The projects that the caller may read, by default in the order of their slugs.")
    async def projects(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: ProjectsFilter = None,
        order_by: ProjectOrder = None,
    ) -> ProjectConnection:
        """A page of slugs."""
        context = context_of(info)
        chosen = ProjectList(filter.to_filter() if filter else ProjectFilter(), sorts_argument(order_by))
        return await connect(
            info,
            ProjectConnection,
            Project,
            page_request(first, after, last, before),
            read=lambda request, _: projects_page(context, chosen, request),
            count=lambda limit: projects_count(context, chosen, limit),
        )
