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
    """Give calls that begin what their sessions have, where they do not name it themselves."""
    lacking = [
        change.columns
        for call_id, change in changes.items()
        if change.start is not None
        and change.columns["session_id"] not in {None, call_id}
        and any(change.columns[name] is None for name in LINKS)
    ]
    if not lacking:
        return
    sessions = dict.fromkeys(columns["session_id"] for columns in lacking)
    known = select_links(connection, project, sessions)
    for columns in lacking:
        session_id = columns["session_id"]
        beside = changes[session_id].columns if session_id in changes else {}
        links = {**known.get(session_id, {}), **{name: beside[name] for name in LINKS if name in beside}}
        columns.update({name: link for name, link in links.items() if columns[name] is None})


def pass_on_links(connection: Connection, project: str, changes: Mapping[str, CallChange], at: int) -> None:
    """Let the calls that are there already follow the sessions whose own calls name something else now."""
    moves = [move for call_id, change in changes.items() for move in _moves(call_id, change)]
    if not moves:
        return
    others = select_sessions_with_others(connection, project, dict.fromkeys(move.session_id for move in moves))
    following = [move for move in moves if move.session_id in others]
    if following:
        move_links(connection, project, following, lock(connection, project, at), at)


def _moves(call_id: str, change: CallChange) -> list[LinkMove]:
    session_id = change.columns.get("session_id") or (change.content and change.content.session_id)
    if session_id != call_id:
        return []
    return [
        LinkMove(session_id, name, None if change.content is None else getattr(change.content, name), after)
        for name in LINKS
        if (after := change.columns.get(name)) is not None
    ]
