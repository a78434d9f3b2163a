"""The context of a request, as fields get at it."""

from typing import Any

import strawberry

from resolvers.context import Context

__all__ = ["Info", "context_of"]

Info = strawberry.Info[Context, Any]


def context_of(info: Info) -> Context:
    """The request's context."""
    return info.context
