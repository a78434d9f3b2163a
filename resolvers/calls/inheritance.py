"""What the calls of a session have from the session's own call: the run, the dataset and the datapoint that it names.

The session's own call is the one whose id is the session's. It may come after the others, and learn its run later.
"""

from collections.abc import Mapping

from sqlalchemy import Connection

from db.calls.links import LINKS, LinkMove, move_links, select_links, select_sessions_with_others
from db.projects import lock
from resolvers.calls.merge import CallChange

__all__ = ["inherit_links", "pass_on_links"]


def inherit_links(connection: Connection, project: str, changes: Mapping[str, CallChange]) -> None:
    """Give calls that begin, or name something no more, what their sessions have."""
    lacking = []
    for call_id, change in changes.items():
        session_id = _session_of(change)
        names = [name for name in LINKS if name in change.columns and change.columns[name] is None]
        if names and session_id not in {None, call_id}:
            lacking.append((change.columns, session_id, names))
    if not lacking:
        return
    known = select_links(connection, project, dict.fromkeys(session_id for _, session_id, _ in lacking))
    for columns, session_id, names in lacking:
        # Of a session in the same batch what it is about to be part of: its calls are not seen to change afterwards.
        session = changes.get(session_id)
        beside = session.columns if session is not None and _session_of(session) == session_id else {}
        links = {**known.get(session_id, {}), **{name: beside[name] for name in LINKS if name in beside}}
        columns.update({name: links[name] for name in names if name in links})


def pass_on_links(connection: Connection, project: str, changes: Mapping[str, CallChange], at: int) -> None:
    """Let the calls that are there already follow the sessions whose own calls name something else now."""
    moves = [move for call_id, change in changes.items() for move in _moves(call_id, change)]
    if not moves:
        return
    others = select_sessions_with_others(connection, project, dict.fromkeys(move.session_id for move in moves))
    following = [move for move in moves if move.session_id in others]
    if following:
        move_links(connection, project, following, lock(connection, project, at), at)


def _session_of(change: CallChange) -> str | None:
    known = None if change.content is None else change.content.session_id
    session_id: str | None = change.columns.get("session_id", known)
    return session_id


def _moves(call_id: str, change: CallChange) -> list[LinkMove]:
    if _session_of(change) != call_id:
        return []
    before = {name: None if change.content is None else getattr(change.content, name) for name in LINKS}
    after = {name: change.columns.get(name, before[name]) for name in LINKS}
    return [LinkMove(call_id, name, before[name], after[name]) for name in LINKS if after[name] != before[name]]
