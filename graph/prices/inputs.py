"""What setting and purging prices takes."""

import strawberry

from graph.fields import column
from graph.query import QueryExprInput
from graph.scalars import JSON, DateTime

__all__ = ["PriceInput", "PricesCreateInput", "PricesPurgeInput"]


@strawberry.input(description="What the tokens of a model cost from a time on. Costs are for one token.")
class PriceInput:
    """One price."""

    model: str = column("The model, as it is named in the usage of calls.")
    input_token_cost: float = column("Cost of a token of a prompt.")
    output_token_cost: float = column("Cost of a token of a completion.")
    cache_read_token_cost: float = column(
        "Cost of an input token read from the provider's cache; 0: what other input tokens cost.", default=0.0
    )
    cache_write_token_cost: float = column(
        "Cost of an input token written to the provider's cache; 0: what other input tokens cost.", default=0.0
    )
    input_unit: str | None = column("Unit of the costs of input tokens.", default="USD")
    output_unit: str | None = column("Unit of the cost of output tokens.", default="USD")
    effective_at: DateTime | None = column("The time from which it holds; now where missing.", default=None)
    provider: str | None = column("Who provides the model.", default="default")


@strawberry.input(description="Prices to set, all of them or none.")
class PricesCreateInput:
    """A batch."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    prices: list[PriceInput] = column("The prices.")
    created_by: str | None = column("User in whose name they are set; the caller's where missing.", default=None)


@strawberry.input(description="Which prices to delete. A field must narrow it: a slip shall not delete all.")
class PricesPurgeInput:
    """A query; exactly one of its two forms."""

    project: str = column("Slug of the project, `entity/name`.")
    query: QueryExprInput | None = column("The query, typed.", default=None)
    query_json: JSON | None = column('The query as REST has it: `{"$expr": ...}`.', default=None)
