"""Tokens are counted once, whether the calls above report them again or not."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.calls.model_usage import ModelUsage
from resolvers.calls.rollup import add_up, bottom_up, own_shares, roll_up


def used(model: str, tokens: int, output: int = 0, requests: int = 0, cached: int = 0) -> ModelUsage:
    return ModelUsage(model, tokens, output, tokens + output, requests, cached, 0, cache_apart=False)


Calls = dict[str, tuple[str | None, list[ModelUsage]]]


def tokens(calls: Calls) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Own and subtree tokens by model of each call."""
    return {
        call_id: (
            {usage.model: usage.total_tokens for usage in rolled.own},
            {usage.model: usage.total_tokens for usage in rolled.subtree},
        )
        for call_id, rolled in roll_up(calls).items()
    }


def test_a_parent_that_counted_its_children_in_is_left_with_the_rest() -> None:
    calls: Calls = {
        "root": (None, [used("m", 35)]),
        "one": ("root", [used("m", 10)]),
        "two": ("root", [used("m", 20)]),
    }
    assert tokens(calls) == {
        "root": ({"m": 5}, {"m": 35}),
        "one": ({"m": 10}, {"m": 10}),
        "two": ({"m": 20}, {"m": 20}),
    }


def test_a_parent_that_reports_less_than_its_children_has_not_counted_them() -> None:
    calls: Calls = {"root": (None, [used("m", 7)]), "one": ("root", [used("m", 10)])}
    assert tokens(calls) == {"root": ({"m": 7}, {"m": 17}), "one": ({"m": 10}, {"m": 10})}
    # Less of one count is enough: more input, and less output.
    calls = {"root": (None, [used("m", 50, 1)]), "one": ("root", [used("m", 10, 2)])}
    assert tokens(calls)["root"] == ({"m": 51}, {"m": 63})


def test_a_parent_that_adds_up_tokens_alone_has_counted_its_children_in() -> None:
    calls: Calls = {
        "root": (None, [used("m", 30, requests=1)]),
        "one": ("root", [used("m", 10, requests=1, cached=5)]),
        "two": ("root", [used("m", 20, requests=1)]),
    }
    rolled = roll_up(calls)
    assert rolled["root"].own == ()
    assert rolled["root"].subtree == (used("m", 30, requests=2, cached=5),)


def test_a_chain_between_passes_on_what_is_below_it() -> None:
    calls: Calls = {
        "root": (None, []),
        "chain": ("root", []),
        "llm": ("chain", [used("m", 10, requests=1, cached=4)]),
        "other": ("chain", [used("n", 3)]),
    }
    rolled = roll_up(calls)
    assert rolled["root"].own == rolled["chain"].own == ()
    assert rolled["root"].subtree == (used("m", 10, requests=1, cached=4), used("n", 3)) or rolled["root"].subtree == (
        used("n", 3),
        used("m", 10, requests=1, cached=4),
    )


def test_each_model_is_told_apart() -> None:
    calls: Calls = {"root": (None, [used("m", 10), used("n", 1)]), "one": ("root", [used("m", 10), used("n", 5)])}
    assert tokens(calls)["root"] == ({"n": 1}, {"m": 10, "n": 6})


def test_what_counts_nothing_is_left_out() -> None:
    assert tokens({"root": (None, [used("m", 0)])}) == {"root": ({}, {})}


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"a": "a"}, [("a", None)]),
        ({"b": "a", "a": "b"}, [("b", "a"), ("a", None)]),
        ({"c": "b", "b": "a", "a": "b"}, [("c", "b"), ("b", "a"), ("a", None)]),
        ({"a": "z", "z": "y", "y": "z"}, [("a", "z"), ("z", "y"), ("y", None)]),
        ({"a": "gone"}, [("a", None)]),
        ({}, []),
    ],
)
def test_cycles_and_missing_parents(parents: dict[str, str | None], expected: list[tuple[str, str | None]]) -> None:
    assert bottom_up(parents) == expected


def test_a_cycle_is_counted_once() -> None:
    calls: Calls = {"b": ("a", [used("m", 3)]), "a": ("b", [used("m", 10)]), "c": ("b", [used("m", 1)])}
    assert tokens(calls) == {"a": ({"m": 7}, {"m": 10}), "b": ({"m": 2}, {"m": 3}), "c": ({"m": 1}, {"m": 1})}


def test_a_deep_chain() -> None:
    depth = 20_000
    calls: Calls = {str(number): (str(number - 1) if number else None, []) for number in range(depth)}
    calls[str(depth - 1)] = (str(depth - 2), [used("m", 5)])
    assert tokens(calls)["0"] == ({}, {"m": 5})


IDS = [f"call-{number}" for number in range(8)]
COUNTS = st.integers(0, 4)
USAGES = st.lists(
    st.builds(used, st.sampled_from("mn"), COUNTS, COUNTS, COUNTS, COUNTS),
    max_size=2,
    unique_by=lambda usage: usage.model,
)
PARENTS = st.dictionaries(st.sampled_from(IDS), st.none() | st.sampled_from([*IDS, "gone"]), max_size=8)


def counts(usages: Sequence[ModelUsage]) -> dict[str, ModelUsage]:
    return {usage.model: usage for usage in add_up(usages) if usage != used(usage.model, 0)}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PARENTS, st.lists(st.one_of(st.just([]), USAGES), min_size=8, max_size=8))
def test_own_shares_are_those_of_the_whole_tree(
    parents: Mapping[str, str | None], reports: list[list[ModelUsage]]
) -> None:
    """Though calls that report nothing are passed over."""
    calls: Calls = {
        call_id: (parent, usages) for (call_id, parent), usages in zip(parents.items(), reports, strict=False)
    }
    whole = {call_id: rolled.own for call_id, rolled in roll_up(calls).items() if rolled.own}
    known = {call_id: parent for call_id, (parent, _) in calls.items()}
    assert own_shares(known, {call_id: usages for call_id, (_, usages) in calls.items() if usages}) == whole


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PARENTS, st.lists(USAGES, min_size=8, max_size=8))
def test_own_shares_add_up_to_the_subtree(parents: Mapping[str, str | None], reports: list[list[ModelUsage]]) -> None:
    calls = {call_id: (parent, reports[IDS.index(call_id)]) for call_id, parent in parents.items()}
    rolled = roll_up(calls)
    assert rolled.keys() == calls.keys()
    order = bottom_up(parents)
    assert sorted(call_id for call_id, _ in order) == sorted(parents)
    assert {call_id: above for call_id, above in order if above is not None and above != parents[call_id]} == {}
    below: dict[str, list[ModelUsage]] = {call_id: list(rolled[call_id].own) for call_id in calls}
    for call_id, parent in order:
        assert counts(below[call_id]) == counts(rolled[call_id].subtree)
        if parent is not None:
            below[parent] += below[call_id]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PARENTS, st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=8, max_size=8))
def test_a_tree_whose_sdk_adds_up_gives_back_what_each_call_used(
    parents: Mapping[str, str | None], own: list[tuple[int, int, int]]
) -> None:
    order = bottom_up(parents)
    truth = {call_id: [used("m", *own[IDS.index(call_id)])] for call_id in parents}
    summed = {call_id: list(usages) for call_id, usages in truth.items()}
    for call_id, parent in order:
        if parent is not None:
            summed[parent] += summed[call_id]
    calls = {call_id: (parent, add_up(summed[call_id])) for call_id, parent in order}
    rolled = roll_up(calls)
    assert {call_id: counts(rolled[call_id].own) for call_id in parents} == {
        call_id: counts(usages) for call_id, usages in truth.items()
    }
