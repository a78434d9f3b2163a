"""Orders of calls by what they cost, which SQL does not know."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection

from db.calls.model_usage import usage_from
from db.calls.usage import select_usages
from db.prices import select_prices_by_model
from resolvers.errors import TooLargeError
from resolvers.prices.costs import CallCost, cost_of

__all__ = ["COST", "MOST_PRICED", "costs_by_id"]

COST = "cost"
"""The name that sorts give it."""

MOST_PRICED = 100_000
"""Calls that are priced for one order."""


def costs_by_id(connection: Connection, project: str, conditions: Sequence[ColumnElement[bool]]) -> dict[str, float]:
    """What the calls of a project that fulfil ``conditions`` report that they cost; those of which that is null or in
    several units are missing, and those that count no tokens. Two statements. Raises TooLargeError."""
    rows = select_usages(connection, conditions, MOST_PRICED + 1)
    if len(rows) > MOST_PRICED:
        raise TooLargeError(
            f"an order by cost prices {MOST_PRICED:,} calls at most, and more of those that are listed used tokens: "
            "narrow the filter, by startedAfter for instance",
            ["orderBy"],
        )
    used = [(call_id, started_at, usage_from(usage)) for call_id, started_at, usage in rows]
    prices = select_prices_by_model(connection, project, sorted({one.model for _, _, its in used for one in its}))
    found: dict[str, float] = {}
    for call_id, started_at, its in used:
        priced = [cost for one in its if (cost := cost_of(one, started_at, prices)) is not None]
        total = CallCost(priced).total if priced else None
        if total is not None:
            found[call_id] = total
    return found
