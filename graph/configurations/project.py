"""The configurations of a project."""

from typing import Annotated

import strawberry

from graph.configurations.types import Configuration, Environment
from graph.connections import After, Before, Connection, First, Last, connect, page_request
from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from resolvers.configurations.read import (
    ConfigurationList,
    configurations_by_id,
    configurations_count,
    configurations_page,
)

__all__ = ["ProjectConfigurations"]


@strawberry.input(description="Which configurations: all fields that are set must hold; null restricts nothing.")
class ConfigurationFilterInput:
    """Parts of ``ConfigurationList``."""

    name: str | None = column("Its name, exactly.", default=None)
    environment: Environment | None = column("It is in use there.", default=None)
    tags: list[str] | None = column("It has all of these tags, at most 100.", default=None)


ConfigurationFilter = Annotated[
    ConfigurationFilterInput | None, strawberry.argument(description="Which configurations; all without one.")
]
ConfigurationOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first; without one the order in which they were made (`createdAt` "
        "ascending). Keys are `createdAt`, `updatedAt`, `name`, `type`, `provider`, `model`, `configurationId`."
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
        filter: ConfigurationFilter = None,
        order_by: ConfigurationOrder = None,
    ) -> Connection[Configuration]:
        """A page of them."""
        context = context_of(info)
        given = filter or ConfigurationFilterInput()
        chosen = ConfigurationList(
            self.slug, given.name, given.environment, tuple(given.tags or ()), sorts_argument(order_by)
        )
        return await connect(
            info,
            Connection[Configuration],
            Configuration,
            page_request(first, after, last, before),
            read=lambda request, columns: configurations_page(context, chosen, request, columns),
            count=lambda limit: configurations_count(context, chosen, limit),
        )
