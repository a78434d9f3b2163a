"""What request models of Weave share. Validators are built when the first request needs them: most are never used."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.json_text import JSONText, dump_json
from graph.scalars import time_of

__all__ = ["Open", "Query", "SortBy", "Strict", "microseconds", "order_by", "query_json"]


class Strict(BaseModel):
    """A model that refuses fields it does not name."""

    AS_READ: ClassVar = True
    """Nothing but its fields and class variables is asked of it (``rest_compat.struct_bodies``)."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Open(BaseModel):
    """A model that passes over fields it does not name."""

    AS_READ: ClassVar = True
    model_config = ConfigDict(extra="ignore", defer_build=True)


class SortBy(Strict):
    """One key of an order."""

    field: str
    direction: Literal["asc", "desc"]


class Query(Strict):
    """The query language's one key; what is below it is read by the graph."""

    expr: dict[str, Any] = Field(alias="$expr")


def query_json(query: Query | None) -> JSONText | None:
    """The ``queryJson`` argument of a connection."""
    return None if query is None else dump_json({"$expr": query.expr})


def order_by(sort_by: list[SortBy] | None) -> list[dict[str, Any]] | None:
    """The ``orderBy`` argument of a connection; None for its default."""
    return [{"field": key.field, "direction": key.direction.upper()} for key in sort_by] if sort_by else None


def microseconds(moment: datetime) -> int:
    """A time of a request in the graph's own form."""
    return time_of(moment)
