"""Reading prices: by id, and lists of them, queried, ordered, paged, counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement

from db.pages import Page, PageRequest, select_count
from db.prices import PRICE_FIELDS, prices, select_prices_by_id, select_prices_page
from db.query.compile import compile_query
from db.query.expression import Expression
from db.query.order import Direction, Order, compile_order
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries

__all__ = ["PriceList", "prices_by_id", "prices_count", "prices_page"]

Sorts = Sequence[tuple[str, Direction]]
DEFAULT_SORTS: Sorts = (("created_at", "asc"),)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Which prices of a project, in which order."""

    project: str
    query: Expression | None = None
    sorts: Sorts = ()
    """Empty for the order in which they were made."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """In SQL. Raises InvalidInputError for a query that cannot be."""
        found: list[ColumnElement[bool]] = [prices.c.project_id == self.project]
        if self.query is not None:
            with refusing_queries("query", InvalidInputError):
                found.append(compile_query(self.query, PRICE_FIELDS))
        return found

    def order(self) -> Order:
        """In SQL. Raises InvalidInputError for a field that is not there."""
        with refusing_queries("orderBy", InvalidInputError):
            return compile_order(self.sorts or DEFAULT_SORTS, PRICE_FIELDS)


async def prices_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Prices by (project, price id), in the order of ``keys``; None for what is not there or may not be seen."""
    return await read_by_key(context, keys, partial(select_prices_by_id, columns=columns))


async def prices_page(context: Context, chosen: PriceList, request: PageRequest, columns: Collection[str]) -> Page:
    """A page of a project's own prices."""
    context.caller.require_read(chosen.project)
    where, order = chosen.conditions(), chosen.order()
    with refusing_queries("after"):
        return await context.read(lambda connection: select_prices_page(connection, columns, where, order, request))


async def prices_count(context: Context, chosen: PriceList, limit: int | None = None) -> int:
    """How many of its own prices a project has; counting stops at ``limit``."""
    context.caller.require_read(chosen.project)
    where = chosen.conditions()
    return await context.read(lambda connection: select_count(connection, where, limit))
