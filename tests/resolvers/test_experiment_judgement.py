"""Which datapoints of a run pass, and which events of two runs belong together."""

from collections.abc import Collection, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.experiments.aggregates import Aggregate, Value
from resolvers.experiments.comparison import Measured, MetricKey
from resolvers.experiments.goals import Goal, goal_of
from resolvers.experiments.judgement import Entry, Judgement, judge
from resolvers.experiments.pairs import LocatedEvent, paired
from resolvers.metrics.definition import Threshold

THRESHOLDS = {
    "score": Threshold(min=0.5),
    "seconds": Threshold(max=2),
    "fine": Threshold(pass_when=True),
    "tone": Threshold(passing_categories=("kind", "plain")),
}


def goal(name: str) -> Goal:
    return goal_of(name, THRESHOLDS.get(name))


def entry(name: str, datapoint: str | None = None) -> Entry:
    return Entry(name, datapoint or name, f"session-{name}", f"session-{name}", 0)


def value(of: str, name: str, said: Value, event: str = "answer") -> Measured:
    return Measured(MetricKey(name, event, "chain"), of, said, of)


def judged(
    entries: Collection[str], values: Sequence[Measured], required: Collection[str] = (), function: Any = "average"
) -> Judgement:
    return judge(list(map(entry, entries)), values, Aggregate(function), goal, required)


def test_a_datapoint_passes_where_all_its_values_do() -> None:
    found = judged(
        "abcd",
        [
            value("a", "score", 0.5),
            value("a", "seconds", 2),
            value("a", "fine", True),
            value("a", "tone", "kind"),
            value("b", "score", 0.9),
            value("b", "seconds", 2.1),
            value("c", "fine", False),
            value("d", "anything", -1),
        ],
    )
    assert (found.passed, found.failed) == (["a", "d"], ["b", "c"])
    assert {each.key.name: (each.aggregate, each.passed, each.failed) for each in found.metrics} == {
        "anything": (-1, [], []),
        "fine": (0.5, ["a"], ["c"]),
        "score": (0.7, ["a", "b"], []),
        "seconds": (2.05, ["a"], ["b"]),
        "tone": (None, ["a"], []),
    }
    assert [(m.key.name, m.value, m.passed) for m in found.datapoints[0].metrics] == [
        ("fine", True, True),
        ("score", 0.5, True),
        ("seconds", 2, True),
        ("tone", "kind", True),
    ]
    assert [(m.key.name, m.value, m.passed) for m in found.datapoints[3].metrics] == [("anything", -1, None)]


def test_what_is_not_measured_passes_unless_it_has_to_be() -> None:
    assert judged("ab", [value("a", "score", 1)]).passed == ["a", "b"]
    assert judged("ab", [value("a", "score", 1)], ["score"]).failed == ["b"]
    assert judged("ab", [value("a", "score", 1)], ["score", "other"]).failed == ["a", "b"]
    assert judged("", []) == Judgement([], [])


def test_repeats_are_judged_by_their_average() -> None:
    found = judged("a", [value("a", "score", 0), value("a", "score", 0.8), value("a", "score", 0.9)])
    assert found.passed == ["a"]
    (metric,) = found.metrics
    assert (metric.values, metric.passed) == ([0, 0.8, 0.9], ["a"])
    assert judged("a", [value("a", "fine", True), value("a", "fine", False)]).failed == ["a"]


def test_a_metric_at_two_kinds_of_events_is_judged_at_each() -> None:
    found = judged("a", [value("a", "score", 1, "draft"), value("a", "score", 0, "final")])
    assert found.failed == ["a"]
    assert [(each.key.event_name, each.passed, each.failed) for each in found.metrics] == [
        ("draft", ["a"], []),
        ("final", [], ["a"]),
    ]


def test_values_beside_the_entries_count_in_aggregates_alone() -> None:
    found = judged("a", [value("a", "score", 1), Measured(MetricKey("score", "answer", "chain"), None, 0, "trace")])
    assert (found.passed, found.failed, found.metrics[0].aggregate) == (["a"], [], 0.5)


VALUES = st.lists(
    st.builds(
        value,
        st.sampled_from("abc"),
        st.sampled_from([*THRESHOLDS, "anything"]),
        st.one_of(st.floats(-1, 3), st.booleans(), st.sampled_from(["kind", "rude"])),
    ),
    max_size=20,
)


