"""Prices: those that projects set, and how they are applied."""

from typing import Any, cast

import strawberry

from graph.context import Info, context_of
from graph.creator_link import CreatorLink
from graph.enums import described_enum
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.scalars import DateTime
from graph.selection import columns_of
from resolvers.prices.rates import PricingLevel
from resolvers.prices.read import prices_by_id

__all__ = ["AppliedPrice", "Price"]

described_enum(
    PricingLevel,
    name="PricingLevel",
    description="Whose price it is. Values may be added.",
    values={"PROJECT": "The project set it.", "DEFAULT": "It is built in: the provider's list price."},
)

_CACHE = "0 where they cost what other input tokens do."


@strawberry.federation.type(
    keys=["id", "projectSlug priceId"],
    description="What a project says that the tokens of a model cost from a time on. Costs are for one token.",
)
class Price(CreatorLink, ProjectLink, TracegraphNode):
    """Rows of ``db.prices``."""

    is_type_of = is_row_of("Price")

    price_id: str = column("Id within the project.")
    model: str = column("The model, as it is named in the usage of calls.")
    provider: str = column("Who provides the model; `default` where nobody said.")
    input_token_cost: float = column("Cost of a token of a prompt.")
    output_token_cost: float = column("Cost of a token of a completion.")
    cache_read_token_cost: float = column(f"Cost of an input token read from the provider's cache; {_CACHE}")
    cache_write_token_cost: float = column(f"Cost of an input token written to the provider's cache; {_CACHE}")
    input_unit: str = column("Unit of the costs of input tokens, such as `USD`.")
    output_unit: str = column("Unit of the cost of output tokens.")
    effective_at: DateTime = column("The time from which it holds.")
    created_at: DateTime = column("When it was set.")
    created_by: str = column("User who set it.")


@strawberry.type(description="The price by which a cost was worked out. Costs are for one token.")
class AppliedPrice:
    """``resolvers.prices.rates.Rate``."""

    level: PricingLevel = column("Whose price it is.")
    provider: str = column("Who provides the model; `default` where nobody said.")
    input_token_cost: float = column("Cost of a token of a prompt.")
    output_token_cost: float = column("Cost of a token of a completion.")
    cache_read_token_cost: float = column(f"Cost of an input token read from the provider's cache; {_CACHE}")
    cache_write_token_cost: float = column(f"Cost of an input token written to the provider's cache; {_CACHE}")
    input_unit: str = column("Unit of the costs of input tokens, such as `USD`.")
    output_unit: str = column("Unit of the cost of output tokens.")
    effective_at: DateTime | None = column("The time from which it holds; null where a built-in price does not say.")
    created_at: DateTime | None = column("When it was set; null for a built-in price.")
    created_by: str | None = column("Who set it; for a built-in price the package that it is from.")

    @link("The project's price; null for a built-in one.")
    async def price(self, info: Info) -> Price | None:
        """By the loader of prices."""
        rate: Any = self
        if rate.project is None:
            return None
        key = (rate.project, rate.price_id)
        row = await context_of(info).loaders.load(prices_by_id, key, columns=columns_of(info, Price))
        return cast("Price | None", row)  # rows stand for their types
