"""Which calls belong to an experiment, as SQL.

- those recorded in it: ``calls.experiment_id``;
- those that it names, as an event or by their session;
- of a Weave evaluation: the calls of its trace, or those below its call where that has calls above it.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Select, Subquery, or_, select, union

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.chunks import chunked
from db.experiments.tables import experiment_members, experiments
from db.id_lists import one_of

__all__ = ["in_experiments", "members_of", "select_experiments_of", "select_experiments_of_sessions"]

NAMING_CALLS = ("event", "session")
"""The lists of an experiment that name calls. SDKs put ids of sessions into the list of events: an id in either is
that of a call, or that of a session."""

c, e, m = calls.c, experiments.c, experiment_members.c


def members_of(project_id: str, ids: Iterable[str]) -> Subquery:
    """The calls of each of some experiments: ``experiment_id`` and ``call_id``, each pair once.

    Calls that are not shown are among them.
    """
    wanted = list(ids)
    recorded = _pairs(c.experiment_id).where(c.project_id == project_id, one_of(c.experiment_id, wanted))
    named = [
        _pairs(m.experiment_id).where(
            m.project_id == project_id,
            one_of(m.experiment_id, wanted),
            m.role.in_(NAMING_CALLS),
            c.project_id == project_id,
            column == m.member_id,
        )
        for column in (c.id, c.session_id)
    ]
    traced = _pairs(e.id).where(
        e.project_id == project_id,
        one_of(e.id, wanted),
        e.nested.is_(False),
        c.project_id == project_id,
        c.trace_id == e.trace_id,
    )
    return union(recorded, *named, traced, _below(project_id, wanted)).subquery()


def in_experiments(project_id: str, ids: Iterable[str]) -> ColumnElement[bool]:
    """The condition on ``calls`` of belonging to one of some experiments."""
    return calls.c.id.in_(select(members_of(project_id, ids).c.call_id))


def _pairs(experiment_id: ColumnElement[str]) -> Select[tuple[str, str]]:
    return select(experiment_id.label("experiment_id"), c.id.label("call_id"))


def _below(project_id: str, ids: list[str]) -> Select[tuple[str, str]]:
    """The calls of evaluations inside larger traces, walked down from their calls; each once, so that cycles end."""
    first = select(e.id.label("experiment_id"), e.id.label("call_id")).where(
        e.project_id == project_id, one_of(e.id, ids), e.nested.is_(True)
    )
    walked = first.cte("walked", recursive=True)
    further = _pairs(walked.c.experiment_id).where(c.project_id == project_id, c.parent_id == walked.c.call_id)
    reached = walked.union(further)
    return select(reached.c.experiment_id, reached.c.call_id)


def select_experiments_of(connection: Connection, project_id: str, call_ids: Iterable[str]) -> dict[str, str]:
    """The experiment of each shown call that belongs to one, by call id: the one that it was recorded in, else the
    newest that names it or whose evaluation it is part of, so that of evaluations inside each other the inner one is
    meant. Three statements a chunk, and one more where evaluations lie inside larger traces.
    """
    found: dict[str, str] = {}
    for chunk in chunked(call_ids):
        found |= _experiments_of(connection, project_id, chunk)
    return found


def _experiments_of(connection: Connection, project_id: str, call_ids: Sequence[str]) -> Mapping[str, str]:
    columns = (c.id, c.experiment_id, c.session_id, c.trace_id)
    rows = connection.execute(select(*columns).where(c.project_id == project_id, c.id.in_(call_ids), SHOWN)).all()
    named = _naming(connection, project_id, {name for row in rows for name in (row.id, row.session_id) if name})
    candidates = {row.experiment_id for row in rows if row.experiment_id}.union(*named.values())
    known = connection.execute(
        select(e.id, e.trace_id, e.nested, e.created_at).where(
            e.project_id == project_id,
            or_(one_of(e.id, candidates), one_of(e.trace_id, {row.trace_id for row in rows})),
        )
    ).all()
    age = {row.id: (row.created_at, row.id) for row in known}
    traced: dict[str, list[str]] = {}
    for row in known:
        if row.trace_id is not None and not row.nested:
            traced.setdefault(row.trace_id, []).append(row.id)
    below = _evaluations_around(connection, project_id, [row.id for row in known if row.nested], call_ids)
    found: dict[str, str] = {}
    for row in rows:
        if row.experiment_id in age:
            found[row.id] = row.experiment_id
            continue
        others = {
            *named.get(row.id, ()),
            *named.get(row.session_id, ()),
            *traced.get(row.trace_id, ()),
            *below.get(row.id, ()),
        }
        if others := others & age.keys():
            found[row.id] = max(others, key=lambda each: age[each])
    return found


def _naming(connection: Connection, project_id: str, ids: Iterable[str]) -> Mapping[str, list[str]]:
    """The experiments that name calls or sessions, by the id they name."""
    naming: dict[str, list[str]] = {}
    for chunk in chunked(ids):
        statement = select(m.member_id, m.experiment_id).where(
            m.project_id == project_id, m.member_id.in_(chunk), m.role.in_(NAMING_CALLS)
        )
        for member_id, experiment_id in connection.execute(statement):
            naming.setdefault(member_id, []).append(experiment_id)
    return naming


def _evaluations_around(
    connection: Connection, project_id: str, nested: Sequence[str], call_ids: Sequence[str]
) -> Mapping[str, list[str]]:
    """Those of the evaluations inside larger traces that calls are part of, by call."""
    around: dict[str, list[str]] = {}
    for chunk in chunked(nested):
        members = members_of(project_id, chunk)
        statement = select(members.c.call_id, members.c.experiment_id).where(members.c.call_id.in_(call_ids))
        for call_id, experiment_id in connection.execute(statement):
            around.setdefault(call_id, []).append(experiment_id)
    return around


def select_experiments_of_sessions(
    connection: Connection, project_id: str, session_ids: Iterable[str]
) -> dict[str, str]:
    """The experiment of each session that has one, by session id: one that a call of it was recorded in, else one that
    names it; of several the newest. Three statements a chunk."""
    found: dict[str, str] = {}
    for chunk in chunked(session_ids):
        recorded = select(c.session_id, c.experiment_id).where(
            c.project_id == project_id, c.session_id.in_(chunk), c.experiment_id.is_not(None), SHOWN
        )
        of_calls: dict[str, list[str]] = {}
        for session_id, experiment_id in connection.execute(recorded.distinct()):
            of_calls.setdefault(session_id, []).append(experiment_id)
        named = _naming(connection, project_id, chunk)
        ids = {each for several in (*of_calls.values(), *named.values()) for each in several}
        ages = select(e.id, e.created_at).where(e.project_id == project_id, one_of(e.id, ids))
        age = {row.id: (row.created_at, row.id) for row in connection.execute(ages)}
        for session_id in chunk:
            for several in (of_calls.get(session_id, ()), named.get(session_id, ())):
                if session_id not in found and (stored := age.keys() & set(several)):
                    found[session_id] = max(stored, key=lambda each: age[each])
    return found
