"""Two runs side by side: the values of each metric, paired by datapoint (docs/honeyhive.md, "Results of experiments").

Nothing here reads anything: values come in, comparisons go out.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from resolvers.experiments.aggregates import Aggregate, Value, aggregate, combined
from resolvers.experiments.goals import BetterWhen, Change, Goal

__all__ = [
    "Measured",
    "MetricComparison",
    "MetricKey",
    "Pair",
    "Series",
    "compare_metrics",
    "difference_of",
    "series_of",
]


class MetricKey(NamedTuple):
    """A metric where it is measured: events of one name and type, or sessions, whatever each is called."""

    name: str
    event_name: str
    event_type: str


class Measured(NamedTuple):
    """A value of a metric."""

    key: MetricKey
    datapoint_id: str | None
    value: Value
    entry: str = ""
    """Name of the entry of the run that it belongs to (``resolvers.experiments.judgement``)."""

    event_name: str = ""
    """Of its own event."""


Series = Sequence[Measured]
"""The values of one metric in one run, in the order of their events."""


class Pair(NamedTuple):
    """The values of a metric for one datapoint in two runs, and what became of it."""

    datapoint_id: str
    old: Value
    new: Value
    change: Change


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """A metric in two runs. Aggregates are of all values of a run, pairs of the datapoints that both have."""

    old: MetricKey | None
    new: MetricKey | None
    """Where it is measured; None in the run that does not have it."""

    better_when: BetterWhen
    old_aggregate: float | None
    new_aggregate: float | None
    pairs: Sequence[Pair]

    @property
    def key(self) -> MetricKey:
        """Where it is measured, in the new run if it is there."""
        key = self.new or self.old
        assert key is not None, "a comparison is of a metric that one of the runs has"
        return key

    @property
    def difference(self) -> float | None:
        """The new aggregate less the old one; None where one is missing."""
        return difference_of(self.old_aggregate, self.new_aggregate)

    @property
    def percentage_change(self) -> float | None:
        """The difference in hundredths of the old aggregate's size: 0 where there is none, None where the old one is 0
        and the new one is not."""
        difference = self.difference
        if difference is None or not self.old_aggregate:
            return 0.0 if difference == 0 else None
        share = difference / abs(self.old_aggregate) * 100
        return share if math.isfinite(share) else None

    def having(self, change: Change) -> list[str]:
        """The datapoints of which this became."""
        return [pair.datapoint_id for pair in self.pairs if pair.change is change]


def difference_of(old: float | None, new: float | None) -> float | None:
    """``new - old``; None where one is missing, or the difference is past the largest double."""
    if old is None or new is None:
        return None
    difference = new - old
    return difference if math.isfinite(difference) else None


def series_of(values: Iterable[Measured]) -> dict[MetricKey, list[Measured]]:
    """The values by metric, metrics in the order of their names."""
    found: defaultdict[MetricKey, list[Measured]] = defaultdict(list)
    for measured in values:
        found[measured.key].append(measured)
    return dict(sorted(found.items()))


def compare_metrics(
    old: Iterable[Measured], new: Iterable[Measured], function: Aggregate, goal: Callable[[str], Goal]
) -> list[MetricComparison]:
    """Each metric of two runs, in the order of names; ``goal`` says what is wanted of the one of a name."""
    before, after = series_of(old), series_of(new)
    found = [
        _compare(left, right, before[left] if left else (), after[right] if right else (), function, goal)
        for left, right in _matched(before, after)
    ]
    return sorted(found, key=lambda comparison: comparison.key)


def _matched(
    old: Mapping[MetricKey, Series], new: Mapping[MetricKey, Series]
) -> Iterator[tuple[MetricKey | None, MetricKey | None]]:
    """The metrics of one run with those of the other: the same name at events of the same name and type, or, where
    each run has the name once, whatever the events: a function that was renamed, a run of another origin."""
    before, after = Counter(key.name for key in old), Counter(key.name for key in new)
    alone = {key.name: key for key in new if before[key.name] == after[key.name] == 1}
    taken: set[MetricKey] = set()
    for key in old:
        match = key if key in new else alone.get(key.name)
        if match is not None:
            taken.add(match)
        yield key, match
    for key in new:
        if key not in taken:
            yield None, key


def _compare(
    old: MetricKey | None,
    new: MetricKey | None,
    before: Series,
    after: Series,
    function: Aggregate,
    goal: Callable[[str], Goal],
) -> MetricComparison:
    key = new or old
    assert key is not None, "one of the runs has it"
    wanted = goal(key.name)
    left, right = _by_datapoint(before), _by_datapoint(after)
    pairs = [
        Pair(datapoint_id, value, right[datapoint_id], wanted.change(value, right[datapoint_id]))
        for datapoint_id, value in left.items()
        if datapoint_id in right
    ]
    return MetricComparison(
        old,
        new,
        wanted.better_when,
        aggregate((measured.value for measured in before), function),
        aggregate((measured.value for measured in after), function),
        pairs,
    )


def _by_datapoint(series: Series) -> dict[str, Value]:
    """One value a datapoint, in the order in which they come first; values without a datapoint are left out."""
    found: defaultdict[str, list[Value]] = defaultdict(list)
    for measured in series:
        if measured.datapoint_id is not None:
            found[measured.datapoint_id].append(measured.value)
    return {datapoint_id: combined(values) for datapoint_id, values in found.items()}
