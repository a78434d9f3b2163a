"""The schema: all types, queries and mutations in one federation subgraph."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType, get_named_type
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from graph.actions import ActionMutations
from graph.calls.mutations import CallMutations
from graph.calls.recording import RecordingMutations
from graph.calls.subscriptions import CallSubscriptions
from graph.calls.types import Call
from graph.completions.mutations import CompletionMutations, CompletionSubscriptions
from graph.configurations.mutations import ConfigurationMutations
from graph.configurations.types import Configuration
from graph.datapoints.mutations import DatapointMutations
from graph.datapoints.types import Datapoint
from graph.datasets.mutations import DatasetMutations
from graph.datasets.types import Dataset
from graph.entities import ENTITIES, NodeQueries, resolve_entities
from graph.evaluations import EvaluationMutations
from graph.experiments.mutations import ExperimentMutations
from graph.experiments.types import Experiment
from graph.federation import FederationQueries, subgraph_sdl
from graph.feedback.mutations import FeedbackMutations
from graph.feedback.subscriptions import FeedbackSubscriptions
from graph.feedback.types import Feedback
from graph.files.mutations import FileMutations
from graph.files.types import File
from graph.images import ImageMutations
from graph.input_objects import build_input_objects
from graph.live import LiveExecutor
from graph.metrics.mutations import MetricMutations
from graph.metrics.run import MetricRunMutation
from graph.metrics.types import Metric, MetricVersion
from graph.naming import Naming, PrefixedNames
from graph.nodes import TracegraphNode
from graph.objects.mutations import ObjectMutations
from graph.objects.names import VersionedObject
from graph.objects.types import ObjectVersion
from graph.ops import OpMutations
from graph.prices.mutations import PriceMutations
from graph.prices.types import Price
from graph.projects import Project, ProjectQueries
from graph.queues.items import AnnotationQueueItem
from graph.queues.mutations import QueueMutations
from graph.queues.types import AnnotationQueue
from graph.refs.types import RefQueries
from graph.resolver_calls import build_resolver_calls
from graph.scalars import SCALARS
from graph.server_info import ServerInfoQueries
from graph.sessions import Session
from graph.spans.mutations import SpanMutations
from graph.subjects.mapped import MappedType, check_names, mapped_type
from graph.tables.mutations import TableMutations
from graph.tables.types import Table, TableRow
from graph.threads import Thread
from graph.traces import Trace
from graph.users import User, UserQueries
from resolvers.subjects.entities import USERS, SubjectEntity

__all__ = ["Mutation", "Query", "Schema", "Subscription", "build_schema", "schema"]


NODES = [
    AnnotationQueue,
    AnnotationQueueItem,
    Call,
    Configuration,
    Experiment,
    Datapoint,
    Dataset,
    Feedback,
    File,
    Metric,
    MetricVersion,
    ObjectVersion,
    Price,
    Project,
    Session,
    Table,
    TableRow,
    Thread,
    Trace,
    User,
    VersionedObject,
]
"""Types that interfaces alone lead to."""


@strawberry.type(description="Reading.")
class Query(ProjectQueries, NodeQueries, RefQueries, ServerInfoQueries, UserQueries, FederationQueries):
    """Everything that can be read hangs below a project, or is a node."""


@strawberry.type(description="Writing: one mutation for one action.")
class Mutation(
    ActionMutations,
    CallMutations,
    RecordingMutations,
    CompletionMutations,
    ConfigurationMutations,
    DatapointMutations,
    DatasetMutations,
    EvaluationMutations,
    ExperimentMutations,
    FeedbackMutations,
    FileMutations,
    ImageMutations,
    MetricMutations,
    MetricRunMutation,
    ObjectMutations,
    OpMutations,
    PriceMutations,
    QueueMutations,
    SpanMutations,
    TableMutations,
):
    """The mutations of all nouns."""


@strawberry.type(description="What is sent as it happens.")
class Subscription(CallSubscriptions, CompletionSubscriptions, FeedbackSubscriptions):
    """The subscriptions of all nouns."""


class Schema(strawberry.federation.Schema):
    """A subgraph under the names of ``naming``, whose entities are found by ``graph.entities``: a bad representation
    is an error of its own."""

    def __init__(self, naming: Naming, mapped: Sequence[MappedType] = (), **options: Any) -> None:
        self.naming = naming
        self.mapped = mapped
        self.subjects = {entity.noun: entity for entity in (USERS, *(each.entity for each in mapped))}
        """The entities that are no nodes, by noun."""

        nouns = (*ENTITIES, TracegraphNode.__name__, *self.subjects)
        self.nouns = {naming.type_name(noun): noun for noun in nouns}
        """Our names of the types that a representation may name, by those that they are served under."""
        super().__init__(**options)
        for type_ in self._root_types():
            self._finish(type_)
        self._describe_entities()
        build_input_objects(self._schema)
        build_resolver_calls(self._schema, self.config)

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """With the fields that mapped subjects add."""
        added = (each.fields.get(type_definition.name, ()) for each in self.mapped)
        return [*super().get_fields(type_definition), *chain.from_iterable(added)]

    def _root_types(self) -> list[GraphQLObjectType]:
        types = self._schema
        return [each for each in (types.query_type, types.mutation_type, types.subscription_type) if each]

    def has_root_field(self, name: str) -> bool:
        """Whether a root type is called so, or has a field of this name (``Query.project`` for that of one)."""
        of, _, field = name.rpartition(".")
        return any(root.name == name or (of in {"", root.name} and field in root.fields) for root in self._root_types())

    def _finish(self, type_: GraphQLObjectType) -> None:
        """Prefix the fields of a root type, and describe their `input` by what is said once, at its type."""
        fields = dict(type_.fields)
        type_.fields.clear()
        for name, field in fields.items():
            type_.fields[self.naming.field_name(name)] = _described(field)

    def _describe_entities(self) -> None:
        """What strawberry adds for federation, and says nothing about."""
        types = self._schema.type_map
        types["_Any"].description = "The key of an entity, with its `__typename`."
        types["_Entity"].description = "An object that gateways find by its key."
        entities = types["Query"].fields["_entities"]  # type: ignore[attr-defined]
        entities.description = "What a federation gateway asks for: an object for each key, in order; null for none."
        entities.args["representations"].description = "The keys."

    @cached_property
    def subgraph_sdl(self) -> str:
        """The view of the schema that gateways compose."""
        return subgraph_sdl(print_schema(self), self._schema, self.naming)

    def entities_resolver(self, info: strawberry.Info, representations: list[FederationAny]) -> list[FederationAny]:
        """The resolver of ``_entities``."""
        return resolve_entities(info, representations)  # type: ignore[return-value]  # completed by the executor


def _described(field: GraphQLField) -> GraphQLField:
    if "input" in field.args:
        field.args["input"].description = get_named_type(field.args["input"].type).description
    return field


def build_schema(naming: Naming | None = None, mappings: Sequence[SubjectEntity] = ()) -> Schema:
    """The schema under these names, with the types of ``mappings``.

    Raises MappingError where a name of theirs is that of something else.
    """
    naming = naming or Naming()
    naming = replace(
        naming,
        shared_types=naming.shared_types | {entity.noun for entity in mappings},
        # The team that has the entities has such a field too.
        omitted_fields=naming.omitted_fields | {f"Query.{entity.field}" for entity in mappings},
    )
    if mappings:
        check_names(build_schema(naming), mappings)
    mapped = [mapped_type(entity) for entity in mappings]
    return Schema(
        naming,
        mapped,
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*NODES, *(each.type for each in mapped)],
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=PrefixedNames(naming)),
        execution_context_class=LiveExecutor,
        # The newest version is refused by one of the composers of The Guild.
        federation_version="2.9",
    )


schema = build_schema()
"""Under our own names: what operations of our own run on, and clients too unless the settings say otherwise."""
