"""What groups of calls consist of: how long their traces and turns took, and which ops were called."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, case, cast, func, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.id_lists import among
from db.rows import Row, fetch

__all__ = ["MOST_OPS", "select_ops", "select_trace_durations", "select_turn_durations"]

c = calls.c

MOST_OPS = 100
"""Ops of a group that are read."""

_DURATION = func.coalesce(c.duration, c.ended_at - c.started_at)


def select_turn_durations(
    connection: Connection, project_id: str, keys: Iterable[str], *, column: ColumnElement[Any]
) -> dict[str, list[int]]:
    """Microseconds of the turns that have ended of each group, in no order; a group without any is missing."""
    statement = select(column, _DURATION).where(
        c.project_id == project_id,
        among(column, keys),
        column.is_not(None),
        SHOWN,
        c.turn_id == c.id,
        _DURATION.is_not(None),
    )
    found: defaultdict[str, list[int]] = defaultdict(list)
    for key, duration in connection.execute(statement):
        found[key].append(duration)
    return found


def select_trace_durations(
    connection: Connection, project_id: str, keys: Iterable[str], *, column: ColumnElement[Any]
) -> dict[str, list[int]]:
    """Microseconds from first start to last end of the whole traces that have a call in each group and have ended, in
    no order; a group without any is missing."""
    members = (
        select(column.label("owner"), c.trace_id.label("trace_id"))
        .where(c.project_id == project_id, among(column, keys), column.is_not(None), SHOWN, c.trace_id.is_not(None))
        .distinct()
        .cte("members")
    )
    running = func.count(case((c.status == "running", 1)))
    ended = case((running == 0, func.max(c.ended_at) - func.min(c.started_at)))
    traces = (
        select(c.trace_id, ended.label("duration"))
        .where(c.project_id == project_id, SHOWN, c.trace_id.in_(select(members.c.trace_id)))
        .group_by(c.trace_id)
        .subquery()
    )
    statement = select(members.c.owner, traces.c.duration).where(
        members.c.trace_id == traces.c.trace_id, traces.c.duration.is_not(None)
    )
    found: defaultdict[str, list[int]] = defaultdict(list)
    for key, duration in connection.execute(statement):
        found[key].append(duration)
    return found


def select_ops(
    connection: Connection, project_id: str, keys: Iterable[str], *, column: ColumnElement[Any]
) -> dict[str, list[Row]]:
    """The op names of each group with ``call_count``, ``error_count`` and ``total_us``, the most called first, of
    these by name; at most ``MOST_OPS``."""
    count = func.count()
    ops = (
        select(
            column.label("owner"),
            c.op_name,
            count.label("call_count"),
            func.count(case((c.status == "error", 1))).label("error_count"),
            cast(func.coalesce(func.sum(_DURATION), 0), BigInteger).label("total_us"),
            func.row_number().over(partition_by=column, order_by=(count.desc(), c.op_name)).label("place"),
        )
        .where(c.project_id == project_id, among(column, keys), column.is_not(None), SHOWN)
        .group_by(column, c.op_name)
        .subquery()
    )
    statement = select(ops).where(ops.c.place <= MOST_OPS).order_by(ops.c.place)
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in fetch(connection, "OpCount", statement):
        found[row.owner].append(row)
    return found
