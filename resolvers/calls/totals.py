"""What trees and groups of calls used and cost, each token counted once (docs/costs.md)."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.calls.model_usage import ModelUsage, usage_from
from db.calls.trees import below_in, walk_below
from db.calls.usage import Reported, select_member_counts, select_reported, select_reported_of_members
from db.prices import select_prices_by_model
from db.rows import RowSet
from resolvers.batches import read_by_key
from resolvers.calls.rollup import Rolled, add_up, bottom_up, roll_up
from resolvers.calls.trees import MOST_WALKED
from resolvers.context import Context
from resolvers.errors import TooLargeError
from resolvers.prices.costs import cost_of

__all__ = [
    "MOST_MEMBERS",
    "CostTotal",
    "Costs",
    "Forest",
    "ModelCostTotal",
    "Place",
    "TreeCosts",
    "add_costs",
    "cost_total",
    "costs_of",
    "forest_costs",
    "forests_of",
    "group_costs",
    "group_forests",
    "tree_costs",
    "tree_places",
]

MOST_MEMBERS = 500_000
"""Calls of one trace, session or thread that are added up."""

_AT_ONCE = 100_000
"""Calls of groups that one statement reads, where it reads several."""

Costs = dict[tuple[str, str | None], float]
"""Costs by model and unit; of a model without a price the unit is None."""


@dataclass(frozen=True, slots=True)
class ModelCostTotal:
    """What calls cost of one model; the total and the unit are None without a price, or where there are several
    units."""

    model: str
    total: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class CostTotal:
    """What calls cost together; some model of theirs has a price."""

    costs: Costs

    @property
    def by_model(self) -> list[ModelCostTotal]:
        """Model by model, those without a price too."""
        models: defaultdict[str, Costs] = defaultdict(dict)
        for (model, unit), cost in self.costs.items():
            models[model][model, unit] = cost
        return [ModelCostTotal(model, *_single(costs)) for model, costs in models.items()]

    @property
    def total(self) -> float | None:
        """The sum; None where there are several units."""
        return _single(self.costs)[0]

    @property
    def unit(self) -> str | None:
        """The unit of the sum; None where there are several."""
        return _single(self.costs)[1]

    @property
    def unpriced_models(self) -> list[str]:
        """Models of which something was used that no price is known for."""
        return [model for model, unit in self.costs if unit is None]


def _single(costs: Costs) -> tuple[float, str] | tuple[None, None]:
    """The sum and its unit, where there is one unit."""
    units = {unit for _, unit in costs if unit is not None}
    if len(units) != 1:
        return None, None
    (only,) = units
    return sum(cost for (_, unit), cost in costs.items() if unit == only), only


@dataclass(slots=True, eq=False)
class Forest:
    """Calls that were added up together, each as far as the others are below it. Made on a reader's thread, since
    there may be many."""

    project: str
    calls: Mapping[str, Reported]
    rolled: Mapping[str, Rolled] = field(init=False)
    usage: list[ModelUsage] = field(init=False)
    """What all of them used."""

    levels: int = field(init=False)
    """How many calls the longest way down has: 1 for calls without children."""

    _order: list[tuple[str, str | None]] = field(init=False)

    def __post_init__(self) -> None:
        self.rolled = roll_up({one.id: (one.parent_id, usage_from(one.usage)) for one in self.calls.values()})
        self.usage = add_up(usage for rolled in self.rolled.values() for usage in rolled.own)
        self._order = bottom_up({one.id: one.parent_id for one in self.calls.values()})
        depths: dict[str, int] = {}
        for call_id, parent in reversed(self._order):
            depths[call_id] = 1 if parent is None else depths[parent] + 1
        self.levels = max(depths.values(), default=0)

    def own_costs(self, prices: Mapping[str, RowSet]) -> dict[str, Costs]:
        """What each call cost itself, at its own start; calls that used nothing are missing."""
        return {
            call_id: dict(_sum(costs_of(usage, self.calls[call_id].started_at, prices) for usage in rolled.own))
            for call_id, rolled in self.rolled.items()
            if rolled.own
        }

    def subtree_costs(self, own: Mapping[str, Costs]) -> dict[str, Costs]:
        """What each call and all that is below it cost."""
        below: defaultdict[str, Costs] = defaultdict(dict)
        for call_id, parent in self._order:
            if call_id in own:
                add_costs(below[call_id], own[call_id])
            if parent is not None and call_id in below:
                add_costs(below[parent], below[call_id])
        return below


@dataclass(frozen=True, slots=True)
class Place:
    """A call among those below it."""

    forest: Forest
    call_id: str

    @property
    def rolled(self) -> Rolled:
        """Its own share and that of its subtree."""
        return self.forest.rolled[self.call_id]


@dataclass(frozen=True, slots=True)
class TreeCosts:
    """What a call cost itself, and with all that is below it; None without a price."""

    own: CostTotal | None
    subtree: CostTotal | None


def costs_of(usage: ModelUsage, at: int, prices: Mapping[str, RowSet]) -> Costs:
    """What the usage of one model at ``at`` cost, by the project's own ``prices`` by model or the built-in ones."""
    cost = cost_of(usage, at, prices)
    if cost is None:
        return {(usage.model, None): 0.0}
    incoming = cost.input_cost + cost.cache_read_cost + cost.cache_write_cost
    found: Costs = {(usage.model, cost.rate.input_unit): incoming}
    add_costs(found, {(usage.model, cost.rate.output_unit): cost.output_cost})
    return found


