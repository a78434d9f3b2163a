"""The kinds of feedback."""

from enum import StrEnum

from db.feedback_types import AGENT_MONITOR, ANNOTATION, NOTE, REACTION, RUNNABLE

__all__ = ["FeedbackKind", "kind_of_type"]


class FeedbackKind(StrEnum):
    """The values are those of ``db.feedback_filters.KINDS``, and ``other``."""

    REACTION = "reaction"
    NOTE = "note"
    ANNOTATION = "annotation"
    SCORER = "scorer"
    OTHER = "other"


def kind_of_type(feedback_type: str) -> FeedbackKind:
    """The kind of a feedback type."""
    if feedback_type == REACTION:
        return FeedbackKind.REACTION
    if feedback_type == NOTE:
        return FeedbackKind.NOTE
    if feedback_type.startswith(f"{ANNOTATION}."):
        return FeedbackKind.ANNOTATION
    if feedback_type.startswith(f"{RUNNABLE}.") or feedback_type == AGENT_MONITOR:
        return FeedbackKind.SCORER
    return FeedbackKind.OTHER
