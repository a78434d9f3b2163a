"""Spans among the calls: which ids they took, and which calls lie below them.

A span's call id is its span id, or a derived one where that was taken; then ``calls.span_id`` holds the span's own.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

import orjson
from sqlalchemy import JSON, Connection, Text, bindparam, cast, func, select, true

from db.calls.tables import calls
from db.chunks import chunked
from db.id_lists import among_bound
from db.prepared import Prepared
from db.text import encode_text

__all__ = ["PlacedSpan", "select_children", "select_spans"]

c = calls.c


class PlacedSpan(NamedTuple):
    """A call, as far as it matters to where spans go. Times are microseconds; ``started_at`` is None for a call whose
    start has not come."""

    id: str
    span_id: str
    trace_id: str | None
    parent_id: str | None
    started_at: int | None
    ended_at: int | None


_COLUMNS = (c.id, func.coalesce(c.span_id, c.id), c.trace_id, c.parent_id, c.started_at, c.ended_at)
_BY_ID, _BY_SPAN_ID = (
    Prepared(select(*_COLUMNS).where(c.project_id == bindparam("project"), among_bound(column, "ids")))
    for column in (c.id, c.span_id)
)


def select_spans(connection: Connection, project_id: str, span_ids: Iterable[str]) -> list[PlacedSpan]:
    """The calls that have one of ``span_ids`` as call id or as span id, deleted ones among them: two statements a
    chunk."""
    found: dict[str, PlacedSpan] = {}
    for chunk in chunked(span_ids):
        for statement in (_BY_ID, _BY_SPAN_ID):
            rows = statement.fetch(connection, {"project": project_id, "ids": chunk})
            found.update((row[0], PlacedSpan._make(row)) for row in rows)
    return list(found.values())


@cache
def _children(dialect: str) -> Prepared:
    """The statement of ``select_children``, whose pairs are the members of one JSON object.

    Of pairs in a NOT IN, PostgreSQL would compare each of the calls with each of the pairs; and of a join it would read
    all calls of the project where it has no statistics yet, if it were free to.
    """
    pairs = bindparam("pairs", type_=Text())
    each = func.json_each_text(cast(pairs, JSON)) if dialect == "postgresql" else func.json_each(pairs)
    parents = each.table_valued("key", "value", name="parents")
    given = (c.project_id == bindparam("project"), c.started_at.is_not(None), c.parent_id == parents.c.key)
    found = select(*_COLUMNS).where(*given, c.trace_id != parents.c.value)
    if dialect == "postgresql":
        children = found.offset(0).lateral("children")
        found = select(*children.c).select_from(parents.join(children, true()))
    return Prepared(found)


def select_children(connection: Connection, project_id: str, parents: Mapping[str, str]) -> list[PlacedSpan]:
    """The started calls right below ``parents``, deleted ones among them: one statement a chunk.

    With each parent id stands the trace whose children are left out, which may be "".
    """
    found: list[PlacedSpan] = []
    for chunk in chunked(parents.items()):
        pairs = {encode_text(parent_id): encode_text(trace_id) for parent_id, trace_id in chunk}
        values = {"project": project_id, "pairs": orjson.dumps(pairs).decode()}
        found += map(PlacedSpan._make, _children(connection.dialect.name).fetch(connection, values))
    return found
