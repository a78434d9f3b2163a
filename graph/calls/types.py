"""A call and its links."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from graph.calls.children import CallChildren
from graph.calls.connection import Place, calls_field
from graph.calls.costs import CallCosts
from graph.calls.enums import CallKind, CallStatus
from graph.calls.exceptions import CallExceptions
from graph.calls.names import CallNames
from graph.calls.scores import CallScores
from graph.calls.totals import CallTotals
from graph.calls.tree import CallTree
from graph.calls.values import CallValues
from graph.context import Info, context_of
from graph.datapoints.links import CallDatapoints
from graph.experiments.links import CallExperiment
from graph.feedback.connection import FeedbackPlace, feedback_field
from graph.fields import column, link
from graph.groups import load_group
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.queues.calls import CallAnnotationQueues
from graph.refs.types import RefLink, links_of
from graph.rows import load_call, load_row
from graph.scalars import JSON, BigInt, DateTime
from graph.sessions import Session
from graph.threads import Thread
from graph.traces import Trace
from graph.users import UserLink
from resolvers.groups import SESSIONS, THREADS, TRACES
from resolvers.objects.read import objects_by_ref
from resolvers.refs import ObjectRef, is_ref, parse_ref
from resolvers.refs.expand import PAYLOADS, expanded_payloads
from resolvers.traces import trace_sizes

if TYPE_CHECKING:
    from graph.objects.types import ObjectVersion

__all__ = ["Call"]


@strawberry.type(description="Tokens that a call used, over all its models.")
class Usage:
    """Counts out of a call's summary."""

    model: str | None = column("The model, where there is one and not several.")
    input_tokens: BigInt | None = column("Tokens of prompts.")
    output_tokens: BigInt | None = column("Tokens of completions.")
    total_tokens: BigInt | None = column("All tokens.")


@strawberry.type(description="The payloads of a call.")
class CallPayloads:
    """``resolvers.refs.expand.Payloads``."""

    attributes: JSON = column("Its metadata, an object.")
    inputs: JSON = column("Its arguments, an object.")
    output: JSON | None = column("What it gave back.")
    summary: JSON | None = column("The client's own summary.")


_USAGE = ("model", "input_tokens", "output_tokens", "total_tokens")


