import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.metrics.definition import Threshold
from resolvers.metrics.passing import passes

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = (
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | st.lists(st.integers(), max_size=2) | st.just(math.nan)
)


@pytest.mark.parametrize(
    ("value", "threshold", "expected"),
    [
        (5, None, None),
        (5, Threshold(), None),
        (None, None, None),
        (1, Threshold(min=1, max=3), True),
        (3, Threshold(min=1, max=3), True),
        (0.999, Threshold(min=1, max=3), False),
        (3.001, Threshold(min=1, max=3), False),
        (10**400, Threshold(min=1), True),
        (-math.inf, Threshold(max=0), True),
        (2, Threshold(min=3, max=1), False),
        (None, Threshold(min=0), False),
        ("5", Threshold(min=0), False),
        ([5], Threshold(min=0), False),
        (math.nan, Threshold(min=0), False),
        (True, Threshold(min=1), True),
        (False, Threshold(min=1), False),
        (True, Threshold(pass_when=True), True),
        (False, Threshold(pass_when=True), False),
        (False, Threshold(pass_when=False), True),
        (1, Threshold(pass_when=True), True),
        (1.0, Threshold(pass_when=1), True),
        (0.5, Threshold(pass_when=0.5), True),
        (2, Threshold(pass_when=True), False),
        ("true", Threshold(pass_when=True), True),
        (" False\n", Threshold(pass_when=True), False),
        (" False\n", Threshold(pass_when=False), True),
        ("yes", Threshold(pass_when=True), False),
        (None, Threshold(pass_when=False), False),
        ([], Threshold(pass_when=False), False),
        ("good", Threshold(passing_categories=("good", "fair")), True),
        ("Good", Threshold(passing_categories=("good", "fair")), False),
        (1, Threshold(passing_categories=("1",)), False),
        ("schön", Threshold(passing_categories=("schön",)), True),
        (1, Threshold(min=0, pass_when=1), True),
        (1, Threshold(min=2, pass_when=1), False),
        ("a", Threshold(min=0, passing_categories=("a",)), False),
    ],
)
def test_a_value_passes_a_threshold_by_all_its_rules(
    value: Any, threshold: Threshold | None, expected: bool | None
) -> None:
    assert passes(value, threshold) is expected


@given(value=NUMBERS, low=NUMBERS, high=NUMBERS)
def test_a_range_is_its_two_halves(value: float, low: float, high: float) -> None:
    above, below = passes(value, Threshold(min=low)), passes(value, Threshold(max=high))
    assert passes(value, Threshold(min=low, max=high)) is (above and below)
    assert above is (low <= value)
    assert below is (value <= high)
    assert passes(low, Threshold(min=low)) is True
    assert passes(high, Threshold(max=high)) is True


@given(
    value=VALUES,
    low=st.none() | NUMBERS,
    high=st.none() | NUMBERS,
    when=st.none() | st.booleans() | NUMBERS,
    categories=st.none() | st.lists(st.text(max_size=5), min_size=1, max_size=3).map(tuple),
)
def test_rules_only_narrow(
    value: Any, low: float | None, high: float | None, when: float | None, categories: tuple[str, ...] | None
) -> None:
    each = [
        passes(value, Threshold(min=low)),
        passes(value, Threshold(max=high)),
        passes(value, Threshold(pass_when=when)),
        passes(value, Threshold(passing_categories=categories)),
    ]
    said = [one for one in each if one is not None]
    expected = all(said) if said else None
    assert passes(value, Threshold(low, high, when, categories)) is expected


@given(value=st.booleans() | NUMBERS)
def test_a_value_passes_when_it_is_what_passes(value: float) -> None:
    assert passes(value, Threshold(pass_when=value)) is True
