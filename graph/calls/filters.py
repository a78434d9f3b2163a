"""The typed filter of calls."""

from dataclasses import fields as dataclass_fields
from enum import Enum
from typing import Annotated, Any

import strawberry

from db.calls.filters import EVERY_CALL, CallFilter
from graph.calls.enums import CallKind, CallStatus
from graph.fields import column
from graph.queries import query_argument
from graph.query import QueryExprInput
from graph.scalars import JSON, BigInt, DateTime
from resolvers.calls.pages import CallList

__all__ = ["CallFilterInput", "Filter", "call_list", "filter_of"]


@strawberry.input(
    description="Which calls. All fields that are set must hold; of a list one value must. A field that is null, left "
    "out or an empty list restricts nothing. Lists hold at most 1,000 values, which are compared exactly, upper and "
    "lower case told apart. What is not here, such as values in the inputs, is asked for by `query`."
)
class CallFilterInput:
    """``db.calls.filters.CallFilter``, field for field."""

    ops: list[str] | None = column(
        "Names of ops, as `Call.opShortName` has them: `answer` finds the calls of all versions of that op. A full "
        "`opName` will do as well.",
        default=None,
    )
    op_names: list[str] | None = column(
        "`Call.opName` exactly, which often is a ref of one version: `weave:///team/app/op/answer:DIGEST`; `:*` at the "
        "end is any version. For readable names see `ops`.",
        default=None,
    )
    display_names: list[str] | None = column("`Call.displayName` exactly.", default=None)
    statuses: list[CallStatus] | None = column(
        "How they stand. `[ERROR, DESCENDANT_ERROR]` are those that failed, or had something fail below them.",
        default=None,
    )
    kinds: list[CallKind] | None = column("What sort of step they are.", default=None)
    models: list[str] | None = column(
        "`Call.model` exactly: the model they reported usage of, where it is one, else the one they asked for; so "
        "calls that failed before they used any are found, too.",
        default=None,
    )
    started_after: DateTime | None = column("Started at this time or later (inclusive).", default=None)
    started_before: DateTime | None = column("Started before this time (exclusive).", default=None)
    ended_after: DateTime | None = column("Ended at this time or later (inclusive); none that runs.", default=None)
    ended_before: DateTime | None = column("Ended before this time (exclusive); none that runs.", default=None)
    min_latency_ms: float | None = column(
        "`Call.latencyMs` is at least this (inclusive), in milliseconds; none that runs.", default=None
    )
    max_latency_ms: float | None = column(
        "`Call.latencyMs` is at most this (inclusive), in milliseconds; none that runs.", default=None
    )
    min_total_tokens: BigInt | None = column(
        "`Call.usage.totalTokens` is at least this (inclusive); none without usage.", default=None
    )
    exception_types: list[str] | None = column(
        "`Call.exceptionType` exactly, with its module where it has one: `TimeoutError`, `httpx.ReadTimeout`.",
        default=None,
    )
    exception_contains: str | None = column(
        "They ended with an exception that has this text in it, whatever the case of letters; an empty text finds any "
        "exception.",
        default=None,
    )
    is_root: bool | None = column(
        "True: only calls without a parent, as `traceRootsOnly` says, too. False: only calls with one.", default=None
    )
    parent_ids: list[str] | None = column("Ids of parents.", default=None)
    trace_ids: list[str] | None = column("Ids of traces.", default=None)
    call_ids: list[str] | None = column("Ids of calls.", default=None)
    thread_ids: list[str] | None = column("Ids of threads.", default=None)
    turn_ids: list[str] | None = column("Ids of turns.", default=None)
    session_ids: list[str] | None = column("Ids of sessions.", default=None)
    dataset_ids: list[str] | None = column("Ids of the datasets that they were made for in experiments.", default=None)
    datapoint_ids: list[str] | None = column(
        "Ids of the datapoints that they were made for in experiments.", default=None
    )
    input_refs: list[str] | None = column(
        "Refs that the inputs hold, or refs to places inside them; `:*` at the end is any version.", default=None
    )
    output_refs: list[str] | None = column("The same of the output.", default=None)
    wb_user_ids: list[str] | None = column("Ids of the users in whose name they were recorded.", default=None)
    wb_run_ids: list[str] | None = column("Ids of W&B runs.", default=None)
    experiment_ids: list[str] | None = column(
        "Ids of experiments that they belong to, as `Experiment.calls` has them: recorded in the run, named by it, "
        "of a session that it names, or part of its evaluation.",
        default=None,
    )
    annotation_queue_ids: list[str] | None = column(
        "Ids of annotation queues: calls that are items of one of them, whatever their state there.", default=None
    )
    trace_roots_only: bool | None = column(
        "True is the same as `isRoot: true`, which is to be preferred; false restricts nothing. It is here because "
        "REST has it.",
        default=None,
    )
    turns_only: bool | None = column(
        "Only turns: the outermost call of each turn of a thread; false restricts nothing.", default=None
    )


def filter_of(value: CallFilterInput | None) -> CallFilter:
    """The input as the domain's filter."""
    if value is None:
        return EVERY_CALL
    return CallFilter(**{field.name: _plain(getattr(value, field.name)) for field in dataclass_fields(CallFilter)})


Filter = Annotated[CallFilterInput | None, strawberry.argument(description="Which calls, by their common fields.")]


def call_list(
    project: str, filter: CallFilterInput | None, query: QueryExprInput | None, query_json: JSON | None
) -> CallList:
    """The calls of a project that arguments ask for; raises InvalidQueryError for a query that cannot be read."""
    return CallList(project, filter_of(filter), query=query_argument(query, query_json))


def _plain(value: Any) -> Any:
    """Members of enums as the values that are stored."""
    return [item.value if isinstance(item, Enum) else item for item in value] if isinstance(value, list) else value
