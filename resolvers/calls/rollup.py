"""Counting tokens once over a tree of calls, whoever reported them.

The SDKs of Weave add what the calls below used to what a call reports; OpenTelemetry's instrumentations and others do
not. ``roll_up`` tells the two apart, call by call and model by model (docs/costs.md). Ids come from clients: parents
may be missing, or each other's.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add, sub

from db.calls.model_usage import ModelUsage

__all__ = ["Rolled", "add_up", "bottom_up", "own_shares", "roll_up"]

Counts = tuple[int, int, int, int, int, int]
_NOTHING: Counts = (0, 0, 0, 0, 0, 0)

_TOKENS = 3
"""The first of the counts, which decide: input, output and all tokens."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """What a call used itself, and what it and all calls below it used, model by model; models without counts are
    left out."""

    own: tuple[ModelUsage, ...]
    subtree: tuple[ModelUsage, ...]


_UNUSED = Rolled((), ())


def bottom_up(parents: Mapping[str, str | None]) -> list[tuple[str, str | None]]:
    """Each call with the parent it hangs below, every call before its parent.

    A parent that is not among the calls is none. A cycle is cut above the smallest id in it.
    """
    below: defaultdict[str, list[str]] = defaultdict(list)
    tops: list[str] = []
    for call_id, parent in parents.items():
        if parent is None or parent not in parents:
            tops.append(call_id)
        else:
            below[parent].append(call_id)
    order: list[tuple[str, str | None]] = []
    placed: set[str] = set()

    def place(top: str) -> None:
        waiting: list[tuple[str, str | None]] = [(top, None)]
        while waiting:
            call_id, parent = waiting.pop()
            placed.add(call_id)
            order.append((call_id, parent))
            children = below.get(call_id)
            if children is not None:
                waiting += [(child, call_id) for child in children if child not in placed]

    for top in tops:
        place(top)
    if len(order) < len(parents):
        for call_id in parents:
            if call_id not in placed:
                place(_cycle_top(call_id, parents))
    order.reverse()
    return order


def _cycle_top(call_id: str, parents: Mapping[str, str | None]) -> str:
    """The smallest id in the cycle that the way up from ``call_id`` ends in."""
    met: dict[str, int] = {}
    way: list[str] = []
    above: str | None = call_id
    while above is not None and above not in met:
        met[above] = len(way)
        way.append(above)
        above = parents[above]
    assert above is not None, "a way up that ends has a top"
    return min(way[met[above] :])


def roll_up(calls: Mapping[str, tuple[str | None, Sequence[ModelUsage]]]) -> dict[str, Rolled]:
    """The own and subtree usage of each call, from its parent's id and what it reports.

    For each model: a call that reports at least as many tokens as the subtrees below it, input, output and all, has
    counted them in, and its own share is the rest. One that reports fewer of any has not: what it reports is its own.
    One that reports nothing stands for what is below it. The own shares of a tree add up to the subtree of its top.
    """
    below: defaultdict[str, dict[str, ModelUsage]] = defaultdict(dict)
    rolled: dict[str, Rolled] = {}
    for call_id, parent in bottom_up({call_id: parent for call_id, (parent, _) in calls.items()}):
        children = below.pop(call_id, {})
        own, subtree = _of_call(calls[call_id][1], children)
        rolled[call_id] = Rolled(tuple(own), tuple(subtree.values())) if subtree else _UNUSED
        if parent is not None and subtree:
            above = below[parent]
            if above:
                _add(above, subtree.values())
            else:
                below[parent] = dict(subtree)
    return rolled


def own_shares(
    parents: Mapping[str, str | None], reported: Mapping[str, Sequence[ModelUsage]]
) -> dict[str, tuple[ModelUsage, ...]]:
    """The own usage of each call that has any, as ``roll_up`` tells it: of calls by their ``parents``, and what those
    of them ``reported`` that report any.

    Calls that report nothing stand for what is below them, so what reports hangs below the nearest above that does.
    """
    if _goes_round(parents, reported):
        rolled = roll_up({call_id: (parent, reported.get(call_id, ())) for call_id, parent in parents.items()})
        shares = {call_id: each.own for call_id, each in rolled.items()}
    else:
        above = _nearest(parents, reported)
        tops = set(above.values())
        linked = {call_id: top for call_id, top in above.items() if top is not None or call_id in tops}
        rolled = roll_up({call_id: (top, reported[call_id]) for call_id, top in linked.items()})
        # Of most calls none above or below reports anything, but where a SDK of Weave counts.
        shares = {
            call_id: rolled[call_id].own if call_id in linked else tuple(_counted(usages))
            for call_id, usages in reported.items()
        }
    return {call_id: own for call_id, own in shares.items() if own}


def _goes_round(parents: Mapping[str, str | None], calls: Iterable[str]) -> bool:
    """Whether the way up from one of the calls ends in a cycle."""
    ends: set[str] = set()
    for call_id in calls:
        way: set[str] = set()
        place: str | None = call_id
        while place is not None and place in parents and place not in ends:
            if place in way:
                return True
            way.add(place)
            place = parents[place]
        ends |= way
    return False


def _nearest(parents: Mapping[str, str | None], calls: Collection[str]) -> dict[str, str | None]:
    """For each of the calls, the nearest above it that is among them."""
    nearest: dict[str, str | None] = {}
    passed: dict[str, str | None] = {}
    for call_id in calls:
        way: list[str] = []
        place = parents[call_id]
        while place is not None and place in parents and place not in calls and place not in passed:
            way.append(place)
            place = parents[place]
        if place is not None:
            place = passed.get(place, place if place in calls else None)
        nearest[call_id] = place
        passed.update((each, place) for each in way)
    return nearest


def _of_call(
    reported: Sequence[ModelUsage], children: dict[str, ModelUsage]
) -> tuple[list[ModelUsage], dict[str, ModelUsage]]:
    """The own share of a call, and what it and the ``children`` used together."""
    if not reported:
        return [], children
    if not children:
        counted = _counted(reported)
        return counted, {usage.model: usage for usage in counted}
    own: list[ModelUsage] = []
    subtree: dict[str, ModelUsage] = {}
    for usage in reported:
        counts, inside = _counts(usage), _counts(children.get(usage.model))
        if all(given >= known for given, known in zip(counts[:_TOKENS], inside[:_TOKENS], strict=True)):
            # Requests and tokens of caches are often left out where the others are added up.
            whole = _each(max, counts, inside)
            rest = _each(sub, whole, inside)
        else:
            rest, whole = counts, _each(add, counts, inside)
        if any(rest):
            own.append(_usage(usage, rest))
        if any(whole):
            subtree[usage.model] = _usage(usage, whole)
    for model, usage in children.items():
        subtree.setdefault(model, usage)
    return own, subtree


def _counted(reported: Sequence[ModelUsage]) -> list[ModelUsage]:
    """The usage of models of which something was used."""
    return [usage for usage in reported if any(_counts(usage))]


def add_up(usages: Iterable[ModelUsage]) -> list[ModelUsage]:
    """The sum of usages, model by model, in the order in which the models are met."""
    sums: dict[str, ModelUsage] = {}
    _add(sums, usages)
    return list(sums.values())


def _add(sums: dict[str, ModelUsage], usages: Iterable[ModelUsage]) -> None:
    for usage in usages:
        known = sums.get(usage.model)
        if known is None:
            sums[usage.model] = usage
        else:
            sums[usage.model] = _usage(known, _each(add, _counts(known), _counts(usage)))


def _counts(usage: ModelUsage | None) -> Counts:
    return _NOTHING if usage is None else usage[1:7]  # without the model, and how its cache is counted


def _each(operation: Callable[[int, int], int], one: Counts, other: Counts) -> Counts:
    first, second, third, fourth, fifth, sixth = map(operation, one, other)
    return first, second, third, fourth, fifth, sixth


def _usage(like: ModelUsage, counts: Counts) -> ModelUsage:
    incoming, outgoing, total, requests, read, written = counts
    return ModelUsage(like.model, incoming, outgoing, total, requests, read, written, like.cache_apart)
