"""The Node interface, which everything that can be refetched implements."""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from graph.fields import column

__all__ = ["Node", "is_row_of"]


@strawberry.interface(description="Something with an identity: it can be fetched again by `node(id:)`.")
class Node:
    """Rows of every noun; ``Row.noun`` names the type (``is_row_of``)."""

    id: strawberry.ID = column("Opaque id, unique over all types and projects and stable across releases.")


def is_row_of(noun: str) -> Callable[[Any, GraphQLResolveInfo | None], bool]:
    """The ``is_type_of`` of the type whose rows are of ``noun``."""

    def is_type_of(value: Any, _info: GraphQLResolveInfo | None) -> bool:
        return getattr(value, "noun", None) == noun

    return is_type_of
