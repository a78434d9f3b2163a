"""What was measured in experiments: metrics of events, scores of evaluations' rows, feedback on either.

Each read is one statement for all experiments asked for, whatever they hold, and takes no payload but what it names,
in at most ``MOST_SAID`` bytes. ``matching`` is a condition on ``calls``: which of them count.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select, type_coerce

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.experiments.membership import members_of
from db.feedback import feedback
from db.feedback_types import REACTION
from db.metadata import Name
from db.octets import octets
from db.picks import Held, picked
from db.query.derived import REF_LIKE, ref_name, trace_name
from db.rows import RowSet, fetch
from db.scores import MOST_SAID, SCORING_COLUMNS, of_scorers

__all__ = [
    "select_event_kinds",
    "select_events",
    "select_feedback",
    "select_measured",
    "select_parents",
    "select_places",
    "select_rows",
]

c = calls.c

_ATTRIBUTES = Held(c.project_id, (c.id,), c.attributes, c.attributes_query, c.start_size)
_INPUTS = Held(c.project_id, (c.id,), c.inputs, c.inputs_query, c.start_size)
_OUTPUT = Held(c.project_id, (c.id,), c.output, c.output_query, c.end_size)

SESSION: ColumnElement[Any] = func.coalesce(c.session_id, c.trace_id)
"""What a call without a session of its own is taken to belong to: its trace."""

EVENT_NAME: ColumnElement[Any] = type_coerce(trace_name(c.display_name, c.op_name), Name()).label("event_name")

_METRICS = picked(_ATTRIBUTES, ["honeyhive", "metrics"])

_EVENT: Sequence[ColumnElement[Any]] = (
    c.id.label("call_id"),
    SESSION.label("session_id"),
    c.datapoint_id.label("datapoint_id"),
    EVENT_NAME,
    c.kind.label("kind"),
    c.parent_id.label("parent_id"),
    c.started_at.label("started_at"),
)


MOST_EXAMPLE = 256 << 10
"""Bytes of a row that stands in an evaluation itself, not as a ref; of a longer one the datapoint is not known."""


def _small(text: ColumnElement[Any], most: int = MOST_SAID) -> ColumnElement[Any]:
    return case((octets(text) <= most, text))


def _of(project_id: str, ids: Sequence[str], *columns: ColumnElement[Any]) -> Select[Any]:
    """A statement over the shown calls of experiments, a call once for each that it belongs to."""
    members = members_of(project_id, ids)
    return (
        select(members.c.experiment_id, *columns)
        .join_from(calls, members, members.c.call_id == c.id)
        .where(c.project_id == project_id, SHOWN)
    )


def select_places(connection: Connection, project_id: str, ids: Sequence[str], matching: ColumnElement[bool]) -> RowSet:
    """The sessions of experiments with the datapoints that their calls name, a row for each pair, oldest first.

    ``own`` is the datapoint of the session's first call, ``matches`` whether any of the calls matches.
    """
    began = func.min(c.started_at)
    statement = _of(
        project_id,
        ids,
        SESSION.label("session_id"),
        c.datapoint_id.label("datapoint_id"),
        func.max(case((c.id == c.session_id, c.datapoint_id))).label("own"),
        func.max(case((matching, 1), else_=0)).label("matches"),
        began.label("started_at"),
    )
    experiment_id = statement.selected_columns.experiment_id
    statement = statement.group_by(experiment_id, SESSION, c.datapoint_id).order_by(began, SESSION, c.datapoint_id)
    return fetch(connection, "Place", statement)


def select_measured(
    connection: Connection, project_id: str, ids: Sequence[str], matching: ColumnElement[bool], limit: int
) -> RowSet:
    """The calls that have metrics (``metrics``, a JSON object), oldest first."""
    statement = (
        _of(project_id, ids, *_EVENT, _small(_METRICS).label("metrics"))
        .where(matching, _METRICS.is_not(None), _METRICS.not_in(("{}", "null")))
        .order_by(c.started_at, c.id)
        .limit(limit)
    )
    return fetch(connection, "Measured", statement)


def select_rows(
    connection: Connection, project_id: str, ids: Sequence[str], op_name: str, matching: ColumnElement[bool], limit: int
) -> RowSet:
    """The calls right below evaluations, of the op of that name, oldest first; ``matches`` says which of them match.

    ``scores``, ``latency`` and ``example`` are JSON, null where it is missing or too long.
    """
    statement = (
        select(
            c.parent_id.label("experiment_id"),
            *_EVENT,
            _small(picked(_OUTPUT, ["scores"])).label("scores"),
            _small(picked(_OUTPUT, ["model_latency"])).label("latency"),
            _small(picked(_INPUTS, ["example"]), MOST_EXAMPLE).label("example"),
            case((matching, 1), else_=0).label("matches"),
        )
        .where(
            c.project_id == project_id,
            c.parent_id.in_(ids),
            SHOWN,
            or_(c.op_name == op_name, and_(c.op_name.like(REF_LIKE), ref_name(c.op_name) == op_name)),
        )
        .order_by(c.started_at, c.id)
        .limit(limit)
    )
    return fetch(connection, "Row", statement)


def select_events(
    connection: Connection, project_id: str, ids: Sequence[str], matching: ColumnElement[bool], limit: int
) -> RowSet:
    """The calls that match, oldest first, and the bytes of their payloads."""
    size = (c.start_size + c.end_size).label("size")
    statement = _of(project_id, ids, *_EVENT, size).where(matching).order_by(c.started_at, c.id).limit(limit)
    return fetch(connection, "Event", statement)


def select_feedback(
    connection: Connection, project_id: str, ids: Sequence[str], matching: ColumnElement[bool], limit: int
) -> RowSet:
    """What scorers and annotators say of the calls, newest first: the columns of ``db.scores``, and their call's."""
    f = feedback.c
    statement = (
        _of(project_id, ids, *_EVENT, *SCORING_COLUMNS)
        .join(feedback, f.target_ref == literal(f"weave:///{project_id}/call/") + c.id)
        .where(f.project_id == project_id, of_scorers(None), f.feedback_type != REACTION, matching)
        .order_by(f.created_at.desc(), f.id.desc())
        .limit(limit)
    )
    return fetch(connection, "ScoringFeedback", statement)


def select_parents(connection: Connection, project_id: str, ids: Sequence[str]) -> dict[str, str]:
    """The call above each call of experiments, by call id; those without one are missing."""
    statement = _of(project_id, ids, c.id.label("call_id"), c.parent_id.label("parent_id"))
    return {row.call_id: row.parent_id for row in connection.execute(statement.where(c.parent_id.is_not(None)))}


def select_event_kinds(connection: Connection, project_id: str, ids: Sequence[str], limit: int) -> RowSet:
    """The names and kinds that the calls of experiments have, each pair once."""
    found = _of(project_id, ids, EVENT_NAME, c.kind.label("kind")).distinct().limit(limit)
    return fetch(connection, "EventKind", found)