def _sum(many: Iterable[Costs]) -> Costs:
    total: Costs = {}
    for costs in many:
        add_costs(total, costs)
    return total


def add_costs(total: Costs, costs: Costs) -> None:
    """Add ``costs`` to ``total``."""
    for key, cost in costs.items():
        total[key] = total.get(key, 0.0) + cost


def cost_total(costs: Costs | None) -> CostTotal | None:
    """The costs as what they come to; None where no model has a price."""
    return CostTotal(costs) if costs and any(unit is not None for _, unit in costs) else None


async def tree_places(context: Context, keys: Sequence[tuple[str, str]]) -> list[Place | Exception | None]:
    """Each (project, call id) among the calls below it; None for what is not there. A few statements a project."""

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, Place | Exception]:
        below = walk_below(connection, project, ids, most=MOST_WALKED)
        if below.cut:
            refusal = TooLargeError(
                f"usage is added up over {MOST_WALKED:,} calls below others at most, there are more"
            )
            return dict.fromkeys(ids, refusal)
        reported = select_reported(connection, project, [*ids, *below_in(below, ids)])
        forest = Forest(project, {one.id: one for one in reported})
        return {call_id: Place(forest, call_id) for call_id in ids if call_id in forest.calls}

    return await read_by_key(context, keys, read)


async def tree_costs(context: Context, keys: Sequence[tuple[str, str]]) -> list[TreeCosts | Exception | None]:
    """What each (project, call id) cost; two statements a project beside those of ``tree_places``."""
    loads = (context.loaders.load(tree_places, key) for key in keys)
    places: list[Place | Exception | None] = await asyncio.gather(*loads, return_exceptions=True)
    forests = {place.forest for place in places if isinstance(place, Place)}

    def read(connection: Connection) -> dict[Forest, tuple[dict[str, Costs], dict[str, Costs]]]:
        found = {}
        for forest, own in _priced(connection, forests):
            found[forest] = own, forest.subtree_costs(own)
        return found

    costs = await context.read(read)

    def of(place: Place | Exception | None) -> TreeCosts | Exception | None:
        if not isinstance(place, Place):
            return place
        own, subtree = costs[place.forest]
        return TreeCosts(cost_total(own.get(place.call_id)), cost_total(subtree.get(place.call_id)))

    return [of(place) for place in places]


def _priced(connection: Connection, forests: Iterable[Forest]) -> Iterator[tuple[Forest, dict[str, Costs]]]:
    """The own costs of the calls of each forest; one statement a project and chunk of models."""
    by_project: defaultdict[str, list[Forest]] = defaultdict(list)
    for forest in forests:
        by_project[forest.project].append(forest)
    for project, its in by_project.items():
        models = {usage.model for forest in its for rolled in forest.rolled.values() for usage in rolled.own}
        prices = select_prices_by_model(connection, project, sorted(models))
        yield from ((forest, forest.own_costs(prices)) for forest in its)


async def group_forests(
    context: Context, keys: Sequence[tuple[str, str]], *, column: ColumnElement[Any]
) -> list[Forest | Exception | None]:
    """The calls of each (project, key) that have the key in ``column``; None without any. Each group is added up by
    itself. One statement a project and 100,000 calls, and one to count them."""

    def read(connection: Connection, project: str, wanted: list[str]) -> Mapping[str, Forest | Exception]:
        counts = select_member_counts(connection, project, wanted, column)
        found: dict[str, Forest | Exception] = {
            key: TooLargeError(f"usage is added up over {MOST_MEMBERS:,} calls at most, {key!r} has {count:,}")
            for key, count in counts.items()
            if count > MOST_MEMBERS
        }
        for forests in forests_of(
            connection, project, {key: count for key, count in counts.items() if key not in found}, column
        ):
            found.update(forests)
        return found

    return await read_by_key(context, keys, read)


def forests_of(
    connection: Connection, project: str, counts: Mapping[str, int], column: ColumnElement[Any]
) -> Iterator[dict[str, Forest]]:
    """The calls of groups by key, of which ``counts`` says how many they have; so many groups at once as have 100,000
    together, in one statement."""
    for some in _portions(counts):
        members = select_reported_of_members(connection, project, some, column)
        yield {key: Forest(project, {one.id: one for one in its}) for key, its in members.items()}


def _portions(counts: Mapping[str, int]) -> Iterator[list[str]]:
    """The keys, as many at once as have ``_AT_ONCE`` calls together; at least one."""
    some: list[str] = []
    total = 0
    for key, count in counts.items():
        if some and total + count > _AT_ONCE:
            yield some
            some, total = [], 0
        some.append(key)
        total += count
    if some:
        yield some


async def group_costs(
    context: Context, keys: Sequence[tuple[str, str]], *, column: ColumnElement[Any]
) -> list[CostTotal | Exception | None]:
    """What the calls of each (project, key) cost; one statement a project beside those of ``group_forests``."""
    loads = (context.loaders.load(group_forests, key, column=column) for key in keys)
    forests: list[Forest | Exception | None] = await asyncio.gather(*loads, return_exceptions=True)

    def read(connection: Connection) -> dict[Forest, CostTotal | None]:
        return forest_costs(connection, {forest for forest in forests if isinstance(forest, Forest)})

    costs = await context.read(read)
    return [costs[forest] if isinstance(forest, Forest) else forest for forest in forests]


def forest_costs(connection: Connection, forests: Iterable[Forest]) -> dict[Forest, CostTotal | None]:
    """What all calls of each cost; one statement a project and chunk of models."""
    return {forest: cost_total(_sum(own.values())) for forest, own in _priced(connection, forests)}
