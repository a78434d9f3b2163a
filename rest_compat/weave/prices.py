"""Setting, reading and purging token prices, which Weave's API calls costs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import FiniteFloat

from resolvers.errors import InvalidInputError
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, connection_of, first_page
from rest_compat.weave.models import Query, SortBy, Strict, microseconds, order_by, query_json

__all__ = ["ENDPOINTS"]


class CostCreateInput(Strict):
    """Seeds 000 and 001; the costs of the cache are what the SDKs from 0.52 on send."""

    prompt_token_cost: FiniteFloat
    completion_token_cost: FiniteFloat
    cache_read_input_token_cost: FiniteFloat = 0
    cache_creation_input_token_cost: FiniteFloat = 0
    prompt_token_cost_unit: str | None = "USD"  # noqa: S105 - tokens of models
    completion_token_cost_unit: str | None = "USD"  # noqa: S105
    effective_date: datetime | None = None
    provider_id: str | None = None


class CostCreateReq(Strict):
    """Seeds 000 and 001."""

    project_id: str
    costs: dict[str, CostCreateInput]
    wb_user_id: str | None = None


class CostQueryReq(Strict):
    """Seeds 000 and 001."""

    project_id: str
    fields: list[str] | None = None
    query: Query | None = None
    sort_by: list[SortBy] | None = None
    limit: int | None = None
    offset: int | None = None


class CostPurgeReq(Strict):
    """Seeds 000 and 001."""

    project_id: str
    query: Query


_FIELDS = {
    "id": "priceId",
    "llm_id": "model",
    "prompt_token_cost": "inputTokenCost",
    "completion_token_cost": "outputTokenCost",
    "prompt_token_cost_unit": "inputUnit",
    "completion_token_cost_unit": "outputUnit",
    "effective_date": "effectiveAt",
    "provider_id": "provider",
}
"""The documented fields and the graph's."""


def _price(model: str, cost: CostCreateInput) -> Variables:
    return {
        "model": model,
        "inputTokenCost": cost.prompt_token_cost,
        "outputTokenCost": cost.completion_token_cost,
        "cacheReadTokenCost": cost.cache_read_input_token_cost,
        "cacheWriteTokenCost": cost.cache_creation_input_token_cost,
        "inputUnit": cost.prompt_token_cost_unit,
        "outputUnit": cost.completion_token_cost_unit,
        "effectiveAt": None if cost.effective_date is None else microseconds(cost.effective_date),
        "provider": cost.provider_id,
    }


def _create(request: Request) -> Variables:
    body: CostCreateReq = request.body
    prices = [_price(model, cost) for model, cost in body.costs.items()]
    return {"input": {"project": body.project_id, "prices": prices, "createdBy": body.wb_user_id}}


def _created(data: Data, request: Request) -> dict[str, Any]:
    """Pairs of the id and the model, in this order."""
    return {"ids": list(zip(data["pricesCreate"]["priceIds"], request.body.costs, strict=True))}


def _page(request: Request) -> Variables:
    body: CostQueryReq = request.body
    for index, field in enumerate(body.fields or ()):
        if field not in _FIELDS:
            raise InvalidInputError(f"unknown field {field!r}; known are {', '.join(_FIELDS)}", ["fields", index])
    return {
        "project": body.project_id,
        "query": query_json(body.query),
        "orderBy": order_by(body.sort_by),
        **first_page(request),
    }


def _row(node: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """CostQueryOutput; what ``fields`` leave out is null."""
    wanted = request.body.fields or _FIELDS
    return {name: node[field] if name in wanted else None for name, field in _FIELDS.items()}


def _purge(request: Request) -> Variables:
    body: CostPurgeReq = request.body
    return {"input": {"project": body.project_id, "queryJson": query_json(body.query)}}


ENDPOINTS = [
    Endpoint(
        "/cost/create",
        "weave/prices_create",
        "Set token prices by model; answers pairs of the price's id and the model.",
        model=CostCreateReq,
        variables=_create,
        respond=_created,
    ),
    Endpoint(
        "/cost/query",
        "weave/prices_page",
        "The project's own prices by query, sort, page.",
        model=CostQueryReq,
        variables=_page,
        stream=Stream(connection=connection_of("prices"), line=_row, member="results"),
    ),
    Endpoint(
        "/cost/purge",
        "weave/prices_purge",
        "Delete prices by a query that a field narrows.",
        model=CostPurgeReq,
        variables=_purge,
    ),
]
