"""What recording a call takes."""

import strawberry

from graph.calls.enums import CallKind
from graph.fields import column
from graph.scalars import JSON, BigInt, DateTime

__all__ = [
    "CallCompleteInput",
    "CallEndInput",
    "CallStartInput",
    "CallUpdateInput",
    "CallUpsertItem",
    "CallsDeleteInput",
    "CallsUpsertInput",
]


@strawberry.input(description="The beginning of a call.")
class CallStartInput:
    """One start."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    op_name: str = column("What was called: the ref of an op, or any name.")
    started_at: DateTime = column("When it began.")
    call_id: str | None = column("Id made by the client; the server makes one where it is missing.", default=None)
    trace_id: str | None = column(
        "The trace it belongs to; without one, that of the parent, or a new one.", default=None
    )
    parent_id: str | None = column("The call that made this one; none for a root.", default=None)
    display_name: str | None = column("Name for people, until an update changes it.", default=None)
    session_id: str | None = column("The session it belongs to; an empty id is none.", default=None)
    thread_id: str | None = column("The thread it belongs to.", default=None)
    turn_id: str | None = column("The turn of the thread: the id of the turn's outermost call.", default=None)
    kind: CallKind | None = column(
        "What sort of step it is; without it what `attributes.weave.kind` says, as the SDKs of Weave write it.",
        default=None,
    )
    attributes: JSON | None = column("An object of metadata, fixed at the start; empty where missing.", default=None)
    inputs: JSON | None = column("An object of arguments; empty where missing.", default=None)
    wb_user_id: str | None = column("User in whose name it is recorded; the caller's where missing.", default=None)
    wb_run_id: str | None = column("W&B run that it was made in.", default=None)
    wb_run_step: BigInt | None = column("Step of that run at the start.", default=None)


@strawberry.input(description="The end of a call. It may arrive before the start; the last end wins.")
class CallEndInput:
    """One end."""

    project: str = column("Slug of the project, `entity/name`.")
    call_id: str = column("Id of the call.")
    ended_at: DateTime = column("When it ended.")
    output: JSON | None = column("What it gave back.", default=None)
    summary: JSON | None = column(
        "An object with `usage` by model, `status_counts` and what else was counted; empty where missing.", default=None
    )
    exception: str | None = column("The exception that ended it.", default=None)
    wb_run_step_end: BigInt | None = column("Step of the W&B run at the end.", default=None)


@strawberry.input(description="A call that is over when it is recorded.")
class CallCompleteInput(CallStartInput):
    """A start and its end."""

    ended_at: DateTime = column("When it ended.")
    output: JSON | None = column("What it gave back.", default=None)
    summary: JSON | None = column(
        "An object with `usage` by model, `status_counts` and what else was counted; empty where missing.", default=None
    )
    exception: str | None = column("The exception that ended it.", default=None)
    wb_run_step_end: BigInt | None = column("Step of the W&B run at the end.", default=None)


@strawberry.input(one_of=True, description="One event of a batch.")
class CallUpsertItem:
    """A start, an end or both in one."""

    start: CallStartInput | None = column("The beginning of a call.", default=strawberry.UNSET)
    end: CallEndInput | None = column("The end of a call.", default=strawberry.UNSET)
    complete: CallCompleteInput | None = column("A whole call.", default=strawberry.UNSET)


@strawberry.input(description="A batch of events, in the order in which they happened.")
class CallsUpsertInput:
    """A batch."""

    items: list[CallUpsertItem] = column("The events.")
    all_or_nothing: bool = column("Write nothing when any item is refused.", default=False)


@strawberry.input(description="A change to a call by a user.")
class CallUpdateInput:
    """A rename."""

    project: str = column("Slug of the project, `entity/name`.")
    call_id: str = column("Id of the call; one that is not known yet gets the name when it comes.")
    display_name: str = column("The new name for people; an empty one takes it away.")


@strawberry.input(description="Which calls to delete.")
class CallsDeleteInput:
    """Ids to delete."""

    project: str = column("Slug of the project, `entity/name`.")
    call_ids: list[str] = column("Ids of the calls; all their descendants go with them.")
