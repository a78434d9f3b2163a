"""What the turns of threads add up to. A turn is a call whose id is its turn id."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Double, FromClause, Subquery, case, cast, func, select

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.group_filters import GroupFilter
from db.query.fields import FieldType
from db.unordered import GroupBy

__all__ = ["TURN_COLUMNS", "TURN_FIELDS", "ThreadFilter", "turn_statistics"]

c = calls.c

_DURATION = func.coalesce(c.duration, c.ended_at - c.started_at)


def _ranks(thread: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """Places of a turn among those of its thread, from 1, and how many of them have a duration."""
    return {
        "from_first": func.row_number().over(partition_by=thread, order_by=(c.started_at, c.id)),
        # Turns that still run come behind those that ended, the one begun last first.
        "from_last": func.row_number().over(
            partition_by=thread, order_by=(c.ended_at.desc().nulls_last(), c.started_at.desc(), c.id.desc())
        ),
        "by_duration": func.row_number().over(partition_by=thread, order_by=_DURATION.asc().nulls_last()),
        "timed": func.count(_DURATION).over(partition_by=thread),
    }


_NEEDS = {
    "first_turn_id": ("from_first",),
    "last_turn_id": ("from_last",),
    "p50_turn_duration_ms": ("by_duration", "timed"),
    "p99_turn_duration_ms": ("by_duration", "timed"),
}


def _percentile(turns: FromClause, percent: int) -> ColumnElement[Any]:
    """Milliseconds at ``percent``, linear between the nearest ranks; null where no turn has a duration.

    Whole numbers find the ranks, and doubles only weigh the two durations there, so both databases give one result.
    """
    scaled = (turns.c.timed - 1) * percent
    rank, above = scaled // 100, scaled % 100
    place = turns.c.by_duration - 1
    weight = case((place == rank, 100 - above), (place == rank + 1, above))
    return func.sum(cast(turns.c.duration, Double) * cast(weight, Double)) / 100_000


_AGGREGATES: dict[str, Callable[[FromClause], ColumnElement[Any]]] = {
    "turn_count": lambda turns: func.count(turns.c.id),
    "start_time": lambda turns: func.min(turns.c.started_at),
    "last_updated": lambda turns: func.max(turns.c.ended_at),
    "first_turn_id": lambda turns: func.min(case((turns.c.from_first == 1, turns.c.id))),
    "last_turn_id": lambda turns: func.min(case((turns.c.from_last == 1, turns.c.id))),
    "p50_turn_duration_ms": lambda turns: _percentile(turns, 50),
    "p99_turn_duration_ms": lambda turns: _percentile(turns, 99),
}

TURN_COLUMNS = tuple(_AGGREGATES)
"""What the turns of a thread can be asked for, by the names that rows carry."""


TURN_FIELDS = {
    "turn_count": FieldType.INTEGER,
    "start_time": FieldType.TIME,
    "last_updated": FieldType.TIME,
    "p50_turn_duration_ms": FieldType.FLOAT,
    "p99_turn_duration_ms": FieldType.FLOAT,
}
"""What threads can be sorted by beside what all groups can."""


@dataclass(frozen=True, kw_only=True)
class ThreadFilter(GroupFilter):
    """Which threads a list holds, by their turns too. Both bounds are exclusive, as in Weave's API."""

    start_time_after: int | None = None
    updated_before: int | None = None
    has_ended_turns: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the conditions read."""
        read = {
            "start_time": self.start_time_after is not None,
            "last_updated": self.updated_before is not None or self.has_ended_turns,
        }
        return super().columns | {name for name, is_read in read.items() if is_read}

    def of_calls(self, project_id: str, column: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """Conditions on the calls that are grouped."""
        named: list[ColumnElement[bool]] = [] if self.keys else [c.thread_id != ""]
        return [*named, *super().of_calls(project_id, column)]

    def of_groups(self, groups: FromClause) -> list[ColumnElement[bool]]:
        """Conditions on the threads."""
        found = super().of_groups(groups)
        if self.start_time_after is not None:
            found.append(groups.c.start_time > self.start_time_after)
        if self.updated_before is not None:
            found.append(groups.c.last_updated < self.updated_before)
        if self.has_ended_turns:
            found.append(groups.c.last_updated.is_not(None))
        return found


def turn_statistics(
    project_id: str,
    conditions: Sequence[ColumnElement[bool]],
    columns: Collection[str],
    grouped: GroupBy,
) -> Subquery | None:
    """A row a thread with turns: its id and those of ``TURN_COLUMNS`` that ``columns`` names; None for none of them.
    Turns are ``grouped`` by thread."""
    wanted = [name for name in TURN_COLUMNS if name in columns]
    if not wanted:
        return None
    ranks = {rank for name in wanted for rank in _NEEDS.get(name, ())}
    turns = (
        select(
            c.thread_id,
            c.id,
            c.started_at,
            c.ended_at,
            _DURATION.label("duration"),
            *(expression.label(name) for name, expression in _ranks(grouped(c.thread_id)).items() if name in ranks),
        )
        .where(c.project_id == project_id, SHOWN, c.turn_id == c.id, c.thread_id.is_not(None), *conditions)
        .subquery()
    )
    aggregates = (_AGGREGATES[name](turns).label(name) for name in wanted)
    return select(turns.c.thread_id, *aggregates).group_by(grouped(turns.c.thread_id)).subquery()
