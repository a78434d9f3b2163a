"""The run, the dataset and the datapoint of calls, which the calls of a session have from the session's own call."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, or_, select, update

from db.calls.tables import calls
from db.chunks import chunked
from db.id_lists import among
from db.metadata import Name
from db.picks import Held, picked

__all__ = ["LINKS", "LinkMove", "move_links", "select_links", "select_sessions_with_others"]

c = calls.c

LINKS = {"experiment_id": "run_id", "dataset_id": "dataset_id", "datapoint_id": "datapoint_id"}
"""Column -> what ``attributes.honeyhive.metadata`` calls it."""

_ATTRIBUTES = Held(c.project_id, (c.id,), c.attributes, c.attributes_query, c.start_size)


class LinkMove(NamedTuple):
    """A session's own call is part of ``after`` now, and was of ``before``; None is nothing."""

    session_id: str
    column: str
    before: str | None
    after: str | None


def select_links(
    connection: Connection, project_id: str, session_ids: Iterable[str]
) -> dict[str, dict[str, str | None]]:
    """What the own calls of sessions are part of, by column; those that are part of nothing, and deleted ones, are
    missing."""
    columns = [c[name] for name in LINKS]
    linked = or_(*(column.is_not(None) for column in columns))
    found: dict[str, dict[str, str | None]] = {}
    for chunk in chunked(session_ids):
        where = (c.project_id == project_id, among(c.id, chunk), c.session_id == c.id, c.deleted_at.is_(None), linked)
        for call_id, *links in connection.execute(select(c.id, *columns).where(*where)):
            found[call_id] = dict(zip(LINKS, links, strict=True))
    return found


def select_sessions_with_others(connection: Connection, project_id: str, session_ids: Iterable[str]) -> set[str]:
    """Those of ``session_ids`` with a call beside their own."""
    found: set[str] = set()
    for chunk in chunked(session_ids):
        where = (c.project_id == project_id, among(c.session_id, chunk), c.id != c.session_id)
        found.update(connection.execute(select(c.session_id).where(*where).distinct()).scalars())
    return found


def move_links(
    connection: Connection, project_id: str, moves: Sequence[LinkMove], change_seq: int, changed_at: int
) -> None:
    """Let the calls of sessions follow: those that are part of nothing, and those that are part of what their session
    was part of without naming it themselves. One statement a column."""
    for name, named in LINKS.items():
        rows = [
            {"b_session": move.session_id, "b_before": move.before, "b_after": move.after}
            for move in moves
            if move.column == name
        ]
        if not rows:
            continue
        own = picked(_ATTRIBUTES, ["honeyhive", "metadata", named])
        inherited = and_(c[name] == bindparam("b_before", type_=Name), or_(own.is_(None), own == "null"))
        shown = c.started_at.is_not(None)
        statement = (
            update(calls)
            .where(
                c.project_id == project_id,
                c.session_id == bindparam("b_session", type_=Name),
                c.id != c.session_id,
                c.deleted_at.is_(None),
                or_(c[name].is_(None), inherited),
            )
            .values(
                {
                    name: bindparam("b_after", type_=Name),
                    "change_seq": change_seq,
                    # What nobody sees is not seen to change.
                    "updated_seq": case((shown, change_seq), else_=c.updated_seq),
                    "updated_at": case((shown, changed_at), else_=c.updated_at),
                }
            )
        )
        connection.execute(statement, rows)
