"""The schema: all types, queries and mutations in one federation subgraph."""

from typing import Any

import strawberry
from graphql import get_named_type
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig

from graph.actions import ActionMutations
from graph.calls.mutations import CallMutations
from graph.calls.types import Call
from graph.completions.mutations import CompletionMutations, CompletionSubscriptions
from graph.entities import NodeQueries, resolve_entities
from graph.evaluations import EvaluationMutations
from graph.feedback.mutations import FeedbackMutations
from graph.feedback.types import Feedback
from graph.files.mutations import FileMutations
from graph.files.types import File
from graph.images import ImageMutations
from graph.objects.mutations import ObjectMutations
from graph.objects.types import ObjectVersion
from graph.ops import OpMutations
from graph.prices.mutations import PriceMutations
from graph.prices.types import Price
from graph.projects import Project, ProjectQueries
from graph.refs.types import RefQueries
from graph.scalars import SCALARS
from graph.server_info import ServerInfoQueries
from graph.sessions import Session
from graph.spans.mutations import SpanMutations
from graph.tables.mutations import TableMutations
from graph.tables.types import Table, TableRow
from graph.threads import Thread
from graph.traces import Trace

__all__ = ["Mutation", "Query", "Subscription", "schema"]


@strawberry.type(description="Reading.")
class Query(ProjectQueries, NodeQueries, RefQueries, ServerInfoQueries):
    """Everything that can be read hangs below a project, or is a node."""


@strawberry.type(description="Writing: one mutation for one action.")
class Mutation(
    ActionMutations,
    CallMutations,
    CompletionMutations,
    EvaluationMutations,
    FeedbackMutations,
    FileMutations,
    ImageMutations,
    ObjectMutations,
    OpMutations,
    PriceMutations,
    SpanMutations,
    TableMutations,
):
    """The mutations of all nouns."""


@strawberry.type(description="What is sent as it happens.")
class Subscription(CompletionSubscriptions):
    """The subscriptions of all nouns."""


class Schema(strawberry.federation.Schema):
    """A subgraph whose entities are found by ``graph.entities``: a bad representation is an error of its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # What an `input` argument takes is said once, at its type.
        for type_ in (self._schema.mutation_type, self._schema.subscription_type):
            for field in type_.fields.values() if type_ else ():
                if "input" in field.args:
                    field.args["input"].description = get_named_type(field.args["input"].type).description

    def entities_resolver(self, info: strawberry.Info, representations: list[FederationAny]) -> list[FederationAny]:
        """The resolver of ``_entities``."""
        return resolve_entities(info, representations)  # type: ignore[return-value]  # completed by the executor


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Call, Feedback, File, ObjectVersion, Price, Project, Session, Table, TableRow, Thread, Trace],
    config=StrawberryConfig(scalar_map=SCALARS),
    # The newest version is refused by one of the composers of The Guild.
    federation_version="2.9",
)
