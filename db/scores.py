"""Feedback that scores: what scorers, annotators and reactions say of each of many targets."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_

from db.calls.filters import starts_with
from db.feedback import feedback
from db.feedback_fields import FEEDBACK_FIELDS
from db.feedback_types import AGENT_MONITOR, ANNOTATION, REACTION, RUNNABLE
from db.octets import octets
from db.pages import Page, PageRequest
from db.partitions import partition_pages
from db.picks import Held, picked
from db.query.order import compile_order
from db.rows import Row, fetch_by

__all__ = ["MOST_SAID", "SCORING_COLUMNS", "of_scorers", "select_scoring_feedback"]

MOST_SAID = 32 << 10
"""Bytes of JSON that are read of each feedback; what says more has no score."""

c = feedback.c

_PAYLOAD = Held(c.project_id, (c.id,), c.payload, c.payload_query, func.length(c.payload))


def _small(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((octets(text) <= MOST_SAID, text))


SCORING_COLUMNS: list[ColumnElement[Any]] = [
    c.project_id.label("project_slug"),
    c.id.label("feedback_id"),
    c.feedback_type.label("feedback_type"),
    c.runnable_ref.label("runnable_ref"),
    c.call_ref.label("call_ref"),
    c.wb_user_id.label("wb_user_id"),
    c.created_at.label("created_at"),
    # The score itself, as JSON text.
    case(
        (c.feedback_type == REACTION, _small(picked(_PAYLOAD, ["emoji"]))),
        (starts_with(c.feedback_type, f"{ANNOTATION}."), _small(picked(_PAYLOAD, ["value"]))),
        else_=_small(picked(_PAYLOAD, ["output"])),
    ).label("said"),
    _small(c.details).label("details"),
]

_NEWEST_FIRST = compile_order([("created_at", "desc")], FEEDBACK_FIELDS)


def of_scorers(names: Sequence[str] | None) -> ColumnElement[bool]:
    """Feedback that scores; that of the scorers, annotations and reactions (``reaction``) with these names, if any."""
    if names is None:
        prefixes = (starts_with(c.feedback_type, f"{prefix}.") for prefix in (RUNNABLE, ANNOTATION))
        return or_(*prefixes, c.feedback_type.in_((REACTION, AGENT_MONITOR)))
    types = [f"{prefix}.{name}" for prefix in (RUNNABLE, ANNOTATION) for name in names]
    if "reaction" in names:
        types.append(REACTION)
    return or_(c.feedback_type.in_(types), c.feedback_type == AGENT_MONITOR)


def _read(connection: Connection, project_id: str, ids: Iterable[str]) -> dict[str, Row]:
    found = fetch_by(connection, "ScoringFeedback", SCORING_COLUMNS, c.id, ids, c.project_id == project_id)
    return {row.feedback_id: row for row in found}


def select_scoring_feedback(
    connection: Connection, project_id: str, refs: Iterable[str], limit: int, names: Sequence[str] | None
) -> dict[str, Page]:
    """The newest ``limit`` pieces of scoring feedback on each target, newest first, as a page of rows of
    ``SCORING_COLUMNS``.

    Targets without any are missing. Two statements a chunk.
    """
    return partition_pages(
        connection,
        refs,
        noun="ScoringFeedback",
        key=c.target_ref,
        row_id=c.id,
        read=partial(_read, connection, project_id),
        conditions=[c.project_id == project_id, of_scorers(names)],
        order=_NEWEST_FIRST,
        request=PageRequest(limit),
    )