@strawberry.federation.type(
    keys=["id", "ref", "projectSlug callId"],
    description="One step of a program: a Weave call, a HoneyHive event, an OpenTelemetry span.",
)
class Call(
    CallChildren,
    CallAnnotationQueues,
    CallCosts,
    CallDatapoints,
    CallExceptions,
    CallExperiment,
    CallNames,
    CallScores,
    CallTotals,
    CallTree,
    CallValues,
    UserLink,
    ProjectLink,
    TracegraphNode,
):
    """Rows of ``db.calls.reads``."""

    is_type_of = is_row_of("Call")

    call_id: str = column("Id within the project, as the sender made it.")
    ref: str = column("Its ref: `weave:///entity/project/call/ID`.")
    trace_id: str = column("Id of its trace.")
    parent_id: str | None = column("Id of the call that made it; null for a root.")
    session_id: str | None = column("Id of its session.")
    thread_id: str | None = column("Id of its thread.")
    turn_id: str | None = column("Id of its turn in the thread: of the turn's outermost call.")
    op_name: str = column("What was called: the ref of an op, or a name. `opShortName` is easier to read.")
    display_name: str | None = column("Name for people, given by the program or by a user.")
    kind: CallKind | None = column("What sort of step it is; null where the sender did not say.")
    model: str | None = column(
        "The model that it reports usage of, where it is one. Until it does, and where it never does since it failed: "
        "the one that it asked for, of a call with kind `LLM`, `EMBEDDING` or none, by the text at `inputs.model` or "
        "the attribute `gen_ai.request.model` or `llm.model_name`. Null where it names none or used several. "
        "`filter: {models}`, `orderBy`, `facets` and `CallStatsGroupBy.MODEL` go by this."
    )
    status: CallStatus = column("How it stands.")
    started_at: DateTime = column("When it began.")
    ended_at: DateTime | None = column(
        "When it ended; null while it runs, and where its sender did not say when (see `status`)."
    )
    latency_ms: float | None = column(
        "Milliseconds it took: as its sender said, else from its start to its end; null where neither is known."
    )
    exception: str | None = column(
        "The exception that ended it, as it was recorded: JSON text with type, message and traceback of Weave's SDKs, "
        "a text of others; null where it ended well or runs. Easier to read are `exceptionType` and `exceptionMessage`."
    )
    attributes: JSON = column("Its metadata, an object.")
    inputs: JSON = column("Its arguments, an object.")
    output: JSON | None = column("What it gave back; null while it runs, too.")
    summary: JSON | None = column("The client's own summary: usage by model, status counts; null while it runs.")
    wb_user_id: str | None = column("User in whose name it was recorded.")
    wb_run_id: str | None = column("W&B run that it was made in.")
    wb_run_step: BigInt | None = column("Step of that run at the start.")
    wb_run_step_end: BigInt | None = column("Step of that run at the end.")
    storage_size_bytes: BigInt = column("Bytes of its attributes, inputs, output and summary.")
    created_at: DateTime = column("When the server first heard of it.")

    @link(
        "As the call reports it; do not sum over a tree: see `ownUsage`. Tokens over all models; null where it counts "
        "none. What the SDKs of Weave report of a call holds what the calls below it used, what others report does "
        "not: `ownUsage` and `subtreeUsage` tell them apart, and are what can be summed over calls.",
        needs=_USAGE,
    )
    def usage(self) -> Usage | None:
        """The row's own columns, as an object that is null as a whole."""
        counts = {name: getattr(self, name) for name in _USAGE}
        counted = any(value is not None for name, value in counts.items() if name != "model")
        return Usage(**counts) if counted else None

    @link(
        "Bytes of all calls of its trace, for a root; null for others.", needs=("project_slug", "trace_id", "parent_id")
    )
    async def total_storage_size_bytes(self, info: Info) -> BigInt | None:
        """By a loader of traces, so that a page of roots is one statement."""
        if self.parent_id is not None:
            return None
        size: BigInt = await context_of(info).loaders.load(trace_sizes, (self.project_slug, self.trace_id))
        return size

    @link(
        "The call that made it; null for a root, or where the parent never came.", needs=("project_slug", "parent_id")
    )
    async def parent(self, info: Info) -> Self | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.parent_id)

    @link("Its payloads with the object refs at the given paths replaced by their values.", needs=PAYLOADS)
    async def expanded(
        self,
        info: Info,
        paths: Annotated[
            list[str],
            strawberry.argument(
                description="At most 100 paths, beginning with the payload: `inputs.model`. An object gets its ref as "
                "`_ref`; what leads nowhere stays a ref."
            ),
        ],
    ) -> CallPayloads:
        """By a loader: a few statements a depth, however many calls there are."""
        found: CallPayloads = await context_of(info).loaders.load(expanded_payloads, self, paths=tuple(paths))
        return found

    children = calls_field(
        "The calls that it made.",
        needs=("project_slug", "call_id"),
        place=lambda call: Place(call.project_slug, "parent_id", call.call_id),
    )

    feedback = feedback_field(
        "What people and scorers say about it.",
        needs=("project_slug", "ref"),
        place=lambda call: FeedbackPlace(call.project_slug, call.ref),
    )

    @link("The op that was called; null where the name is no ref, or the op is not there.", needs=("op_name",))
    async def op(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        ref = parse_ref(self.op_name) if is_ref(self.op_name) else None
        if not isinstance(ref, ObjectRef):
            return None
        key = (ref.project, ref.kind, ref.object_id, ref.digest)
        return await load_row(info, objects_by_ref, key, "ObjectVersion")

    @link("The refs that its inputs hold, in the order of their text.", needs=("project_slug", "call_id"))
    async def input_refs(self, info: Info) -> list[RefLink]:
        """By a loader."""
        return await links_of(info, self.project_slug, "call", self.call_id, "inputs")

    @link("The refs that its output holds, in the order of their text.", needs=("project_slug", "call_id"))
    async def output_refs(self, info: Info) -> list[RefLink]:
        """By a loader."""
        return await links_of(info, self.project_slug, "call", self.call_id, "output")

    @link("Its trace.", needs=("project_slug", "trace_id"))
    async def trace(self, info: Info) -> Trace | None:
        """By the loader of groups."""
        return await load_group(info, Trace, TRACES, self.project_slug, self.trace_id)

    @link("Its session; null where it has none.", needs=("project_slug", "session_id"))
    async def session(self, info: Info) -> Session | None:
        """By the loader of groups."""
        return await load_group(info, Session, SESSIONS, self.project_slug, self.session_id)

    @link("Its thread; null where it has none.", needs=("project_slug", "thread_id"))
    async def thread(self, info: Info) -> Thread | None:
        """By the loader of groups."""
        return await load_group(info, Thread, THREADS, self.project_slug, self.thread_id)

    @link(
        "The turn that it is part of: the turn's outermost call; null outside a thread.",
        needs=("project_slug", "turn_id"),
    )
    async def turn(self, info: Info) -> Self | None:
        """By the loader of calls."""
        return await load_call(info, self.project_slug, self.turn_id)