@given(VALUES, st.sets(st.sampled_from([*THRESHOLDS])))
def test_every_entry_is_judged_once(values: list[Measured], required: set[str]) -> None:
    found = judged("abc", values, required)
    assert sorted(found.passed + found.failed) == ["a", "b", "c"]
    for result in found.datapoints:
        missing = required - {metric.key.name for metric in result.metrics}
        assert result.passed is (not missing and all(metric.passed is not False for metric in result.metrics))
    for metric in found.metrics:
        assert len(metric.values) == sum(each.key == metric.key for each in values)
        assert not set(metric.passed) & set(metric.failed)
        if metric.key.name in THRESHOLDS:
            assert {*metric.passed, *metric.failed} == {each.entry for each in values if each.key == metric.key}


# Pairs of events


def event(datapoint: str, name: str, call_id: str, event_type: str = "chain", began: int = 0) -> LocatedEvent:
    return LocatedEvent(datapoint, name, event_type, call_id, began, whole=event_type == "session")


def pairs(new: Sequence[LocatedEvent], old: Sequence[LocatedEvent]) -> list[tuple[str, str]]:
    return [(pair.new.call_id, pair.old.call_id) for pair in paired(new, old)]


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ([event("d", "f", "n")], [event("d", "f", "o")], [("n", "o")]),
        ([event("d", "f", "n")], [event("e", "f", "o")], []),
        # Renamed: the only ones of their type.
        ([event("d", "v2", "n")], [event("d", "v1", "o")], [("n", "o")]),
        ([event("d", "v2", "n")], [event("d", "v1", "o", "tool")], []),
        ([event("d", "v2", "n")], [event("d", "v1", "o"), event("d", "v0", "p")], []),
        # Repeats: the first with the first.
        (
            [event("d", "f", "n1", began=1), event("d", "f", "n2", began=2)],
            [event("d", "f", "o1", began=1), event("d", "f", "o2", began=2), event("d", "f", "o3", began=3)],
            [("n1", "o1"), ("n2", "o2")],
        ),
        # Sessions have names of their own.
        (
            [event("d", "x", "n1", "session", 1), event("d", "y", "n2", "session", 2)],
            [event("d", "p", "o1", "session", 1), event("d", "q", "o2", "session", 2)],
            [("n1", "o1"), ("n2", "o2")],
        ),
        (
            [event("d", "x", "n1", "session", 1), event("d", "y", "n2", "session", 2)],
            [event("d", "z", "o1", "session", 1), event("d", "x", "o2", "session", 2)],
            [("n1", "o2"), ("n2", "o1")],
        ),
        ([], [event("d", "f", "o")], []),
    ],
)
def test_events_pair_by_datapoint(
    new: Sequence[LocatedEvent], old: Sequence[LocatedEvent], expected: list[tuple[str, str]]
) -> None:
    assert pairs(new, old) == expected


EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from("de"),
        st.sampled_from("fg"),
        st.uuids().map(str),
        st.sampled_from(["chain", "session"]),
        st.integers(0, 9),
    ),
    max_size=12,
    unique_by=lambda located: located.call_id,
).map(lambda events: sorted(events, key=lambda located: (located.started_at, located.call_id)))


@given(EVENTS, EVENTS)
def test_no_event_is_in_two_pairs(new: list[LocatedEvent], old: list[LocatedEvent]) -> None:
    found = paired(new, old)
    for side, events in (([pair.new for pair in found], new), ([pair.old for pair in found], old)):
        assert len(set(side)) == len(side)
        assert set(side) <= set(events)
    assert all(
        (pair.new.datapoint_id, pair.new.event_type) == (pair.old.datapoint_id, pair.old.event_type) for pair in found
    )
    assert [pair.new for pair in found] == [each for each in new if each in {pair.new for pair in found}]
    sessions = [sum(e.event_type == "session" and e.datapoint_id == "d" for e in events) for events in (new, old)]
    assert sum(p.new.event_type == "session" and p.new.datapoint_id == "d" for p in found) == min(sessions)


@given(EVENTS)
def test_a_run_pairs_with_itself(events: list[LocatedEvent]) -> None:
    assert pairs(events, events) == [(each.call_id, each.call_id) for each in events]
