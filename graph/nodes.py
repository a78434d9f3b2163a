"""The interfaces of everything that can be refetched: Relay's, and the federation's."""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from graph.fields import link
from resolvers.ids import encode_id

__all__ = ["NODE_KEYS", "Node", "ProjectPart", "TracegraphNode", "is_row_of"]

NODE_KEYS: dict[str, tuple[str, ...]] = {
    "Project": ("slug",),
    "Call": ("project_slug", "call_id"),
    "Trace": ("project_slug", "trace_id"),
    "Session": ("project_slug", "session_id"),
    "Thread": ("project_slug", "thread_id"),
    "ObjectVersion": ("project_slug", "kind", "object_id", "digest"),
    "VersionedObject": ("project_slug", "kind", "object_id"),
    "Table": ("project_slug", "digest"),
    "TableRow": ("project_slug", "digest"),
    "File": ("project_slug", "digest"),
    "Feedback": ("project_slug", "feedback_id"),
    "Experiment": ("project_slug", "experiment_id"),
    "Price": ("project_slug", "price_id"),
    "Metric": ("project_slug", "metric_id"),
    "MetricVersion": ("project_slug", "metric_id", "version"),
    "Configuration": ("project_slug", "configuration_id"),
    "AnnotationQueue": ("project_slug", "queue_id"),
    "AnnotationQueueItem": ("project_slug", "queue_id", "call_id"),
    "Dataset": ("project_slug", "dataset_id"),
    "Datapoint": ("project_slug", "datapoint_id"),
}
"""The columns that make up a node's identity, by noun, the project's slug first. Every read selects them."""


@strawberry.interface(description="Something with an identity: it can be fetched again by `node(id:)`.")
class Node:
    """Rows of every noun; ``Row.noun`` names the type (``is_row_of``)."""

    @link("Opaque id, unique over all types and projects and stable across releases.")
    def id(self) -> strawberry.ID:
        """Made of the key columns of the row."""
        row: Any = self
        return strawberry.ID(encode_id(row.noun, *(getattr(row, name) for name in NODE_KEYS[row.noun])))


@strawberry.federation.interface(
    keys=["id"],
    description="Any node of this server. In a federated graph another team adds fields to all of them at once: it "
    'declares `type TracegraphNode @key(fields: "id") @interfaceObject`.',
)
class TracegraphNode(Node):
    """The entity interface. `Node` itself cannot be one: other teams' nodes implement it too."""


class ProjectPart:
    """A part of Project that a module of another noun declares; fields find the columns of Project's row."""

    slug: str


def is_row_of(noun: str) -> Callable[[Any, GraphQLResolveInfo[Any] | None], bool]:
    """The ``is_type_of`` of the type whose rows are of ``noun``."""

    def is_type_of(value: Any, _info: GraphQLResolveInfo[Any] | None) -> bool:
        return getattr(value, "noun", None) == noun

    is_type_of.by_class = True  # type: ignore[attr-defined]  # for graph.executor
    return is_type_of
