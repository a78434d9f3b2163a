"""Facets of calls, and the JSON paths that occur in them."""

from enum import Enum
from typing import Annotated, cast

import strawberry

from graph.calls.filters import Filter, call_list
from graph.context import Info, context_of
from graph.enums import described_enum
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.queries import Query, QueryJson
from graph.scalars import BigInt
from resolvers.calls.facets import JsonType, call_facets
from resolvers.calls.paths import payload_paths

__all__ = ["ProjectFacets"]


described_enum(
    JsonType,
    name="JsonType",
    description="What a JSON value is. Values may be added.",
    values={
        "STRING": "A text.",
        "NUMBER": "A number.",
        "BOOLEAN": "True or false.",
        "OBJECT": "An object.",
        "ARRAY": "A list.",
        "NULL": "Null.",
    },
)


class CallPayload(Enum):
    ATTRIBUTES = "attributes"
    INPUTS = "inputs"
    OUTPUT = "output"
    SUMMARY = "summary"


described_enum(
    CallPayload,
    name="CallPayload",
    description="A JSON part of a call.",
    values={
        "ATTRIBUTES": "`Call.attributes`.",
        "INPUTS": "`Call.inputs`.",
        "OUTPUT": "`Call.output`.",
        "SUMMARY": "`Call.summary`.",
    },
)


@strawberry.type(description="A value, and how many calls have it.")
class FacetValue:
    """``resolvers.calls.facets.FacetValue``."""

    value: str = column(
        "The value as text, cut after 500 characters: a string as it is, all else as compact JSON. A field that is an "
        "enum, such as `status`, as the enum spells it."
    )

    type: JsonType = column("What it is in JSON: `1` the number and `1` the string are two values.")
    count: BigInt = column("How many of the calls looked at have it.")


@strawberry.type(description="The most frequent values of a field among calls.")
class Facet:
    """``resolvers.calls.facets.Facet``."""

    field: str = column("The field, as it was asked for.")
    values: list[FacetValue] = column("The most frequent values, the most frequent first, then by their text.")
    missing: BigInt = column("How many of the calls looked at have no value there, or null.")
    other_count: BigInt = column("How many of the calls looked at have a value that is not listed.")
    distinct_count: BigInt = column("How many different values there are, those that are not listed too.")
    scanned: BigInt = column("How many calls were looked at.")
    complete: bool = column(
        "Whether these are all that the filter and the query let in. False for a JSON path where there are more than "
        "`scan`, or where the newest ones hold more than 256 MiB: then the newest were looked at."
    )


@strawberry.type(description="A type of values, and how many calls have one of it.")
class JsonTypeCount:
    """``resolvers.calls.paths.TypeCount``."""

    type: JsonType = column("The type.")
    count: BigInt = column("How many calls.")


@strawberry.type(description="A JSON path that occurs in calls.")
class JsonPath:
    """``resolvers.calls.paths.JsonPath``."""

    path: str = column(
        "The path as queries, orders and facets take it: `inputs.messages.0.role`. Of a list the first item alone is "
        "looked into."
    )
    count: BigInt = column("How many of the calls looked at have it, with null as well.")
    types: list[JsonTypeCount] = column("What they have there, the most frequent type first; at most 6.")


@strawberry.type(description="The JSON paths that occur in a part of calls.")
class JsonPaths:
    """``resolvers.calls.paths.PayloadPaths``."""

    paths: list[JsonPath] = column("The paths, the most frequent first, then by their text; at most `first`.")
    scanned: BigInt = column("How many calls were looked into.")
    skipped: BigInt = column("How many were passed over since their payloads are larger than 1 MiB.")
    cut: bool = column("Whether there are paths that are not listed.")


FacetFields = Annotated[
    list[str],
    strawberry.argument(
        description="From 1 to 20 fields or JSON paths. Fields: `status`, `model`, `kind`, `op` (without its version), "
        "`opName`, `name`, `displayName`, `user`, `traceId`, `parentId`, `sessionId`, `threadId`, `turnId`, `wbRunId`, "
        "`wbRunStep`, `exception`, `startedAt`, `endedAt`, `createdAt`, `latencyMs`, `inputTokens`, `outputTokens`, "
        "`totalTokens`, `storageSizeBytes`. Paths: below `attributes`, `inputs`, `output` and `summary`, such as "
        "`attributes.env` or `inputs.messages.0.role`. Feedback: `feedback.[TYPE].payload.PATH` of the newest of that "
        "type on each call, such as `feedback.[wandb.reaction.1].payload.emoji`; `feedback.[*]` is of any type."
    ),
]
FacetSize = Annotated[int, strawberry.argument(description="How many values to list for each field, 1 to 100.")]
FacetScan = Annotated[
    int,
    strawberry.argument(
        description="How many calls to look into for JSON paths, the newest, 1 to 100,000. Other fields are counted "
        "over all calls."
    ),
]
Payload = Annotated[CallPayload, strawberry.argument(description="Which part of the calls.")]
PathsSize = Annotated[int, strawberry.argument(description="How many paths to list, 1 to 1,000.")]
PathsScan = Annotated[int, strawberry.argument(description="How many calls to look into, the newest, 1 to 10,000.")]


@strawberry.type
class ProjectFacets(ProjectPart):
    """The part of Project about what its calls hold."""

    @link(
        "The most frequent values of fields and JSON paths among its calls, with how many calls have each; in the "
        "order of `fields`.",
        needs=("slug",),
    )
    async def facets(
        self,
        info: Info,
        fields: FacetFields,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        first: FacetSize = 10,
        scan: FacetScan = 10_000,
    ) -> list[Facet]:
        """A statement a field."""
        chosen = call_list(self.slug, filter, query, query_json)
        return cast("list[Facet]", await call_facets(context_of(info), chosen, fields, first, scan))

    @link(
        "The JSON paths that occur in its newest calls, with the types of what is there: what can be queried.",
        needs=("slug",),
    )
    async def attribute_paths(
        self,
        info: Info,
        of: Payload = CallPayload.ATTRIBUTES,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        first: PathsSize = 100,
        scan: PathsScan = 1_000,
    ) -> JsonPaths:
        """Read some megabytes at a time."""
        chosen = call_list(self.slug, filter, query, query_json)
        return cast("JsonPaths", await payload_paths(context_of(info), chosen, of.value, first, scan))
