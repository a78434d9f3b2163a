"""The typed filter of feedback, as SQL conditions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, not_, or_

from db.calls.filters import WILDCARD, starts_with
from db.feedback import feedback
from db.feedback_types import AGENT_MONITOR, ANNOTATION, NOTE, REACTION, RUNNABLE

__all__ = ["EVERY_FEEDBACK", "KINDS", "FeedbackFilter", "feedback_conditions"]

c = feedback.c

KINDS: dict[str, ColumnElement[bool]] = {
    "reaction": c.feedback_type == REACTION,
    "note": c.feedback_type == NOTE,
    "annotation": starts_with(c.feedback_type, f"{ANNOTATION}."),
    "scorer": or_(starts_with(c.feedback_type, f"{RUNNABLE}."), c.feedback_type == AGENT_MONITOR),
}
"""What feedback may be, beside anything else."""


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Each field that is set must hold; within a list any value will do. An empty list is as none."""

    kinds: Sequence[str] | None = None
    feedback_types: Sequence[str] | None = None
    target_refs: Sequence[str] | None = None
    scorers: Sequence[str] | None = None
    runnable_refs: Sequence[str] | None = None
    annotation_refs: Sequence[str] | None = None
    call_refs: Sequence[str] | None = None
    queue_ids: Sequence[str] | None = None
    creators: Sequence[str] | None = None
    wb_user_ids: Sequence[str] | None = None
    created_after: int | None = None
    created_before: int | None = None


EVERY_FEEDBACK = FeedbackFilter()
"""Leaves nothing out."""

_EXACT = {
    "feedback_types": c.feedback_type,
    "target_refs": c.target_ref,
    "call_refs": c.call_ref,
    "queue_ids": c.queue_id,
    "creators": c.creator,
    "wb_user_ids": c.wb_user_id,
}
_REFS = {"runnable_refs": c.runnable_ref, "annotation_refs": c.annotation_ref}


def feedback_conditions(chosen: FeedbackFilter) -> list[ColumnElement[bool]]:
    """The conditions of ``chosen``, all of which must hold."""
    found: list[ColumnElement[bool]] = []
    if chosen.kinds:
        other = and_(*(not_(condition) for condition in KINDS.values()))
        found.append(or_(*(KINDS.get(kind, other) for kind in chosen.kinds)))
    for name, column in _EXACT.items():
        values: Sequence[str] | None = getattr(chosen, name)
        if values:
            found.append(column.in_(values))
    for name, column in _REFS.items():
        refs: Sequence[str] | None = getattr(chosen, name)
        if refs:
            found.append(or_(*(_names(column, ref) for ref in refs)))
    if chosen.scorers:
        found.append(c.feedback_type.in_([f"{RUNNABLE}.{name}" for name in chosen.scorers]))
    if chosen.created_after is not None:
        found.append(c.created_at >= chosen.created_after)
    if chosen.created_before is not None:
        found.append(c.created_at < chosen.created_before)
    return found


def _names(column: ColumnElement[str], ref: str) -> ColumnElement[bool]:
    return starts_with(column, ref.removesuffix("*")) if ref.endswith(WILDCARD) else column == ref
