"""What groups of calls consist of: how long their traces and turns took, and which ops were called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement

from db.group_parts import select_ops, select_trace_durations, select_turn_durations
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["Durations", "group_ops", "trace_durations", "turn_durations"]


@dataclass(frozen=True, slots=True)
class Durations:
    """How long several things took; microseconds, in order, at least one."""

    ordered: Sequence[int]

    @property
    def mean_ms(self) -> float:
        """The mean."""
        return sum(self.ordered) / len(self.ordered) / 1000

    def percentile_ms(self, percent: int) -> float:
        """Milliseconds at ``percent``, linear between the nearest ranks."""
        rank, above = divmod((len(self.ordered) - 1) * percent, 100)
        if above == 0:
            return self.ordered[rank] / 1000
        return (self.ordered[rank] * (100 - above) + self.ordered[rank + 1] * above) / 100_000


async def turn_durations(
    context: Context, keys: Sequence[tuple[str, str]], *, column: ColumnElement[Any]
) -> list[Durations | None]:
    """How long the turns of each (project, key) took; None where none has ended."""
    return await _durations(context, keys, select_turn_durations, column)


async def trace_durations(
    context: Context, keys: Sequence[tuple[str, str]], *, column: ColumnElement[Any]
) -> list[Durations | None]:
    """How long the traces of each (project, key) took; None where none has ended."""
    return await _durations(context, keys, select_trace_durations, column)


async def _durations(
    context: Context,
    keys: Sequence[tuple[str, str]],
    select: Callable[..., Mapping[str, list[int]]],
    column: ColumnElement[Any],
) -> list[Durations | None]:
    found = await read_by_key(context, keys, partial(select, column=column))
    return [None if durations is None else Durations(sorted(durations)) for durations in found]


async def group_ops(
    context: Context, keys: Sequence[tuple[str, str]], *, column: ColumnElement[Any]
) -> list[list[Row]]:
    """The ops that the calls of each (project, key) are of, the most called first."""
    found = await read_by_key(context, keys, partial(select_ops, column=column))
    return [ops or [] for ops in found]
