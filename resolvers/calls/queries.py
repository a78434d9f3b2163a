"""Queries and orders of calls in SQL, made once while they are asked again.

To make a condition on a path, and to find out that SQLAlchemy knows the statement that it stands in, takes as long as
to ask it of a thousand calls. Of the same objects the statement is the same one (``db.pages``), and is known at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import ColumnElement

from db.calls.fields import call_fields
from db.path_indexes.known import Known, known
from db.query.compile import compile_query
from db.query.expression import Expression
from db.query.order import Direction, Order, compile_order

__all__ = ["is_kept", "order_of", "query_of"]

LONGEST = 2_000
"""Characters of a query that is kept; what holds long texts is made anew each time."""


def is_kept(query: Expression | None) -> bool:
    """Whether the condition that a query is is kept."""
    return query is None or len(repr(query)) <= LONGEST


def query_of(project: str, query: Expression) -> ColumnElement[bool]:
    """The condition on calls of a project that ``query`` is. Raises QueryError."""
    # Equality does not tell 1 from true.
    said = repr(query)
    if len(said) > LONGEST:
        return compile_query(query, call_fields(project))
    return _compiled(_Asked(project, said, known(), query))


@dataclass(frozen=True, slots=True)
class _Asked:
    project: str
    said: str
    indexes: Known
    query: Expression = field(compare=False)


@lru_cache(maxsize=256)
def _compiled(asked: _Asked) -> ColumnElement[bool]:
    return compile_query(asked.query, call_fields(asked.project))


def order_of(project: str, sorts: Sequence[tuple[str, Direction]], tiebreak: Sequence[str]) -> Order:
    """The order of calls of a project by ``sorts``. Raises QueryError."""
    return _ordered(project, tuple(sorts), tuple(tiebreak), known())


@lru_cache(maxsize=256)
def _ordered(
    project: str, sorts: tuple[tuple[str, Direction], ...], tiebreak: tuple[str, ...], _indexes: Known
) -> Order:
    return compile_order(sorts, call_fields(project), tiebreak)
