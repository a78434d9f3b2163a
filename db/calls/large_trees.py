"""Pages of call trees that are too large to be walked for one: read on from a place in the tree, as far as a page goes.

What is known of a tree is a list in its order, of calls and of gaps, each of which stands for children that are not
read yet, with all that is below them. The gaps that a page could reach into are filled, again and again, until it
reaches into none. A cursor is such a list, too: what comes behind a call are its children, its further siblings, those
of its parent, and so on. So a page costs what it shows and its depth, wherever in the tree it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from db.calls.tables import calls
from db.calls.trees import STEP, Placed, Step, place, select_children

__all__ = ["Gap", "gaps_behind", "select_on"]

c = calls.c

_MOST_AT_ONCE = 2000
"""Children that are read for gaps together; with more of them they are read gap by gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The children of a call, ``depth`` levels below the top: all of them, or those behind one."""

    parent_id: str
    depth: int = 1
    behind: Step | None = None


def gaps_behind(above: Mapping[str, Step], top: str, call_id: str, *, levels: int | None = None) -> list[Gap] | None:
    """What comes behind a call in the tree below ``top``, by the calls that are ``above`` it and itself, deleted ones
    too; None where it is not in the tree."""
    way: dict[str, Step] = {}
    step = above.get(call_id)
    while step is not None and step.id != top and step.id not in way:
        way[step.id] = step
        step = None if step.parent_id is None else above.get(step.parent_id)
    if not way or step is None or step.id != top or (levels is not None and len(way) > levels):
        return None
    gaps = [Gap(call_id, len(way) + 1)] if levels is None or len(way) < levels else []
    for depth, step in zip(range(len(way), 0, -1), way.values(), strict=True):
        assert step.parent_id is not None, "each is below the top"
        if step.deleted:
            gaps.clear()  # all below it is gone
        gaps.append(Gap(step.parent_id, depth, step))
    return gaps


def select_on(
    connection: Connection,
    project_id: str,
    trees: Mapping[str, Sequence[Gap]],
    *,
    wanted: int,
    levels: int | None = None,
) -> dict[str, list[Placed]]:
    """The first calls that are shown of each tree, by its top: ``wanted`` of them where there are as many, down to
    ``levels``. The gaps of a tree say where in it to begin.

    A statement fills the gaps of all trees; those of a call with very many children take one each.
    """
    found = {top: _Tree(top, gaps, wanted, levels) for top, gaps in trees.items()}
    while reached := {top: gaps for top, tree in found.items() if (gaps := tree.reached())}:
        parents = {gap.parent_id for gaps in reached.values() for gap in gaps if gap.behind is None}
        children = _children(connection, project_id, parents)
        for top, gaps in reached.items():
            if children is None or gaps[0].behind is not None:
                found[top].fill({gaps[0]: _first(connection, project_id, gaps[0], wanted)})
            else:
                found[top].fill({gap: (children.get(gap.parent_id, ()), False) for gap in gaps})
    return {top: tree.shown() for top, tree in found.items()}


class _Tree:
    """What is known of the tree below ``top``, in its order."""

    def __init__(self, top: str, gaps: Iterable[Gap], wanted: int, levels: int | None) -> None:
        self._top, self._wanted, self._levels = top, wanted, levels
        self._known: list[Placed | Gap] = list(gaps)

    def reached(self) -> list[Gap]:
        """The gaps that the page reaches into: the first, and those behind it that are whole, up to one that is not."""
        gaps: list[Gap] = []
        shown = 0
        for each in self._known:
            if isinstance(each, Placed):
                shown += not each.hidden
                if shown == self._wanted:
                    break
            elif each.behind is None:
                gaps.append(each)
            else:
                return gaps or [each]
        return gaps

    def fill(self, read: Mapping[Gap, tuple[Sequence[Step], bool]]) -> None:
        """Put what was ``read`` into the gaps, in order, and whether there is more."""
        known: list[Placed | Gap] = []
        for each in self._known:
            if isinstance(each, Placed) or each not in read:
                known.append(each)
                continue
            steps, more = read[each]
            for step in steps:
                if step.deleted or step.id == self._top:
                    continue
                known.append(Placed(step.id, each.depth, hidden=step.started_at is None))
                if self._levels is None or each.depth < self._levels:
                    known.append(Gap(step.id, each.depth + 1))
            if more:
                known.append(Gap(each.parent_id, each.depth, steps[-1]))
        self._known = known

    def shown(self) -> list[Placed]:
        """The calls that are shown."""
        placed = [each for each in self._known if isinstance(each, Placed) and not each.hidden]
        return placed[: self._wanted]


def _children(connection: Connection, project_id: str, parents: Iterable[str]) -> dict[str, list[Step]] | None:
    """The children of calls, in order; None where there are too many."""
    wanted = list(parents)
    steps = select_children(connection, project_id, wanted, _MOST_AT_ONCE) if wanted else []
    if len(steps) > _MOST_AT_ONCE:
        return None
    children: defaultdict[str, list[Step]] = defaultdict(list)
    for step in sorted(steps, key=place):
        assert step.parent_id is not None, "it is a child"
        children[step.parent_id].append(step)
    return children


def _first(connection: Connection, project_id: str, gap: Gap, wanted: int) -> tuple[Sequence[Step], bool]:
    """The first children of a gap, as many as are ``wanted``, and whether there are more: two statements, since those
    that never started are last."""
    statement = select(*STEP).where(c.project_id == project_id, c.parent_id == gap.parent_id, c.deleted_at.is_(None))
    started = statement.where(c.started_at.is_not(None)).order_by(c.started_at, c.id)
    never = statement.where(c.started_at.is_(None)).order_by(c.id)
    parts = [started, never]
    if gap.behind is not None and gap.behind.started_at is None:
        parts = [never.where(c.id > gap.behind.id)]
    elif gap.behind is not None:
        parts[0] = started.where(tuple_(c.started_at, c.id) > (gap.behind.started_at, gap.behind.id))
    steps: list[Step] = []
    for part in parts:
        steps += [Step(*row) for row in connection.execute(part.limit(wanted + 1 - len(steps)))]
        if len(steps) > wanted:
            return steps[:wanted], True
    return steps, False
