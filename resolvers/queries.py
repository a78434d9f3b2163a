"""Faults in queries, orders and cursors, as refusals."""

from collections.abc import Iterator
from contextlib import contextmanager

from db.query.expression import CursorError, EmptyOperationError, QueryError
from resolvers.errors import InvalidInputError, InvalidQueryError

__all__ = ["refusing_queries"]


@contextmanager
def refusing_queries(argument: str, refusal: type[InvalidInputError] = InvalidQueryError) -> Iterator[None]:
    """Turn a QueryError into the ``refusal`` about ``argument``; an empty operation is no fault of form, and a cursor
    names its argument itself. The graph has one code for all of them."""
    try:
        yield
    except CursorError as error:
        raise InvalidQueryError(error.message, error.path) from error
    except EmptyOperationError as error:
        raise InvalidInputError(error.message, [argument, *error.path]) from error
    except QueryError as error:
        field = [argument, *error.path]
        refused = refusal(error.message, field)
        # A path of a value that is read is no query.
        refused.in_graph = (refusal if argument == "path" else InvalidQueryError)(error.in_graph, field)
        raise refused from error
