"""Setting and purging prices of a project."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from db.prices import PRICE_FIELDS, delete_prices, insert_prices
from db.projects import lock
from db.query.compile import compile_query
from db.query.expression import Expression
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError
from resolvers.ids import new_id
from resolvers.purges import check_purge
from resolvers.queries import refusing_queries

__all__ = ["NewPrice", "prices_create", "prices_purge"]

MAX_NAME_BYTES = 512
"""Models are in an index, whose entries PostgreSQL holds to 2,704 bytes with the project beside them."""


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price for the tokens of a model, as it is set; costs are for one token.

    ``effective_at`` is in microseconds since the epoch, None for now. A cache cost of 0 means that tokens of the cache
    cost what others do.
    """

    model: str
    input_token_cost: float
    output_token_cost: float
    cache_read_token_cost: float = 0.0
    cache_write_token_cost: float = 0.0
    input_unit: str | None = None
    output_unit: str | None = None
    effective_at: int | None = None
    provider: str | None = None


async def prices_create(
    context: Context, project: str, new: Sequence[NewPrice], created_by: str | None = None
) -> list[str]:
    """Set prices, all of them or none; returns their ids, in order. Each is a price of its own, also where one of the
    model is there already. ``created_by`` None means the caller.

    Raises InvalidInputError for a cost that is no finite number and for a name that is too long, or no name.
    """
    context.caller.require_write(project)
    for index, price in enumerate(new):
        _check(index, price)
    at = now()
    maker = created_by or context.caller.user_id
    # A microsecond apart, so that they read back in their order.
    rows = [_row(project, price, at + index, at, maker) for index, price in enumerate(new)]

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        insert_prices(connection, rows)

    if rows:
        await context.database.write(write)
    return [row["id"] for row in rows]


async def prices_purge(context: Context, project: str, expression: Expression) -> int:
    """Delete what ``expression`` selects of a project's prices; returns how many are gone.

    Raises InvalidInputError for a query that no field narrows (``resolvers.purges``) or that names unknown fields.
    """
    context.caller.require_write(project)
    check_purge(expression, "id or llm_id")
    with refusing_queries("query", InvalidInputError):
        condition = compile_query(expression, PRICE_FIELDS)
    return await context.database.write(lambda connection: delete_prices(connection, project, condition))


def _check(index: int, price: NewPrice) -> None:
    for name in ("input_token_cost", "output_token_cost", "cache_read_token_cost", "cache_write_token_cost"):
        value = getattr(price, name)
        if not math.isfinite(value):
            raise InvalidInputError(
                f"The {name} of {price.model!r} must be a finite number, not {value}", ["prices", index, name]
            )
    if not price.model:
        raise InvalidInputError("A price needs the name of a model, not an empty one", ["prices", index, "model"])
    for name in ("model", "provider", "input_unit", "output_unit"):
        value = getattr(price, name)
        if value and len(value.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
            raise InvalidInputError(
                f"{name} is too long, at most {MAX_NAME_BYTES} bytes of UTF-8: {value[:60]!r}...",
                ["prices", index, name],
            )


def _row(project: str, price: NewPrice, created_at: int, at: int, created_by: str) -> dict[str, Any]:
    return {
        "project_id": project,
        "id": new_id(),
        "llm_id": price.model,
        "provider_id": price.provider or "default",
        "prompt_token_cost": price.input_token_cost,
        "completion_token_cost": price.output_token_cost,
        "cache_read_input_token_cost": price.cache_read_token_cost,
        "cache_creation_input_token_cost": price.cache_write_token_cost,
        "prompt_token_cost_unit": price.input_unit or "USD",
        "completion_token_cost_unit": price.output_unit or "USD",
        "effective_date": at if price.effective_at is None else price.effective_at,
        "created_at": created_at,
        "created_by": created_by,
    }
