"""Lists of calls."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db.bounded_pages import MAX_PAGE_BYTES
from db.calls.filters import EVERY_CALL, CallFilter
from db.pages import PageRequest
from graph.calls.event_filters import EventFilterInput, EventFilters, narrowed
from graph.calls.filters import CallFilterInput, Filter, filter_of
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
from graph.fields import NEEDS, link
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.query import QueryExprInput, SortByInput
from graph.scalars import JSON, BigInt
from graph.selection import NODES, columns_of
from resolvers.calls.orders import MOST_PRICED
from resolvers.calls.pages import (
    DEFAULT_SORTS,
    NEWEST_FIRST,
    CallList,
    SiblingLists,
    calls_count,
    calls_page,
    calls_trace_bytes,
    sibling_counts,
    sibling_pages,
)
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.search.find import unsearched
from resolvers.search.terms import terms_of

if TYPE_CHECKING:
    from graph.calls.types import Call

__all__ = [
    "CallArguments",
    "CallConnection",
    "CallOrder",
    "Expand",
    "Filter",
    "MaxBytes",
    "Place",
    "Search",
    "calls_field",
    "filter_of",
]


@strawberry.type(description="A page of calls.")
class CallConnection(Connection[Annotated["Call", strawberry.lazy("graph.calls.types")]]):
    """With what can be said of all pages."""

    trace_bytes: strawberry.Private[Callable[[], Awaitable[int]]]
    unsearched_calls: strawberry.Private[Callable[[], Awaitable[int]]]

    @link("Bytes of all calls of the traces whose roots are in the list, on all pages.", weight=10)
    async def total_storage_size_bytes(self) -> BigInt:
        """Read only where it is asked for."""
        return BigInt(await self.trace_bytes())

    @link(
        "How many calls of the project `search` could not look at: nearly always 0, as it is without `search`. More, "
        "counted up to 100,000, while over 20,000 calls (or 64 MiB) that were recorded or changed are still to be read "
        "in the background. What those say is missing from this list, for as long as it takes; the ones that changed "
        "last are looked at.",
        weight=10,
    )
    async def unsearched_count(self) -> BigInt:
        """Read only where it is asked for."""
        return BigInt(await self.unsearched_calls())


@dataclass(frozen=True, slots=True)
class CallArguments:
    """The arguments that fields listing calls share."""

    first: int | None
    after: str | None
    last: int | None
    before: str | None
    offset: int | None
    filter: CallFilterInput | None
    query: QueryExprInput | None
    query_json: JSON | None
    order_by: list[SortByInput] | None
    max_bytes: BigInt | None
    expand: list[str] | None
    filters: list[EventFilterInput] | None = None
    search: Sequence[str] = ()

    def chosen(self, project: str, within: CallFilter = EVERY_CALL) -> CallList:
        """Which calls of a project, in which order."""
        return CallList(
            project,
            filter_of(self.filter),
            query=narrowed(query_argument(self.query, self.query_json), self.filters),
            sorts=sorts_argument(self.order_by) or (NEWEST_FIRST if self.search else DEFAULT_SORTS),
            within=within,
            expand=tuple(self.expand or ()),
            search=self.search,
        )

    def request(self) -> PageRequest:
        """Which page."""
        return page_request(self.first, self.after, self.last, self.before, self.offset)

    def page_bytes(self) -> int:
        """Payload bytes a page may have."""
        if self.max_bytes is not None and self.max_bytes < 1:
            raise InvalidInputError(f"maxBytes must be 1 or more, not {self.max_bytes}", ["maxBytes"])
        return min(self.max_bytes or MAX_PAGE_BYTES, MAX_PAGE_BYTES)


CallOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one the oldest first (`startedAt` "
        "ascending), of a search the newest first. Keys are `startedAt`, `endedAt`, `createdAt`, `latencyMs`, "
        "`status`, `name`, `opName`, `opShortName`, `displayName`, `kind`, `model`, `inputTokens`, `outputTokens`, "
        "`totalTokens`, `cost`, `storageSizeBytes`, `exception`, `exceptionType`, `exceptionMessage`, `callId`, "
        "`traceId`, `parentId`, `sessionId`, `threadId`, `turnId`, `datasetId`, `datapointId`, "
        "`wbUserId`, `wbRunId`, `wbRunStep`, `wbRunStepEnd`, any path below `inputs`, `output`, `attributes` or "
        "`summary` such as `inputs.model`, `feedback.[TYPE].payload.PATH`, and the fields of `EventFilterInput.field` "
        "as `event.metrics.accuracy`. Snake case will do, too. Null comes "
        "last. `cost` is `Call.cost.total`, whatever its unit, and null without tokens: as parents recorded by the "
        "SDKs of Weave report what the calls below them used, they come before these; for the calls that spent it "
        "narrow the filter, by `kinds: [LLM]` for instance. An error (TOO_LARGE) where more than "
        f"{MOST_PRICED:,} of the listed calls report tokens."
    ),
]
MaxBytes = Annotated[
    BigInt | None,
    strawberry.argument(
        description="Where payloads are selected, cut the page before they pass this many bytes, 8 MiB at most and by "
        "default; the page then holds fewer nodes than asked for, but at least one, and `hasNextPage` is true."
    ),
]
Expand = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Paths of refs under `attributes`, `inputs` and `output`, such as `inputs.model`: a path of the "
        "query or the order that goes on below one of them is looked up in the object or table row that the ref points "
        "to, where that is of the same project. 100 at most. What is selected stays as it is; see `Call.expanded`."
    ),
]

Search = Annotated[
    str | None,
    strawberry.argument(
        description="Only calls that say this: each word of it, and each phrase in quotation marks "
        '(`timeout "connection reset"`), must occur in the name of the op, in `displayName`, or in a text or number '
        "in the inputs or the output, as a part of a longer word, too, and whatever the case of letters. Texts are "
        "searched as they read, not as JSON escapes them, each for itself; keys of objects are not searched. 20 words "
        "and phrases at most, of 1,000 characters each at most. Where none of them has three characters, only the "
        "newest 100,000 calls of the project are looked at. An empty text restricts nothing. What was acknowledged is "
        "found at once; while more than 20,000 calls (or 64 MiB) of a project wait to be read in the background, of "
        "these only those that changed last, and `unsearchedCount` says how many were not looked at. An error "
        "(NOT_CONFIGURED) where the server's setting `search` is off."
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the graph a list of calls stands: in a project, and there with a value in a column of calls, with a ref
    among their inputs (``input_ref``) or output (``output_ref``), or as items of a queue (``annotation_queue_id``).

    Lists with a column that stand below the nodes of one list are read together; ``within`` narrows each further.
    """

    project: str
    column: str | None = None
    value: str = ""
    within: CallFilter = EVERY_CALL


