"""The schema: all types, queries and mutations in one federation subgraph."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from graph.calls.mutations import CallMutations
from graph.calls.types import Call
from graph.projects import ProjectQueries
from graph.scalars import SCALARS

__all__ = ["Mutation", "Query", "schema"]


@strawberry.type(description="Reading.")
class Query(ProjectQueries):
    """Everything that can be read hangs below a project, or is a node."""


@strawberry.type(description="Writing: one mutation for one action.")
class Mutation(CallMutations):
    """The mutations of all nouns."""


schema = strawberry.federation.Schema(
    query=Query,
    mutation=Mutation,
    types=[Call],
    config=StrawberryConfig(scalar_map=SCALARS),
    # The newest version is refused by one of the composers (docs/federation.md).
    federation_version="2.9",
)
