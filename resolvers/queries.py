"""Faults in queries, orders and cursors, as refusals."""

from collections.abc import Iterator
from contextlib import contextmanager

from db.query.expression import QueryError
from resolvers.errors import InvalidQueryError

__all__ = ["refusing_queries"]


@contextmanager
def refusing_queries(argument: str) -> Iterator[None]:
    """Turn a QueryError into the refusal about ``argument``."""
    try:
        yield
    except QueryError as error:
        raise InvalidQueryError(error.message, [argument, *error.path]) from error
