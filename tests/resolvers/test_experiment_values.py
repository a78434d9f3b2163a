"""What values of metrics come to, and which of two runs has the better ones."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.experiments.aggregates import Aggregate, Value, aggregate, combined, number_of
from resolvers.experiments.comparison import Measured, MetricComparison, MetricKey, compare_metrics
from resolvers.experiments.goals import BetterWhen, Change, Goal, goal_of
from resolvers.metrics.definition import Threshold

A = Aggregate

NUMBERS = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.lists(st.one_of(NUMBERS, st.text(max_size=3), st.none(), st.lists(st.integers(), max_size=1)), max_size=20)


@pytest.mark.parametrize(
    ("function", "values", "found"),
    [
        (A.AVERAGE, [1, 2, 4.5], 2.5),
        (A.AVERAGE, [True, False, True, True], 0.75),
        (A.AVERAGE, [0.1] * 10, 0.1),
        (A.AVERAGE, [1e308, 1e308], 1e308),
        (A.MIN, [3, 1, 2], 1.0),
        (A.MAX, [3, 1, "9", 2], 3.0),
        (A.MEDIAN, [5, 1, 3], 3.0),
        (A.MEDIAN, [1, 2, 3, 10], 2.5),
        (A.P90, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 9.1),
        (A.P95, list(range(1, 101)), 95.05),
        (A.P99, list(range(1, 102)), 100.0),
        (A.P99, [7], 7.0),
        (A.P90, [-1e308, 1e308], 8e307),
        (A.SUM, [0.1] * 10, 1.0),
        (A.SUM, [1e308, 1e308], None),
        (A.SUM, [True, 2, None, "3"], 3.0),
        (A.COUNT, [True, 2, None, "3", []], 2.0),
        (A.COUNT, [10**400, math.inf, "NaN", 1], 1.0),
        *((each, [], None) for each in A),
        *((each, ["good", None], None) for each in A),
        *((each, [4], 1.0 if each is A.COUNT else 4.0) for each in A),
    ],
)
def test_aggregates(function: Aggregate, values: list[Value], found: float | None) -> None:
    result = aggregate(values, function)
    assert result == found or (found is not None and math.isclose(result or 0, found, rel_tol=1e-12))


REFERENCE: dict[Aggregate, Callable[[list[Fraction]], Fraction]] = {
    A.AVERAGE: lambda numbers: sum(numbers) / Fraction(len(numbers)),
    A.MIN: min,
    A.MAX: max,
    A.SUM: lambda numbers: sum(numbers, Fraction()),
    A.COUNT: lambda numbers: Fraction(len(numbers)),
}


def ranked(numbers: list[Fraction], percent: int) -> Fraction:
    """By the straight line through (index, value) of the sorted values."""
    ordered = sorted(numbers)
    place = Fraction((len(ordered) - 1) * percent, 100)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@given(VALUES, st.sampled_from(A))
def test_aggregates_are_those_of_exact_numbers(values: list[Value], function: Aggregate) -> None:
    numbers = [Fraction(number) for value in values if (number := number_of(value)) is not None]
    found = aggregate(values, function)
    if not numbers:
        assert found is None
        return
    percents = {A.MEDIAN: 50, A.P90: 90, A.P95: 95, A.P99: 99}
    exact = ranked(numbers, percents[function]) if function in percents else REFERENCE[function](numbers)
    if abs(exact) > Fraction(1.797e308):
        assert found is None or math.isclose(found, 1.797e308 if exact > 0 else -1.797e308, rel_tol=1e-2)
        return
    assert found is not None
    size = max(map(abs, numbers))
    assert abs(Fraction(found) - exact) <= max(size, abs(exact)) * Fraction(1, 10**9)


@given(st.lists(NUMBERS, min_size=1, max_size=10), st.sampled_from([A.MIN, A.MAX, A.MEDIAN, A.P90, A.P95, A.P99]))
def test_percentiles_lie_between_the_ends_whatever_the_order(values: list[Value], function: Aggregate) -> None:
    found = aggregate(values, function)
    assert found == aggregate(reversed(values), function)
    low, high = aggregate(values, A.MIN), aggregate(values, A.MAX)
    assert found is None or (low is not None and high is not None and low <= found <= high)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([True], True),
        ([True, True], True),
        ([True, False], 0.5),
        ([True, 1], 1.0),
        ([3, 3], 3),
        ([1, 2], 1.5),
        (["a"], "a"),
        (["a", "b"], "b"),
        (["a", 2, 3], 2.5),
    ],
)
def test_repeats_are_averaged(values: list[Value], found: Value) -> None:
    result = combined(values)
    assert (type(result), result) == (type(found), found)


# Which is better

AT_MOST = Threshold(max=2)
FALSE_PASSES = Threshold(pass_when=False)
GOOD_ONES = Threshold(passing_categories=("good", "fine"))


@pytest.mark.parametrize(
    ("threshold", "old", "new", "change"),
    [
        (None, 1, 2, Change.IMPROVED),
        (None, 2, 1, Change.DEGRADED),
        (None, 1, 1.0, Change.SAME),
        (None, 0.1 + 0.2, 0.3, Change.SAME),
        (None, 0, 1e-13, Change.SAME),
        (None, 0, 1e-9, Change.IMPROVED),
        (None, False, True, Change.IMPROVED),
        (None, True, 1, Change.SAME),
        (None, "a", "a", Change.SAME),
        (None, "a", "b", Change.DIFFERENT),
        (None, "1", 1, Change.DIFFERENT),
        (Threshold(min=0.5), 0.1, 0.2, Change.IMPROVED),
        (Threshold(min=0, max=1), 0.1, 0.2, Change.IMPROVED),
        (AT_MOST, 1, 2, Change.DEGRADED),
        (AT_MOST, 2, 1, Change.IMPROVED),
        (AT_MOST, 2, 2, Change.SAME),
        (FALSE_PASSES, True, False, Change.IMPROVED),
        (FALSE_PASSES, False, True, Change.DEGRADED),
        (Threshold(pass_when=True), False, True, Change.IMPROVED),
        (Threshold(pass_when=3), 1, 5, Change.SAME),
        (Threshold(pass_when=3), 1, 4, Change.IMPROVED),
        (Threshold(pass_when=3, max=4), 3, 2, Change.IMPROVED),
        (GOOD_ONES, "bad", "good", Change.IMPROVED),
        (GOOD_ONES, "good", "bad", Change.DEGRADED),
        (GOOD_ONES, "good", "fine", Change.DIFFERENT),
        (GOOD_ONES, "bad", "worse", Change.DIFFERENT),
        (GOOD_ONES, "good", "good", Change.SAME),
    ],
)
def test_what_became_of_a_value(threshold: Threshold | None, old: Value, new: Value, change: Change) -> None:
    assert goal_of("score", threshold).change(old, new) is change


def test_of_latency_lower_is_better() -> None:
    assert goal_of("model_latency", None).better_when is BetterWhen.LOWER
    assert goal_of("model_latency", Threshold(min=1)).better_when is BetterWhen.HIGHER
    assert goal_of("latency", None).better_when is BetterWhen.HIGHER


REVERSED = {Change.IMPROVED: Change.DEGRADED, Change.DEGRADED: Change.IMPROVED}


@given(
    st.sampled_from([None, AT_MOST, FALSE_PASSES, GOOD_ONES, Threshold(min=1), Threshold(pass_when=2)]),
    st.one_of(NUMBERS, st.sampled_from(["good", "bad", "fine"])),
    st.one_of(NUMBERS, st.sampled_from(["good", "bad", "fine"])),
)
def test_the_other_way_round_what_improved_degraded(threshold: Threshold | None, old: Value, new: Value) -> None:
    goal = goal_of("score", threshold)
    change = goal.change(old, new)
    assert goal.change(new, old) is REVERSED.get(change, change)
    assert goal.change(old, old) is Change.SAME


# Two runs


def measured(name: str, value: Value, datapoint: str | None = None, event: str = "answer") -> Measured:
    return Measured(MetricKey(name, event, "chain"), datapoint, value)


def compared(
    old: Sequence[Measured], new: Sequence[Measured], function: Aggregate = A.AVERAGE, goal: Goal | None = None
) -> list[MetricComparison]:
    return compare_metrics(old, new, function, lambda name: goal or goal_of(name, None))


def test_values_are_paired_by_datapoint() -> None:
    (found,) = compared(
        [measured("score", value, datapoint) for value, datapoint in [(1, "a"), (2, "b"), (3, "c"), (9, "old")]],
        [measured("score", value, datapoint) for value, datapoint in [(7, "new"), (3, "c"), (1, "b"), (4, "a")]],
    )
    assert [(pair.datapoint_id, pair.old, pair.new) for pair in found.pairs] == [("a", 1, 4), ("b", 2, 1), ("c", 3, 3)]
    assert found.having(Change.IMPROVED) == ["a"]
    assert found.having(Change.DEGRADED) == ["b"]
    assert found.having(Change.SAME) == ["c"]
    assert (found.old_aggregate, found.new_aggregate) == (3.75, 3.75)
    assert (found.difference, found.percentage_change) == (0, 0)


def test_repeats_of_a_datapoint_are_one_pair() -> None:
    (found,) = compared(
        [measured("score", 1, "a"), measured("score", 0, "a")], [measured("score", 1, "a"), measured("score", 5)]
    )
    assert [tuple(pair) for pair in found.pairs] == [("a", 0.5, 1, Change.IMPROVED)]
    assert (found.old_aggregate, found.new_aggregate) == (0.5, 3)
    assert (found.difference, found.percentage_change) == (2.5, 500)


@pytest.mark.parametrize(
    ("old", "new", "difference", "percentage"),
    [
        (0, 0, 0, 0),
        (0, 2, 2, None),
        (-4, -2, 2, 50),
        (4, 2, -2, -50),
        (5e-324, 1e308, 1e308, None),
        (-1e308, 1e308, None, None),
        ("a", 1, None, None),
    ],
)
def test_changes_of_aggregates(old: Value, new: Value, difference: float | None, percentage: float | None) -> None:
    (found,) = compared([measured("score", old)], [measured("score", new)])
    assert (found.difference, found.percentage_change) == (difference, percentage)


def test_metrics_of_one_run_only_stand_alone() -> None:
    found = compared([measured("old", 1, "a")], [measured("new", 2, "a")])
    assert [(each.key.name, each.old_aggregate, each.new_aggregate, len(each.pairs)) for each in found] == [
        ("new", None, 2, 0),
        ("old", 1, None, 0),
    ]
    assert [(each.difference, each.percentage_change) for each in found] == [(None, None), (None, None)]
    assert compared([], []) == []


def test_a_metric_that_each_run_has_once_is_the_same_whatever_its_event() -> None:
    (found,) = compared([measured("score", 1, "a", "v1")], [measured("score", 2, "a", "v2")])
    assert found.old == MetricKey("score", "v1", "chain")
    assert found.key == found.new == MetricKey("score", "v2", "chain")
    assert found.having(Change.IMPROVED) == ["a"]
    # With two of the name it is not known which is which.
    found_apart = compared(
        [measured("score", 1, "a", "v1"), measured("score", 1, "a", "both")],
        [measured("score", 2, "a", "v2"), measured("score", 2, "a", "both")],
    )
    assert [(each.key.event_name, len(each.pairs)) for each in found_apart] == [("both", 1), ("v1", 0), ("v2", 0)]


RUNS = st.lists(
    st.builds(
        measured,
        st.sampled_from(["x", "y"]),
        st.one_of(st.integers(-3, 3), st.booleans(), st.sampled_from(["good", "bad"])),
        st.one_of(st.none(), st.sampled_from(["a", "b", "c"])),
        st.sampled_from(["one", "two"]),
    ),
    max_size=12,
)


@given(RUNS, RUNS, st.sampled_from(A))
def test_every_metric_and_every_pair_is_told_once(
    old: list[Measured], new: list[Measured], function: Aggregate
) -> None:
    found = compared(old, new, function)
    assert sorted(each.old for each in found if each.old) == sorted({each.key for each in old})
    assert sorted(each.new for each in found if each.new) == sorted({each.key for each in new})
    for each in found:
        before = [value for value in old if value.key == each.old]
        after = [value for value in new if value.key == each.new]
        common = {value.datapoint_id for value in before} & {value.datapoint_id for value in after} - {None}
        assert {pair.datapoint_id for pair in each.pairs} == common
        assert sorted(name for change in Change for name in each.having(change)) == sorted(map(str, common))
        assert each.old_aggregate == aggregate([value.value for value in before], function)
        assert each.new_aggregate == aggregate([value.value for value in after], function)


@given(RUNS, st.sampled_from(A))
def test_a_run_is_the_same_as_itself(run: list[Measured], function: Aggregate) -> None:
    for found in compared(run, run, function):
        assert found.old == found.new
        assert {pair.change for pair in found.pairs} <= {Change.SAME}
        assert found.difference in {0, None}
        assert found.percentage_change == found.difference
