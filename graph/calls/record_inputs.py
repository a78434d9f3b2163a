"""What recording whole calls, patching calls and starting sessions take."""

import strawberry

from graph.calls.enums import CallKind
from graph.fields import column
from graph.scalars import JSON, DateTime

__all__ = ["CallPatchInput", "CallRecordInput", "CallsRecordInput", "SessionStartInput"]

_PROJECT = "Slug of the project, `entity/name`; the project is made if it is not there."
_CONFIG = "An object: how it was set up, such as `model`. Kept at `attributes.honeyhive.config`."
_METADATA = (
    "An object, kept at `attributes.honeyhive.metadata`. What it says as `run_id`, `dataset_id` and `datapoint_id` "
    "makes it part of an experiment, and the calls of a session whose own call it is with it; `prompt_tokens`, "
    "`completion_tokens` and `total_tokens` are its usage, of the model that `config.model` or `metadata.model` names."
)
_METRICS = "An object of measurements by name, kept at `attributes.honeyhive.metrics`; they are among `Call.scores`."
_FEEDBACK = "An object of what users say, kept at `attributes.honeyhive.feedback`; it is no node of `Call.feedback`."
_USER_PROPERTIES = "An object about the user, kept at `attributes.honeyhive.user_properties`."
_SOURCE = "Where it comes from, kept at `attributes.honeyhive.source`."
_CHILDREN = (
    "Ids of its children as the sender knows them, kept at `attributes.honeyhive.children_ids`; `Call.children` are "
    "the calls that name it as their parent."
)
_EXTRA = "An object whose members are kept at `attributes.honeyhive` beside the others."
_DURATION = (
    "Milliseconds that it took, apart from its times: `latencyMs` is this, and without `endedAt` it ended so much "
)
_DURATION += "after it began."


@strawberry.input(description="The parts of a whole call that sessions have too.")
class _WholeInput:
    """What both have."""

    project: str = column(_PROJECT)
    started_at: DateTime | None = column("When it began; now where missing.", default=None)
    ended_at: DateTime | None = column("When it ended.", default=None)
    duration_ms: float | None = column(_DURATION, default=None)
    attributes: JSON | None = column("An object of metadata; empty where missing.", default=None)
    config: JSON | None = column(_CONFIG, default=None)
    metadata: JSON | None = column(_METADATA, default=None)
    metrics: JSON | None = column(_METRICS, default=None)
    feedback: JSON | None = column(_FEEDBACK, default=None)
    user_properties: JSON | None = column(_USER_PROPERTIES, default=None)
    source: str | None = column(_SOURCE, default=None)
    children_ids: list[str] | None = column(_CHILDREN, default=None)
    extra: JSON | None = column(_EXTRA, default=None)
    inputs: JSON | None = column("An object of arguments; empty where missing.", default=None)
    output: JSON | None = column("What it gave back.", default=None)
    exception: str | None = column("What made it fail.", default=None)
    display_name: str | None = column("Name for people; what was called, where missing.", default=None)
    wb_user_id: str | None = column("User in whose name it is recorded; the caller's where missing.", default=None)


@strawberry.input(
    description="A whole call, an event of HoneyHive. It is over where `endedAt`, `durationMs`, `output` or "
    "`exception` says so, else it runs until a patch or an end."
)
class CallRecordInput(_WholeInput):
    """One call."""

    op_name: str | None = column(
        "What was called: the ref of an op, or any name; `unknown` where missing.", default=None
    )
    call_id: str | None = column("Id made by the client; the server makes one where it is missing.", default=None)
    session_id: str | None = column(
        "The session it belongs to, which need not have been started; an empty id is none.", default=None
    )
    parent_id: str | None = column(
        "The call that made this one. Missing: the session's own call, whose id is `sessionId`; null: none.",
        default=strawberry.UNSET,
    )
    trace_id: str | None = column(
        "The trace it belongs to; without one, that of the parent, else the session's id, else a new one.", default=None
    )
    thread_id: str | None = column("The thread it belongs to.", default=None)
    turn_id: str | None = column("The turn of the thread: the id of the turn's outermost call.", default=None)
    event_type: str | None = column(
        "The sender's word for its kind, kept at `attributes.honeyhive.event_type`: `model`, `tool`, `chain`, "
        "`session` or any other.",
        default=None,
    )
    kind: CallKind | None = column(
        "What sort of step it is; without it what `eventType` says, else `attributes.weave.kind`.", default=None
    )


@strawberry.input(description="A session, whose own call is the root of its calls and has its id.")
class SessionStartInput(_WholeInput):
    """One session."""

    session_id: str | None = column("Id made by the client; the server makes one where it is missing.", default=None)
    op_name: str | None = column("What was called; `displayName` where missing, else `unknown`.", default=None)


@strawberry.input(description="Whole calls, recorded in one transaction.")
class CallsRecordInput:
    """A batch."""

    calls: list[CallRecordInput] = column("The calls, in any order.")
    session: SessionStartInput | None = column(
        "A session that all of them belong to, started with them, whatever session they name.", default=None
    )
    all_or_nothing: bool = column("Write nothing when any call is refused.", default=False)


@strawberry.input(
    description="What is known better of a call that has begun. Keys of objects are merged: those that are named get "
    "their new value, others stay. What is missing stays as it is."
)
class CallPatchInput:
    """One patch."""

    project: str = column("Slug of the project, `entity/name`.")
    call_id: str = column("Id of the call.")
    config: JSON | None = column(_CONFIG, default=None)
    metadata: JSON | None = column(_METADATA, default=None)
    metrics: JSON | None = column(_METRICS, default=None)
    feedback: JSON | None = column(_FEEDBACK, default=None)
    user_properties: JSON | None = column(_USER_PROPERTIES, default=None)
    output: JSON | None = column(
        "What it gave back, in place of what is there; a call that runs has ended with it, unless it is null.",
        default=strawberry.UNSET,
    )
    ended_at: DateTime | None = column("When it ended.", default=None)
    duration_ms: float | None = column(_DURATION, default=None)
    children_ids: list[str] | None = column(f"{_CHILDREN} An empty list is passed over.", default=None)
