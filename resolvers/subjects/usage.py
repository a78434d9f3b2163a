"""What subjects used and cost: their calls and all that is below these, each token counted once (docs/costs.md)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from db.calls.model_usage import ModelUsage
from db.chunks import CHUNK
from db.lookups import Totals
from db.prices import select_prices_by_model
from db.subjects import Subject, SubjectFilter, select_call_counts, select_calls_of, select_listed_ids
from resolvers.calls.rollup import add_up
from resolvers.calls.totals import Costs, CostTotal, Forest, add_costs, cost_total
from resolvers.context import Context
from resolvers.errors import TooLargeError
from resolvers.subjects.places import Find, Key, by_project, places_of

__all__ = ["MOST_CALLS", "MOST_ORDERED", "SubjectUsage", "subject_usage", "totals_of_list"]

MOST_CALLS = 500_000
"""Calls of the traces of one subject in one project that are added up."""

_AT_ONCE = 100_000
"""Calls that name subjects which are read together, where several are."""


MOST_ORDERED = 10_000
"""Subjects of a list that is in the order of what they used."""


@dataclass(slots=True)
class SubjectUsage:
    """What the calls of a subject used, model by model, and what that cost."""

    usage: list[ModelUsage] = field(default_factory=list)
    costs: Costs = field(default_factory=dict)

    @property
    def cost(self) -> CostTotal | None:
        """The cost as a total; None where no model has a price."""
        return cost_total(self.costs)


async def subject_usage(
    context: Context, keys: Sequence[Key], *, subject: Subject, find: Find
) -> list[SubjectUsage | Exception]:
    """What each used in its projects. A few statements a project and 100,000 calls, and one that finds projects."""

    def read(connection: Connection) -> list[SubjectUsage | Exception]:
        places = places_of(connection, context.caller, keys, find)
        found: dict[tuple[str, str], SubjectUsage | Exception] = {}
        for project, ids in by_project(places).items():
            for subject_id, used in _in_project(connection, project, ids, subject):
                found[project, subject_id] = used
        return [_together([found[at] for project in places[key] if (at := (project, key[1])) in found]) for key in keys]

    return await context.read(read)


def totals_of_list(
    connection: Connection, project: str, names: Sequence[str], *, subject: Subject, chosen: SubjectFilter
) -> Totals:
    """Those ``TOTALS`` of ``db.lookups`` that ``names`` are, of the subjects of a project that a list holds; a few
    statements for a thousand of them. Raises TooLargeError."""
    ids = select_listed_ids(connection, project, subject=subject, chosen=chosen, most=MOST_ORDERED + 1)
    if len(ids) > MOST_ORDERED:
        raise TooLargeError(
            f"an order by {' and '.join(names)} is of {MOST_ORDERED:,} at most, and there are more: narrow the filter, "
            "by seenAfter for instance",
            ["orderBy"],
        )
    totals: dict[str, dict[str, float]] = {name: {} for name in names}
    for subject_id, used in _in_project(connection, project, ids, subject):
        if isinstance(used, Exception):
            raise used
        for name, numbers in totals.items():
            if name != "cost":
                if used.usage:
                    numbers[subject_id] = sum(getattr(usage, name) for usage in used.usage)
            elif used.cost is not None and used.cost.total is not None:
                numbers[subject_id] = used.cost.total
    return totals


def _together(parts: Sequence[SubjectUsage | Exception]) -> SubjectUsage | Exception:
    total = SubjectUsage()
    for part in parts:
        if isinstance(part, Exception):
            return part
        add_costs(total.costs, part.costs)
    total.usage = add_up(usage for part in parts if isinstance(part, SubjectUsage) for usage in part.usage)
    return total


def _in_project(
    connection: Connection, project: str, ids: Sequence[str], subject: Subject
) -> Iterator[tuple[str, SubjectUsage | Exception]]:
    counts = select_call_counts(connection, project, ids, subject=subject)
    for some in _portions(counts):
        named, reported = select_calls_of(connection, project, some, subject=subject, most=MOST_CALLS)
        if reported is None:
            refusal = TooLargeError(f"usage is added up over {MOST_CALLS:,} calls at most; ask for less at once")
            yield from ((subject_id, refusal) for subject_id in some)
            continue
        forest = Forest(project, {one.id: one for one in reported})
        models = {usage.model for rolled in forest.rolled.values() for usage in rolled.own}
        own_costs = forest.own_costs(select_prices_by_model(connection, project, sorted(models)))
        calls: defaultdict[str, list[str]] = defaultdict(list)
        for subject_id, call_id in named:
            calls[subject_id].append(call_id)
        below = _children(forest)
        for subject_id, own in calls.items():
            used = SubjectUsage()
            counted = _subtrees(own, below, forest)
            used.usage = add_up(usage for call_id in counted for usage in forest.rolled[call_id].own)
            for call_id in counted:
                add_costs(used.costs, own_costs.get(call_id, {}))
            yield subject_id, used


def _portions(counts: Mapping[str, int]) -> Iterator[list[str]]:
    """The subjects, as many at once as are named by ``_AT_ONCE`` calls together, and one list holds; at least one."""
    some: list[str] = []
    total = 0
    for subject_id, count in counts.items():
        if some and (total + count > _AT_ONCE or len(some) == CHUNK):
            yield some
            some, total = [], 0
        some.append(subject_id)
        total += count
    if some:
        yield some


def _children(forest: Forest) -> Mapping[str, list[str]]:
    below: defaultdict[str, list[str]] = defaultdict(list)
    for one in forest.calls.values():
        if one.parent_id is not None:
            below[one.parent_id].append(one.id)
    return below


def _subtrees(tops: Iterable[str], below: Mapping[str, list[str]], forest: Forest) -> list[str]:
    """The calls and all that are below them, each once; ids come from clients, and may be in a circle."""
    found = {call_id: None for call_id in tops if call_id in forest.calls}
    waiting = list(found)
    while waiting:
        for call_id in below.get(waiting.pop(), ()):
            if call_id not in found:
                found[call_id] = None
                waiting.append(call_id)
    return list(found)
