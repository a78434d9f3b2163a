"""Pages of all calls of a project, or of a trace, by when they began: an index has them in that order, so SQLite finds
one after the other, payloads and all, and reading stops where there are enough."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, bindparam, select, tuple_

from db.bounded_pages import SIZE
from db.calls.reads import SHOWN, labelled
from db.calls.tables import calls
from db.metadata import Name
from db.pages import Page, PageRequest, decode_cursor, page_of
from db.prepared import Prepared
from db.query.order import Order

__all__ = ["walk_calls"]

c = calls.c


def walk_calls(
    connection: Connection,
    project_id: str,
    trace_id: str | None,
    columns: Collection[str],
    order: Order,
    request: PageRequest,
    max_bytes: int,
) -> Page:
    """A page of the shown calls of a project, or of one of its traces, in an ``order`` by start and id.

    One statement. The page is cut before the call whose payloads would bring it past ``max_bytes``, but not before the
    first. Raises CursorError.
    """
    values: dict[str, Any] = {"project": project_id, "limit": request.size + 1, "offset": request.offset}
    if trace_id is not None:
        values["trace"] = trace_id
    for name, text in (("after", request.after), ("before", request.before)):
        if text is not None:
            values[f"{name}_start"], values[f"{name}_id"] = decode_cursor(order, text, name)
    descending = order.components[0].descending
    statement = _walking(
        frozenset({*columns, SIZE}), frozenset(values), descending=descending, backwards=request.backwards
    )
    names = statement.columns(connection)
    size = names.index(SIZE)
    cut = False

    def take(cursor: Any) -> list[Any]:
        nonlocal cut
        rows: list[Any] = []
        total = 0
        for row in cursor:
            total += row[size]
            if total > max_bytes and rows:
                cut = True
                break
            rows.append(row)
        return rows

    rows = statement.fetch(connection, values, take)
    return page_of("Call", names, rows, len(names) - len(order.components), order, request, cut=cut)


@lru_cache(maxsize=512)
def _walking(columns: frozenset[str], bound: frozenset[str], *, descending: bool, backwards: bool) -> Prepared:
    """The statement for these parameters, made once."""
    place = tuple_(c.started_at, c.id)
    where = [c.project_id == bindparam("project", type_=Name()), SHOWN]
    if "trace" in bound:
        where.append(c.trace_id == bindparam("trace", type_=Name()))
    for name in ("after", "before"):
        if f"{name}_start" in bound:
            cursor = tuple_(bindparam(f"{name}_start", type_=BigInteger()), bindparam(f"{name}_id", type_=Name()))
            where.append(place > cursor if (name == "after") is not descending else place < cursor)
    by = [column.desc() if descending is not backwards else column.asc() for column in (c.started_at, c.id)]
    statement = select(*labelled(columns), c.started_at.label("sort_0"), c.id.label("sort_1")).where(*where)
    limit, offset = bindparam("limit", type_=Integer()), bindparam("offset", type_=Integer())
    return Prepared(statement.order_by(*by).limit(limit).offset(offset))
