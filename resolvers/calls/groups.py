"""Which groups of calls statistics list: those that have most of something, few of as many as there may be."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.calls.facets import oldest_of_newest, reads_payloads
from db.calls.fields import call_fields
from db.calls.groupings import UNREAD, Grouping, Groups, select_groups
from db.calls.statistics import is_any
from db.text import encode_text
from resolvers.calls.facets import MOST_SCANNED, check_size
from resolvers.calls.names import op_short_name
from resolvers.calls.spending import Spending, Spent
from resolvers.calls.totals import cost_total
from resolvers.context import Context
from resolvers.errors import InvalidInputError, TooLargeError
from resolvers.queries import refusing_queries

__all__ = ["GroupBy", "GroupOrder", "Key", "KeyReader", "grouping_of", "groups_of"]

MOST_GROUPS = 100
MOST_PATHS = 5
MOST_COUNTED = 100_000
"""Groups of which the usage is counted to find those that used most."""

Key = tuple[str | None, ...]
"""A value of each dimension, then kind and text of each field."""

Conditions = Sequence[ColumnElement[bool]]

_short_name = lru_cache(maxsize=10_000)(op_short_name)


class GroupOrder(StrEnum):
    """What the groups that are listed have most of."""

    CALLS = "calls"
    ERRORS = "errors"
    ERROR_RATE = "error_rate"
    LATENCY_AVG = "avg_ms"
    LATENCY_P50 = "p50_ms"
    LATENCY_P90 = "p90_ms"
    LATENCY_P95 = "p95_ms"
    LATENCY_P99 = "p99_ms"
    LATENCY_MAX = "max_ms"
    TOTAL_TOKENS = "total_tokens"
    COST = "cost"


@dataclass(frozen=True, slots=True)
class GroupBy:
    """What to group by: ``dimensions`` of ``db.calls.groupings.DIMENSIONS``, and any fields by their ``paths``; how
    many groups to list, and by what. Paths into JSON are looked for in the newest ``scan`` calls."""

    dimensions: Sequence[str] = ()
    paths: Sequence[str] = ()
    order: GroupOrder = GroupOrder.CALLS
    limit: int = 10
    scan: int = 10_000

    def __bool__(self) -> bool:
        return bool(self.dimensions or self.paths)

    def check(self) -> None:
        """Raise InvalidInputError for what cannot be."""
        for name, values in (("groupBy", self.dimensions), ("groupByPaths", self.paths)):
            if len(set(values)) < len(values):
                raise InvalidInputError(f"{name} names a value twice", [name])
        if len(self.paths) > MOST_PATHS:
            message = f"groupByPaths must name at most {MOST_PATHS} paths, not {len(self.paths)}"
            raise InvalidInputError(message, ["groupByPaths"])
        check_size("groupLimit", self.limit, MOST_GROUPS)
        check_size("scan", self.scan, MOST_SCANNED)


async def grouping_of(
    context: Context, project: str, group_by: GroupBy, conditions: Conditions
) -> tuple[Grouping, bool]:
    """How the calls that fulfil ``conditions`` are told apart, and whether all of them are."""
    fields = call_fields(project)
    with refusing_queries("groupByPaths"):
        found = tuple(fields.resolve(path, (index,)) for index, path in enumerate(group_by.paths))
    grouping = Grouping(tuple(group_by.dimensions), found)
    if not any(map(reads_payloads, found)):
        return grouping, True

    def read(connection: Connection) -> tuple[Grouping, bool]:
        oldest = oldest_of_newest(connection, conditions, group_by.scan)
        if oldest is None:
            return grouping, True
        bounded = Grouping(grouping.by, found, oldest)
        return bounded, not is_any(connection, [*conditions, ~bounded.is_read])

    return await context.read(read)


class KeyReader:
    """Keys of calls, from what is read of them."""

    def __init__(self, grouping: Grouping) -> None:
        self._op = grouping.by.index("op_name") if "op_name" in grouping.by else None
        self._kinds = slice(len(grouping.by), None, 2)

    def key(self, values: Sequence[str | None]) -> Key | None:
        """The key of a call's group; None of a call that is not told apart."""
        if UNREAD in values[self._kinds]:
            return None
        if self._op is None:
            return tuple(values)
        op_name = values[self._op]
        assert op_name is not None, "a call that is shown has an op name"
        return (*values[: self._op], _short_name(op_name), *values[self._op + 1 :])


async def groups_of(
    context: Context, project: str, grouping: Grouping, conditions: Conditions, group_by: GroupBy
) -> Groups:
    """The keys of the groups to list, and how many there are."""
    if group_by.order in {GroupOrder.TOTAL_TOKENS, GroupOrder.COST}:
        return await _groups_by_usage(context, project, grouping, conditions, group_by)
    return await context.read(
        lambda connection: select_groups(connection, grouping, conditions, group_by.order, group_by.limit)
    )


async def _groups_by_usage(
    context: Context, project: str, grouping: Grouping, conditions: Conditions, group_by: GroupBy
) -> Groups:
    """Usage is worked out here, so all groups that have any are counted before the largest are known."""
    by_cost = group_by.order is GroupOrder.COST
    keys = KeyReader(grouping)
    spent: defaultdict[Key, Spent] = defaultdict(Spent)

    def spend(_: int, values: list[Any], own: Spent) -> None:
        key = keys.key(values)
        if key is None:
            return
        spent[key].merge(own)
        if len(spent) > MOST_COUNTED:
            raise TooLargeError(
                f"usage is compared over {MOST_COUNTED:,} groups at most, there are more: "
                "group by something of fewer values, or filter",
                ["groupOrderBy"],
            )

    await Spending(project, grouping, conditions, with_costs=by_cost).read(context, spend)
    amounts = {key: _cost(one) if by_cost else one.total_tokens for key, one in spent.items()}
    # Groups that used nothing come by their key. With as many more as used something, enough are among them.
    more = group_by.limit + len(amounts)
    known = await context.read(lambda connection: select_groups(connection, grouping, conditions, None, more))

    def place(key: Key) -> tuple[float, list[tuple[bool, str]]]:
        return -amounts.get(key, 0), [(value is not None, encode_text(value or "")) for value in key]

    ordered = sorted({*known.keys, *amounts}, key=place)
    return Groups(ordered[: group_by.limit], max(known.total, len(ordered)))


def _cost(spent: Spent) -> float:
    total = cost_total(spent.costs)
    return (total and total.total) or 0.0