def calls_field(description: str, needs: Iterable[str], place: Callable[[Any], Place]) -> Any:
    """A field that lists calls, with the arguments that all of them have; ``place`` takes the row it stands below."""

    async def resolve(  # noqa: PLR0917 - one for each argument of the field
        row: strawberry.Parent[Any],
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
    ) -> CallConnection:
        terms = terms_of(context_of(info), search)
        arguments = CallArguments(
            first, after, last, before, offset, filter, query, query_json, order_by, max_bytes, expand, filters, terms
        )
        return await connect_calls(info, place(row), arguments)

    return strawberry.field(resolver=resolve, description=description, metadata={NEEDS: tuple(needs)})


async def connect_calls(info: Info, place: Place, arguments: CallArguments) -> CallConnection:
    """The connection of a field that lists calls."""
    context = context_of(info)
    project = place.project

    def make() -> tuple[CallList, PageRequest]:
        return arguments.chosen(project, place.within), arguments.request()

    if place.column is None:
        chosen, request = make()
        return await connect(
            info,
            CallConnection,
            "Call",
            request,
            read=lambda request, columns: calls_page(context, chosen, request, columns, arguments.page_bytes()),
            count=lambda limit: calls_count(context, chosen, limit),
            trace_bytes=lambda: calls_trace_bytes(context, chosen),
            unsearched_calls=lambda: _unsearched(context, chosen),
        )

    column, value = place.column, place.value
    lists = shared_by_siblings(
        info, lambda: SiblingLists(*_with_column(make(), column), columns_of(info, "Call", NODES))
    )
    narrowed = replace(lists.chosen, project=project, within=_narrowed(lists.chosen.within, column, value))
    return await connect_siblings(
        info,
        CallConnection,
        "Call",
        (project, value),
        lists=lists,
        pages=sibling_pages,
        counts=sibling_counts,
        trace_bytes=lambda: calls_trace_bytes(context, narrowed),
        unsearched_calls=lambda: _unsearched(context, narrowed),
    )


async def _unsearched(context: Context, chosen: CallList) -> int:
    found: int = await context.loaders.load(unsearched, chosen.project) if chosen.search else 0
    return found


def _narrowed(within: CallFilter, column: str, value: str) -> CallFilter:
    """The filter that a sibling's own value is: ``parent_id`` is filtered by ``parent_ids``."""
    narrower: dict[str, Any] = {f"{column}s": (value,)}
    return replace(within, **narrower)


def _with_column(made: tuple[CallList, PageRequest], column: str) -> tuple[CallList, str, PageRequest]:
    chosen, request = made
    return chosen, column, request
