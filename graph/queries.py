"""The query arguments that lists share: the query as a typed input or as JSON, and the order."""

from typing import Annotated

import strawberry

from db.json_text import parse_json
from db.query.expression import Expression, parse_query
from db.query.order import Direction
from graph.query import QueryExprInput, SortByInput
from graph.scalars import JSON
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries

__all__ = ["Query", "QueryJson", "query_argument", "sorts_argument"]

Query = Annotated[
    QueryExprInput | None, strawberry.argument(description="Which nodes, in the query language, by any field or path.")
]
QueryJson = Annotated[
    JSON | None,
    strawberry.argument(
        description='The query as REST clients write it, `{"$expr": ...}`; excludes `query`. '
        "Names of fields are as in `query`; literals stay as they are, with none of `query`'s checks."
    ),
]


def query_argument(query: QueryExprInput | None, query_json: JSON | None) -> Expression | None:
    """The query of a list; raises InvalidQueryError for one that cannot be read."""
    if query is not None and query_json is not None:
        raise InvalidInputError("query and queryJson exclude each other", ["queryJson"])
    if query is not None:
        with refusing_queries("query"):
            return query.to_expression()
    if query_json is not None:
        with refusing_queries("queryJson"):
            return parse_query(parse_json(query_json))
    return None


def sorts_argument(order_by: list[SortByInput] | None) -> tuple[tuple[str, Direction], ...]:
    """The order of a list; empty for its default."""
    return tuple((key.field, key.direction.value) for key in order_by or ())
