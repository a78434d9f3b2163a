"""The values that calls have in a field, and how many have each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Subquery, case, func, literal, select, type_coerce
from sqlalchemy import Text as SQLText

from db.calls.tables import calls
from db.metadata import Name
from db.query.fields import Field, FieldType
from db.query.json import json_node
from db.query.templates import apply
from db.query.values import field_value, to_text

__all__ = ["FacetRow", "facet_value", "newest_ids", "oldest_of_newest", "reads_payloads", "select_facet"]

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
    return c.id.in_(select(_newest(conditions, limit).c.id))


def oldest_of_newest(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int
) -> tuple[int, str] | None:
    """Start and id of the oldest of these calls; None where no call fulfils the conditions."""
    newest = _newest(conditions, limit).c
    statement = select(newest.started_at, newest.id).order_by(newest.started_at, newest.id).limit(1)
    row = connection.execute(statement).first()
    return None if row is None else (row.started_at, row.id)


def _newest(conditions: Sequence[ColumnElement[bool]], limit: int) -> Subquery:
    newest = (c.started_at.desc(), c.id.desc())
    size = c.start_size + c.end_size
    some = select(c.id, size.label("size"), c.started_at).where(*conditions).order_by(*newest).limit(limit).subquery()
    before = func.sum(some.c.size).over(order_by=(some.c.started_at.desc(), some.c.id.desc()), rows=(None, 0))
    summed = select(some.c.id, some.c.started_at, (before - some.c.size).label("before")).subquery()
    return select(summed.c.id, summed.c.started_at).where(summed.c.before < MOST_BYTES).subquery()


def select_facet(
    connection: Connection, field: Field, conditions: Sequence[ColumnElement[bool]], limit: int
) -> list[FacetRow]:
    """The values of ``field`` in the calls that fulfil the conditions: first that of calls without one, then the most
    frequent; ``limit`` of them and two more, if there are."""
    if reads_payloads(field):
        kind, text = facet_value(field)
        values = select(kind.label("kind"), text.label("text"), literal(1).label("calls")).where(*conditions).subquery()
    else:
        # First by what the column has, of which there is little: to make a text of each takes longer than to count it.
        raw = select(field.sql.label("raw"), func.count().label("calls")).where(*conditions)
        kept = raw.group_by(field.sql).subquery()
        kind, text = facet_value(replace(field, sql=kept.c.raw))
        values = select(kind.label("kind"), text.label("text"), kept.c.calls).subquery()
    v = values.c
    count = func.sum(v.calls)
    statement = (
        select(v.kind, v.text, count, func.sum(count).over(), func.count().over())
        .group_by(v.kind, v.text)
        .order_by(v.kind.is_not(None), count.desc(), v.text, v.kind)
        .limit(limit + 2)
    )
    return [
        FacetRow(kind, text, int(many), int(total), groups)
        for kind, text, many, total, groups in connection.execute(statement)
    ]


def reads_payloads(field: Field) -> bool:
    """Whether it takes reading payloads to know the field."""
    return field.type is FieldType.JSON or field.related is not None


def facet_value(field: Field) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """What a field holds and its text, cut after 500 characters; both null where there is nothing."""
    kind, text = _value(field)
    return kind, type_coerce(apply("prefix", text), Name())


def _value(field: Field) -> tuple[ColumnElement[str], ColumnElement[str]]:
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
