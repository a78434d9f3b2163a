"""Which datapoints of a run pass, and what each metric comes to (docs/honeyhive.md, "Results of experiments").

Nothing here reads anything: values come in, results go out.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from resolvers.experiments.aggregates import Aggregate, Value, aggregate, combined
from resolvers.experiments.comparison import Measured, MetricKey, series_of
from resolvers.experiments.goals import Goal

__all__ = ["DatapointMetric", "DatapointResult", "Entry", "Judgement", "MetricResult", "judge"]


class Entry(NamedTuple):
    """A datapoint of a run, or a session of it that is over none; of an evaluation of Weave, a row."""

    name: str
    """What lists of the passed and the failed call it: the id of the datapoint, else of the session, else of the
    row's call."""

    datapoint_id: str | None
    session_id: str
    call_id: str
    """Of several sessions or rows the first. The call is the session's own, or the row's; it may be missing."""

    began: int
    """Microseconds."""

    def over(self, twins: Mapping[str, str]) -> "Entry":
        """The same over the twin of its datapoint, if that has one."""
        twin = None if self.datapoint_id is None else twins.get(self.datapoint_id)
        return self if twin is None else self._replace(name=twin, datapoint_id=twin)


class DatapointMetric(NamedTuple):
    """A metric of a datapoint; ``passed`` is None where nothing says which values pass."""

    key: MetricKey
    value: Value
    passed: bool | None
    event_name: str
    """Of the first event that it was measured at."""


class DatapointResult(NamedTuple):
    """What a datapoint came to. It passes where all its values pass that are judged."""

    entry: Entry
    passed: bool
    metrics: Sequence[DatapointMetric]


class MetricResult(NamedTuple):
    """What a metric came to, over all its values, which stand in the order of their events."""

    key: MetricKey
    goal: Goal
    aggregate: float | None
    values: Sequence[Value]
    passed: Sequence[str]
    failed: Sequence[str]
    """Names of the entries that are judged by it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a run came to."""

    datapoints: Sequence[DatapointResult]
    metrics: Sequence[MetricResult]

    @property
    def passed(self) -> list[str]:
        """Names of the entries that pass."""
        return [result.entry.name for result in self.datapoints if result.passed]

    @property
    def failed(self) -> list[str]:
        """Names of the entries that do not."""
        return [result.entry.name for result in self.datapoints if not result.passed]


def judge(
    entries: Iterable[Entry],
    values: Iterable[Measured],
    function: Aggregate,
    goal: Callable[[str], Goal],
    required: Collection[str],
) -> Judgement:
    """Judge each entry by its values; several of one metric are taken for their average.

    An entry without any value of a ``required`` metric does not pass.
    """
    series = series_of(values)
    goals = {key: goal(key.name) for key in series}
    found: defaultdict[str, dict[MetricKey, list[Measured]]] = defaultdict(dict)
    for key, measured in series.items():
        for each in measured:
            found[each.entry].setdefault(key, []).append(each)
    datapoints = []
    passed: defaultdict[MetricKey, dict[bool, list[str]]] = defaultdict(lambda: {True: [], False: []})
    for entry in entries:
        metrics = []
        for key, repeats in found[entry.name].items():
            value = combined([each.value for each in repeats])
            metrics.append(DatapointMetric(key, value, goals[key].passes(value), repeats[0].event_name))
        for metric in metrics:
            if metric.passed is not None:
                passed[metric.key][metric.passed].append(entry.name)
        missing = set(required) - {metric.key.name for metric in metrics}
        datapoints.append(DatapointResult(entry, not missing and all(m.passed is not False for m in metrics), metrics))
    return Judgement(
        datapoints,
        [
            MetricResult(
                key,
                goals[key],
                aggregate((each.value for each in measured), function),
                [each.value for each in measured],
                passed[key][True],
                passed[key][False],
            )
            for key, measured in series.items()
        ],
    )
