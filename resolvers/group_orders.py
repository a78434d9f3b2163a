"""Orders of traces, sessions and threads by what they used and cost, which SQL does not know."""

from collections import defaultdict
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection

from db.groups import GroupList, select_counted_groups
from db.pages import PageRequest
from resolvers.calls.totals import Forest, forest_costs, forests_of
from resolvers.errors import TooLargeError

__all__ = ["MOST_ORDERED", "with_totals"]

MOST_ORDERED = 100_000
"""Calls of the groups of one order that are added up."""


def with_totals(
    connection: Connection, project: str, listed: GroupList, request: PageRequest, *where: ColumnElement[bool]
) -> GroupList:
    """The list with the totals that it is sorted by, of the groups of which calls fulfil ``where``; empty ones for a
    page of no rows.

    Nothing is read where it is sorted by none; else one statement for the groups that used tokens, one for each
    100,000 calls of theirs, and with costs one for the prices of these. Raises TooLargeError.
    """
    if not listed.totalled:
        return listed
    totals: dict[str, dict[str, float]] = {name: {} for name in listed.totalled}
    if not request.size:
        return replace(listed, totals=totals)
    counts = select_counted_groups(connection, project, listed=listed, where=where, most=MOST_ORDERED + 1)
    if sum(counts.values()) > MOST_ORDERED:
        raise TooLargeError(
            f"an order by {' and '.join(listed.totalled)} adds up {MOST_ORDERED:,} calls at most, and the groups that "
            "are listed have more: narrow the filter, by startedAfter for instance",
            ["orderBy"],
        )
    for forests in forests_of(connection, project, counts, listed.grouping.column):
        for name, numbers in totals.items():
            numbers.update(_costs(connection, forests) if name == "cost" else _tokens(forests, name))
    return replace(listed, totals=totals)


def _costs(connection: Connection, forests: dict[str, Forest]) -> dict[str, float]:
    costs = forest_costs(connection, forests.values())
    totals = ((key, costs[forest]) for key, forest in forests.items())
    return {key: cost.total for key, cost in totals if cost is not None and cost.total is not None}


def _tokens(forests: dict[str, Forest], name: str) -> dict[str, float]:
    tokens: defaultdict[str, float] = defaultdict(float)
    for key, forest in forests.items():
        for usage in forest.usage:
            tokens[key] += getattr(usage, name)
    return tokens
