"""Call trees: walked over ids alone. Ids come from clients, so there may be cycles, and anything may be missing."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, select

from db.calls.tables import calls
from db.chunks import chunked

__all__ = ["descendant_ids"]

c = calls.c

_SHALLOW = 8
"""Levels that are read one by one; deeper trees are walked in memory."""


def descendant_ids(connection: Connection, project_id: str, ids: Iterable[str]) -> set[str]:
    """Ids of all calls below ``ids`` that are not deleted; those that never started are among them.

    Each call is visited once, whatever its parents say. A level is a statement; every few levels the traces that were
    reached are read whole, as ids and parents, so that a chain of thousands of calls is not thousands of statements.
    Each statement has a constant project (a recursive one that passes the project along is refused past one machine).
    """
    seen = set(ids)
    level = list(seen)
    below: set[str] = set()
    depth = 0
    while level:
        depth += 1
        found = _children(connection, project_id, level)
        below.update(found)
        level = [call_id for call_id in dict.fromkeys(found) if call_id not in seen]
        seen.update(level)
        if depth % _SHALLOW == 0 and level:
            # What lies below in the same traces; children in other traces are found by the next round.
            inside = _below_in_traces(connection, project_id, level)
            below.update(inside)
            level += [call_id for call_id in inside if call_id not in seen]
            seen.update(level)
    return below


def _children(connection: Connection, project_id: str, parents: Iterable[str]) -> list[str]:
    found: list[str] = []
    for chunk in chunked(parents):
        statement = select(c.id).where(c.project_id == project_id, c.parent_id.in_(chunk), c.deleted_at.is_(None))
        found.extend(connection.execute(statement).scalars())
    return found


def _below_in_traces(connection: Connection, project_id: str, ids: Iterable[str]) -> set[str]:
    """The descendants of ``ids`` that a walk inside their own traces comes to."""
    traces: set[str] = set()
    for chunk in chunked(ids):
        statement = select(c.trace_id).where(c.project_id == project_id, c.id.in_(chunk), c.trace_id.is_not(None))
        traces.update(connection.execute(statement.distinct()).scalars())
    children: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunked(traces):
        pairs = select(c.parent_id, c.id).where(
            c.project_id == project_id, c.trace_id.in_(chunk), c.parent_id.is_not(None), c.deleted_at.is_(None)
        )
        for parent_id, call_id in connection.execute(pairs):
            children[parent_id].append(call_id)
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        for call_id in children.pop(waiting.pop(), ()):
            found.add(call_id)
            waiting.append(call_id)
    return found
