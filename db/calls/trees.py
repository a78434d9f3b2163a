"""Call trees: walked over ids alone. Ids come from clients, so there may be cycles, and anything may be missing.

A level is a statement, however broad it is; after a few levels the traces that were reached are read whole, so that a
chain of thousands of calls is not thousands of statements. Each statement has a constant project (a recursive one that
passes the project along is refused past one machine).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, bindparam, select

from db.calls.tables import calls
from db.id_lists import among_bound
from db.metadata import Name
from db.prepared import Prepared

__all__ = [
    "STEP",
    "Below",
    "Placed",
    "Step",
    "below_in",
    "depth_first",
    "descendant_ids",
    "place",
    "select_children",
    "walk_above",
    "walk_below",
    "way_up",
]

c = calls.c

_SHALLOW = 8
"""Levels that are read one by one; deeper trees are walked in memory."""

LARGEST_TRACE = 200_000
"""Calls of the traces that are read whole; in larger ones the walk goes on level by level."""

BROAD = 1000
"""Calls of a level for which reading it as such costs no more than reading traces whole."""

MOST_LEVELS = 1000
"""Levels that a bounded walk reads one by one."""


class Step(NamedTuple):
    """A call as a walk sees it; what never started has no ``started_at`` and is not shown, but walked through."""

    id: str
    parent_id: str | None
    started_at: int | None
    deleted: bool


STEP = (c.id, c.parent_id, c.started_at, c.deleted_at.is_not(None).label("deleted"))
"""The columns of a step: the index of calls by their parents has them all."""


@dataclass(frozen=True, slots=True)
class Below:
    """What lies below some calls: the children of each call that was walked, by start and id; those not started are
    last, and deleted ones are among them. ``cut`` says that there is more."""

    children: Mapping[str, Sequence[Step]]
    cut: bool


class Placed(NamedTuple):
    """A call below another: ``depth`` levels, 1 for a child. Hidden are calls that never started or are deleted, and
    all that is below a deleted one."""

    id: str
    depth: int
    hidden: bool


def walk_below(
    connection: Connection,
    project_id: str,
    ids: Iterable[str],
    *,
    levels: int | None = None,
    most: int | None = None,
    most_levels: int = MOST_LEVELS,
) -> Below:
    """The calls below ``ids``, down to ``levels`` at least; each is walked once, whatever its parents say. The walk is
    cut where it comes to more than ``most``, or to ``most_levels`` that no trace read whole can spare it."""
    walk = _Walk(connection, project_id, set(ids), most)
    level = list(walk.met)
    depth = 0
    cut = False
    while level and (levels is None or depth < levels):
        depth += 1
        if most is not None and (len(walk.met) > most or depth > most_levels):
            cut = True
            break
        level = walk.take(walk.rows(level))
        if level and depth % _SHALLOW == 0 and len(level) <= BROAD:
            level = walk.take_traces(level)
    for steps in walk.children.values():
        steps.sort(key=place)
    return Below(walk.children, cut or (most is not None and len(walk.met) > most))


def place(step: Step) -> tuple[bool, int, str]:
    """What siblings are sorted by."""
    return step.started_at is None, step.started_at or 0, step.id


class _Walk:
    """What a walk down has read so far."""

    def __init__(self, connection: Connection, project_id: str, met: set[str], most: int | None) -> None:
        self.connection, self.project_id, self.met, self.most = connection, project_id, met, most
        self.children: defaultdict[str, list[Step]] = defaultdict(list)

    def rows(self, parents: Collection[str]) -> list[Step]:
        """The children of ``parents``."""
        return select_children(self.connection, self.project_id, parents, self.most)

    def take(self, steps: Iterable[Step]) -> list[str]:
        """Put calls below their parents; returns those that were not met before."""
        new: list[str] = []
        for step in steps:
            assert step.parent_id is not None, "only calls below others are read"
            self.children[step.parent_id].append(step)
            if step.id not in self.met:
                self.met.add(step.id)
                new.append(step.id)
        return new

    def take_traces(self, level: Sequence[str]) -> list[str]:
        """Walk down from ``level`` inside the traces it lies in; returns what was met below in other traces. Where the
        traces are too large nothing is done: ``level`` itself is returned."""
        traces = _traces_of(self.connection, self.project_id, level)
        steps = _steps_of_traces(self.connection, self.project_id, traces, self.most)
        if steps is None:
            return list(level)
        inside: defaultdict[str, list[Step]] = defaultdict(list)
        for step in steps:
            if step.parent_id is not None:
                inside[step.parent_id].append(step)
        walked: list[str] = []
        waiting = list(level)
        while waiting:
            walked += waiting
            waiting = self.take(step for call_id in waiting for step in inside.pop(call_id, ()))
        return self.take(step for step in self.rows(walked) if step.id not in self.met)


_PROJECT = c.project_id == bindparam("project", type_=Name())


def _reading(*columns: ColumnElement[Any], by: ColumnElement[Any]) -> Select[Any]:
    """Reads ``columns`` of the calls of a project that have one of the ids in the column ``by``."""
    return select(*columns).where(_PROJECT, among_bound(by, "ids"))


_MOST = bindparam("most", type_=BigInteger())
_ALL = (1 << 63) - 1

_CALLS = Prepared(_reading(*STEP, by=c.id))
_CHILDREN = Prepared(_reading(*STEP, by=c.parent_id).limit(_MOST))
_OF_TRACES = Prepared(_reading(*STEP, by=c.trace_id).limit(_MOST))
_TRACES = Prepared(_reading(c.trace_id, by=c.id).where(c.trace_id.is_not(None)).distinct())


def _traces_of(connection: Connection, project_id: str, ids: Collection[str]) -> list[str]:
    return [trace_id for (trace_id,) in _TRACES.fetch(connection, {"project": project_id, "ids": ids})]


def _steps_of_traces(
    connection: Connection, project_id: str, traces: Collection[str], most: int | None = None
) -> list[Step] | None:
    """All calls of the traces; None for more than ``LARGEST_TRACE``, or ``most``."""
    limit = LARGEST_TRACE if most is None else min(most, LARGEST_TRACE)
    steps = _steps(connection, _OF_TRACES, project=project_id, ids=traces, most=limit + 1)
    return None if len(steps) > limit else steps


def select_children(
    connection: Connection, project_id: str, parents: Collection[str], most: int | None = None
) -> list[Step]:
    """The children of ``parents``, of which there is one, in no order; of more than ``most`` one more than these."""
    return _steps(connection, _CHILDREN, project=project_id, ids=parents, most=_ALL if most is None else most + 1)


def _steps(connection: Connection, statement: Prepared, **values: Any) -> list[Step]:
    return list(map(Step._make, statement.fetch(connection, values)))


def depth_first(below: Below, top: str, *, levels: int | None = None) -> Iterator[Placed]:
    """The calls below ``top`` in the order of the tree, each once: a call, what is below it, then its next sibling."""
    met = {top}
    waiting = [(step, 1, False) for step in reversed(below.children.get(top, ()))]
    while waiting:
        step, depth, beneath_deleted = waiting.pop()
        if step.id in met:
            continue
        met.add(step.id)
        gone = beneath_deleted or step.deleted
        yield Placed(step.id, depth, gone or step.started_at is None)
        children = below.children.get(step.id)
        if children and (levels is None or depth < levels):  # most have none
            waiting += [(child, depth + 1, gone) for child in reversed(children)]


def below_in(below: Below, tops: Iterable[str]) -> set[str]:
    """Ids of the calls below ``tops`` that are not deleted, nor below a deleted one; those that never started are among
    them."""
    found: set[str] = set()
    waiting = list(tops)
    while waiting:
        waiting = [
            step.id
            for call_id in waiting
            for step in below.children.get(call_id, ())
            if not step.deleted and step.id not in found
        ]
        found.update(waiting)
    return found


def descendant_ids(connection: Connection, project_id: str, ids: Iterable[str]) -> set[str]:
    """Ids of all calls below ``ids``, as ``below_in``."""
    tops = list(ids)
    return below_in(walk_below(connection, project_id, tops), tops)


def walk_above(
    connection: Connection, project_id: str, ids: Iterable[str], *, most_levels: int | None = MOST_LEVELS
) -> dict[str, Step]:
    """The calls of ``ids`` and, at least, all above them, by id; what is not there is missing. The walk is cut where it
    comes to ``most_levels`` that no trace read whole can spare it."""
    met: dict[str, Step] = {}
    level = list(dict.fromkeys(ids))
    asked = set(level)
    whole = False
    for depth in count(1) if most_levels is None else range(1, most_levels + 1):
        steps = _steps(connection, _CALLS, project=project_id, ids=level)
        met.update((step.id, step) for step in steps)
        if depth % _SHALLOW == 0 and not whole:
            traces = _traces_of(connection, project_id, level)
            inside = _steps_of_traces(connection, project_id, traces)
            whole = inside is None
            met.update((step.id, step) for step in inside or ())
        level = []
        for step in steps:
            above: Step | None = step
            while above is not None and above.parent_id is not None and above.parent_id not in asked:
                asked.add(above.parent_id)
                if above.parent_id not in met:
                    level.append(above.parent_id)
                above = met.get(above.parent_id)
        if not level:
            break
    return met


def way_up(met: Mapping[str, Step], call_id: str) -> list[str]:
    """The shown calls above a call, the nearest first: up to one without a parent that is there, or to where a cycle of
    parents closes. One that never started is passed over."""
    way: list[str] = []
    passed = {call_id}
    step = met.get(call_id)
    while step is not None and step.parent_id is not None and step.parent_id not in passed:
        passed.add(step.parent_id)
        step = met.get(step.parent_id)
        if step is None or step.deleted:
            break
        if step.started_at is not None:
            way.append(step.id)
    return way
