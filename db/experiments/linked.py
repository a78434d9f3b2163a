"""What the calls recorded in experiments say of them: their sessions, and the names of their metrics."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, Text, cast, func, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.chunks import chunked
from db.json_text import parse_json
from db.query.json import json_node

__all__ = ["MOST_SESSIONS", "select_linked_sessions", "select_metric_names"]

MOST_SESSIONS = 10_000
"""Sessions of an experiment that are listed."""

MOST_SCANNED = 10_000
"""Calls whose metrics are looked into, of each experiment."""

METRICS = ("honeyhive", "metrics")

c = calls.c


def select_linked_sessions(connection: Connection, project_id: str, ids: Iterable[str]) -> dict[str, list[str]]:
    """The sessions of the calls recorded in each experiment, the first begun first; one without any is missing. One
    statement a chunk."""
    sessions: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunked(ids):
        begun = func.min(c.started_at)
        place = func.row_number().over(partition_by=c.experiment_id, order_by=(begun, c.session_id)).label("place")
        numbered = (
            select(c.experiment_id, c.session_id, place)
            .where(c.project_id == project_id, c.experiment_id.in_(chunk), c.session_id.is_not(None), SHOWN)
            .group_by(c.experiment_id, c.session_id)
            .subquery()
        )
        statement = (
            select(numbered.c.experiment_id, numbered.c.session_id)
            .where(numbered.c.place <= MOST_SESSIONS)
            .order_by(numbered.c.experiment_id, numbered.c.place)
        )
        for experiment_id, session_id in connection.execute(statement):
            sessions[experiment_id].append(session_id)
    return sessions


def select_metric_names(connection: Connection, project_id: str, ids: Iterable[str]) -> dict[str, list[str]]:
    """The names of the metrics of the calls recorded in each experiment, sorted; one without any is missing.

    One statement a chunk. The earliest calls that have metrics are looked into, so that it stays bounded.
    """
    names: defaultdict[str, set[str]] = defaultdict(set)
    for chunk in chunked(ids):
        place = func.row_number().over(partition_by=c.experiment_id, order_by=(c.started_at, c.id)).label("place")
        metrics = json_node(func.coalesce(c.attributes_query, c.attributes), METRICS)
        numbered = (
            select(c.experiment_id, cast(metrics, Text).label("metrics"), place)
            .where(c.project_id == project_id, c.experiment_id.in_(chunk), SHOWN, metrics.is_not(None))
            .subquery()
        )
        statement = (
            select(numbered.c.experiment_id, numbered.c.metrics).where(numbered.c.place <= MOST_SCANNED).distinct()
        )
        for experiment_id, text in connection.execute(statement):
            value = parse_json(text)
            names[experiment_id].update(value if isinstance(value, dict) else ())
    return {experiment_id: sorted(found) for experiment_id, found in names.items() if found}
