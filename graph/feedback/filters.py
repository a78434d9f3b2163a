"""The typed filter of feedback."""

from dataclasses import fields
from enum import Enum
from typing import Any

import strawberry

from db.feedback_filters import EVERY_FEEDBACK, FeedbackFilter
from graph.enums import described_enum
from graph.fields import column
from graph.scalars import DateTime
from resolvers.feedback.kinds import FeedbackKind

__all__ = ["FeedbackFilterInput", "FeedbackKind", "filter_of"]

described_enum(
    FeedbackKind,
    name="FeedbackKind",
    description="What sort of feedback it is, by its type. Values may be added.",
    values={
        "REACTION": "An emoji: `wandb.reaction.1`.",
        "NOTE": "A text: `wandb.note.1`.",
        "ANNOTATION": "A value that a person gives by a form: `wandb.annotation.NAME`.",
        "SCORER": "What a scorer says: `wandb.runnable.NAME`, `wandb.agent_monitor`.",
        "OTHER": "Any other type of the sender.",
    },
)


@strawberry.input(
    description="Which feedback. All fields that are set must hold; of a list one value must. A field that is null, "
    "left out or an empty list restricts nothing. Lists hold at most 1,000 values, which are compared exactly. What is "
    "not here, such as values in the payload, is asked for by `query`."
)
class FeedbackFilterInput:
    """``db.feedback_filters.FeedbackFilter``, field for field."""

    kinds: list[FeedbackKind] | None = column("What sort of feedback.", default=None)
    feedback_types: list[str] | None = column(
        "`Feedback.feedbackType` exactly: `wandb.note.1`, `wandb.runnable.NAME`.", default=None
    )
    target_refs: list[str] | None = column("Refs of the calls and object versions that it is on.", default=None)
    scorers: list[str] | None = column(
        "Names of scorers: `accuracy` is the type `wandb.runnable.accuracy`, of any version of the scorer.",
        default=None,
    )
    runnable_refs: list[str] | None = column(
        "Refs of the scorers that gave it; `:*` at the end is any version.", default=None
    )
    annotation_refs: list[str] | None = column(
        "Refs of the specs of annotations; `:*` at the end is any version.", default=None
    )
    call_refs: list[str] | None = column("Refs of the calls in which scorers gave it.", default=None)
    queue_ids: list[str] | None = column("Ids of annotation queues.", default=None)
    creators: list[str] | None = column("`Feedback.creator` exactly.", default=None)
    wb_user_ids: list[str] | None = column("Ids of the users who gave it.", default=None)
    created_after: DateTime | None = column("Given at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("Given before this time (exclusive).", default=None)


def filter_of(value: FeedbackFilterInput | None) -> FeedbackFilter:
    """The input as the domain's filter."""
    if value is None:
        return EVERY_FEEDBACK
    return FeedbackFilter(**{field.name: _plain(getattr(value, field.name)) for field in fields(FeedbackFilter)})


def _plain(value: Any) -> Any:
    """Lists as tuples, and members of enums as the values that they stand for."""
    return tuple(item.value if isinstance(item, Enum) else item for item in value) if isinstance(value, list) else value
