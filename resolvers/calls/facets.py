"""Facets: the most frequent values of fields and JSON paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection

from db.calls.facets import FacetRow, newest_ids, reads_payloads, select_facet
from db.calls.fields import call_fields
from db.calls.tables import calls
from db.pages import select_count
from db.query.fields import Field
from resolvers.calls.pages import CallList
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.queries import refusing_queries

__all__ = ["Facet", "FacetValue", "JsonType", "call_facets", "check_size"]

MOST_FIELDS = 20
MOST_VALUES = 100
MOST_SCANNED = 100_000


class JsonType(StrEnum):
    """What a JSON value is."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OBJECT = "object"
    ARRAY = "array"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value as text, what it is in JSON, and how many calls have it."""

    value: str
    type: JsonType
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of ``field``; ``missing`` calls have none, ``other_count`` another one.
    ``distinct_count`` is of all values; ``complete`` says whether all calls were looked at, or the newest alone."""

    field: str
    values: list[FacetValue]
    missing: int
    other_count: int
    distinct_count: int
    scanned: int
    complete: bool


def check_size(name: str, value: int, most: int) -> None:
    """Raise InvalidInputError for a number that is not from 1 to ``most``."""
    if not 1 <= value <= most:
        raise InvalidInputError(f"{name} must be from 1 to {most}, not {value}", [name])


async def call_facets(context: Context, chosen: CallList, names: Sequence[str], limit: int, scan: int) -> list[Facet]:
    """The facet of each of ``names``, with ``limit`` values: a statement each, and one to count. Fields in columns are
    counted over all calls, paths into JSON over the newest ``scan``."""
    context.caller.require_read(chosen.project)
    check_size("first", limit, MOST_VALUES)
    check_size("scan", scan, MOST_SCANNED)
    if not 1 <= len(names) <= MOST_FIELDS:
        raise InvalidInputError(f"fields must name from 1 to {MOST_FIELDS} fields, not {len(names)}", ["fields"])
    known = call_fields(chosen.project)
    with refusing_queries("fields"):
        fields = [known.resolve(name, (index,)) for index, name in enumerate(names)]
    conditions = chosen.conditions()
    newest = [calls.c.project_id == chosen.project, newest_ids(conditions, scan)]

    def read(connection: Connection, field: Field) -> list[FacetRow]:
        within = newest if reads_payloads(field) else conditions
        return select_facet(connection, field, within, limit)

    total = await context.read(lambda connection: select_count(connection, conditions, scan + 1))
    found = []
    for name, field in zip(names, fields, strict=True):
        rows = await context.read(partial(read, field=field))
        found.append(_facet(name, rows, limit, total))
    return found


def _facet(name: str, rows: Sequence[FacetRow], limit: int, total: int) -> Facet:
    scanned = rows[0].scanned if rows else 0
    missing = rows[0].calls if rows and rows[0].kind is None else 0
    values = [FacetValue(row.text or "", JsonType(row.kind), row.calls) for row in rows if row.kind is not None][:limit]
    others = scanned - missing - sum(value.count for value in values)
    distinct = rows[0].distinct - (missing > 0) if rows else 0
    return Facet(name, values, missing, others, distinct, scanned, complete=scanned >= total)
