"""The values that calls have in a field, and how many have each."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, literal, select, type_coerce
from sqlalchemy import Text as SQLText

from db.calls.tables import calls
from db.metadata import Name
from db.query.fields import Field, FieldType
from db.query.json import json_node
from db.query.templates import apply
from db.query.values import field_value, to_text

__all__ = ["FacetRow", "newest_ids", "select_facet"]

MOST_BYTES = 256 << 20
"""Payloads that are searched for the values of one JSON path."""

c = calls.c

_KINDS = {FieldType.TEXT: "string", FieldType.TIME: "string", FieldType.BOOLEAN: "boolean"}


class FacetRow(NamedTuple):
    """A value: what it is in JSON (None: there is none), its text, how many calls have it; and of all calls together
    how many there are, and how many different values."""

    kind: str | None
    text: str | None
    calls: int
    scanned: int
    distinct: int


def newest_ids(conditions: Sequence[ColumnElement[bool]], limit: int) -> ColumnElement[bool]:
    """Among the newest ``limit`` calls that fulfil the conditions, as many as have a bounded size together."""
    newest = (c.started_at.desc(), c.id.desc())
    size = c.start_size + c.end_size
    some = select(c.id, size.label("size"), c.started_at).where(*conditions).order_by(*newest).limit(limit).subquery()
    before = func.sum(some.c.size).over(order_by=(some.c.started_at.desc(), some.c.id.desc()), rows=(None, 0))
    summed = select(some.c.id, (before - some.c.size).label("before")).subquery()
    return c.id.in_(select(summed.c.id).where(summed.c.before < MOST_BYTES))


def select_facet(
    connection: Connection, field: Field, conditions: Sequence[ColumnElement[bool]], limit: int
) -> list[FacetRow]:
    """The values of ``field`` in the calls that fulfil the conditions: first that of calls without one, then the most
    frequent; ``limit`` of them and two more, if there are."""
    kind, text = _value(field)
    values = (
        select(kind.label("kind"), type_coerce(apply("prefix", text), Name()).label("text"))
        .where(*conditions)
        .subquery()
    )
    v = values.c
    count = func.count()
    statement = (
        select(v.kind, v.text, count, func.sum(count).over(), func.count().over())
        .group_by(v.kind, v.text)
        .order_by(v.kind.is_not(None), count.desc(), v.text, v.kind)
        .limit(limit + 2)
    )
    return [
        FacetRow(kind, text, many, int(total), groups)
        for kind, text, many, total, groups in connection.execute(statement)
    ]


def _value(field: Field) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """What a field holds and its text, both null where there is nothing."""
    sql = field.sql if field.related is None else field.related.one(field.sql)
    if field.type is FieldType.JSON:
        node = json_node(sql, field.parts)
        kind = apply("json_kind", node)
        number = apply("number_to_text", apply("json_number", node))
        text = apply("json_to_text", node)
        return kind, case((kind == "number", func.coalesce(number, text)), else_=text)
    text = to_text(field_value(Field(field.name, field.type, sql)))
    name = literal(_KINDS.get(field.type, "number"), SQLText())
    return case((text.is_not(None), name)), text
