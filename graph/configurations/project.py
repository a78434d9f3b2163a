"""The configurations of a project."""

from dataclasses import fields
from typing import Annotated

import strawberry

from graph.configurations.types import Configuration, ConfigurationType, Environment
from graph.connections import After, Before, Connection, First, Last, connect, page_request
from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from graph.scalars import DateTime
from resolvers.configurations.read import (
    EVERY_CONFIGURATION,
    ConfigurationFilter,
    ConfigurationList,
    configurations_by_id,
    configurations_count,
    configurations_page,
)

__all__ = ["ProjectConfigurations"]


@strawberry.input(
    description="Which configurations. All fields that are set must hold; of a list one value must, but for `tags`. A "
    "field that is null, left out or an empty list restricts nothing. Lists hold at most 1,000 values, which are "
    "compared exactly."
)
class ConfigurationFilterInput:
    """``resolvers.configurations.read.ConfigurationFilter``, field for field."""

    configuration_ids: list[str] | None = column("`Configuration.configurationId`.", default=None)
    names: list[str] | None = column("`Configuration.name`, exactly; several may have one name.", default=None)
    name_contains: str | None = column("What the name has in it, whatever the case of letters.", default=None)
    name_prefix: str | None = column("How the name begins.", default=None)
    types: list[ConfigurationType] | None = column("What is configured.", default=None)
    providers: list[str] | None = column("`Configuration.provider`.", default=None)
    models: list[str] | None = column("`Configuration.model`.", default=None)
    environments: list[Environment] | None = column("It is in use in one of these.", default=None)
    tags: list[str] | None = column("It has all of these tags, at most 100.", default=None)
    created_after: DateTime | None = column("Made at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("Made before this time (exclusive).", default=None)


def filter_of(value: ConfigurationFilterInput | None) -> ConfigurationFilter:
    """The input as the domain's filter."""
    if value is None:
        return EVERY_CONFIGURATION
    return ConfigurationFilter(**{field.name: getattr(value, field.name) for field in fields(ConfigurationFilter)})


Filter = Annotated[
    ConfigurationFilterInput | None, strawberry.argument(description="Which configurations; all without one.")
]
ConfigurationOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, at most 8 keys; without one the oldest first (`createdAt` "
        "ascending). Keys are `createdAt`, `updatedAt`, `name`, `type`, `provider`, `model`, `configurationId`. Null "
        "comes last."
    ),
]
ConfigurationId = Annotated[str, strawberry.argument(description="`Configuration.configurationId`.")]


@strawberry.type
class ProjectConfigurations(ProjectPart):
    """The part of Project about configurations."""

    @link("One configuration by its id; null where there is none.", needs=("slug",))
    async def configuration(self, info: Info, configuration_id: ConfigurationId) -> Configuration | None:
        """By the loader of configurations."""
        return await load_row(info, configurations_by_id, (self.slug, configuration_id), Configuration)

    @link("Its configurations, by default in the order in which they were made.", needs=("slug",))
    async def configurations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        order_by: ConfigurationOrder = None,
    ) -> Connection[Configuration]:
        """A page of them."""
        context = context_of(info)
        chosen = ConfigurationList(self.slug, filter_of(filter), sorts_argument(order_by))
        return await connect(
            info,
            Connection[Configuration],
            Configuration,
            page_request(first, after, last, before),
            read=lambda request, columns: configurations_page(context, chosen, request, columns),
            count=lambda limit: configurations_count(context, chosen, limit),
        )
