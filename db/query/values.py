"""Operands as SQL: what each holds, and its conversions.

``Value`` is an operand that is compiled; ``Literal`` one that is known, and is computed with in Python. What a
conversion gives for a value that it cannot convert is null, on both.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, cast, false, literal, null, true

from db.query.expression import Cast, Path, QueryError
from db.query.fields import Field, FieldType, Related
from db.query.json import json_node
from db.query.numbers import normal_number, number_of_text
from db.query.path_keys import PathKeys
from db.query.templates import NUMBER, apply
from db.text import encode_text

__all__ = [
    "Kind",
    "Literal",
    "Operand",
    "Value",
    "bind",
    "bind_time",
    "constant",
    "convert",
    "convert_literal",
    "exists",
    "field_value",
    "literal_kind",
    "related_of",
    "strictly",
    "time_literal",
    "to_boolean",
    "to_milliseconds",
    "to_number",
    "to_text",
    "unknown",
]

MAX_SIZE = 1_000
"""Fields and constants of a compiled operand, those counted again that SQL has to repeat."""


class Kind(Enum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class Value:
    """A compiled operand. ``related`` says in which other rows it lies, if it does; ``size`` how large its SQL is;
    ``name`` is the path of a field, ``values`` all that it can be where these are few; ``typed`` is the path as the
    typed input of GraphQL has it; ``keys`` is the index that serves comparisons of it with constants."""

    kind: Kind
    sql: ColumnElement[Any]
    related: tuple[Related, ...] = ()
    size: int = 1
    name: str = ""
    values: tuple[str, ...] = ()
    typed: str = ""
    keys: PathKeys | None = None

    def of(self, kind: Kind, sql: ColumnElement[Any]) -> "Value":
        """A value computed from this one."""
        return replace(self, kind=kind, sql=sql, size=self.size + 1, values=(), keys=None)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant, unwrapped."""

    value: Any


Operand = Value | Literal

_KINDS = {
    FieldType.TEXT: (Kind.TEXT, None),
    FieldType.INTEGER: (Kind.NUMBER, "integer"),
    FieldType.FLOAT: (Kind.NUMBER, "float"),
    FieldType.BOOLEAN: (Kind.BOOLEAN, None),
    FieldType.TIME: (Kind.TIME, None),
}


def field_value(field: Field, typed: str = "") -> Value:
    """The operand that reads ``field``."""
    related = (field.related,) if field.related is not None else ()
    if field.type is FieldType.JSON:
        node = json_node(field.sql, field.parts, from_end=bool(typed))
        return Value(Kind.JSON, node, related, name=field.name, typed=typed, keys=field.keys())
    kind, template = _KINDS[field.type]
    sql = field.sql if template is None else apply(template, field.sql)
    return Value(kind, sql, related, name=field.name, values=field.values, typed=typed)


def unknown() -> ColumnElement[bool]:
    """Neither true nor false."""
    return cast(null(), Boolean)


def constant(truth: bool | None) -> ColumnElement[bool]:
    return unknown() if truth is None else true() if truth else false()


def literal_kind(value: Any) -> Kind | None:
    """Kind of a constant; None for null, JSON for lists and objects."""
    match value:
        case None:
            return None
        case bool():
            return Kind.BOOLEAN
        case int() | float():
            return Kind.NUMBER
        case str():
            return Kind.TEXT
        case _:
            return Kind.JSON


def bind(value: Any) -> ColumnElement[Any]:
    """A string, number or boolean as a bound parameter."""
    match value:
        case bool():
            return literal(value, Boolean())
        case int() | float():
            return literal(normal_number(value), NUMBER)
        case _:
            return literal(encode_text(value), Text())


# Conversions of compiled operands


def exists(value: Value) -> ColumnElement[bool]:
    """Whether the value is there and not null; itself never null."""
    return apply("json_exists", value.sql) if value.kind is Kind.JSON else value.sql.is_not(None)


def to_number(value: Value) -> ColumnElement[Any]:
    """The value as a number: numbers themselves, texts that write one, true as 1, times as Unix seconds."""
    if value.kind is Kind.NUMBER:
        return value.sql
    return apply(f"{value.kind.value.lower()}_to_number", value.sql)


def to_text(value: Value) -> ColumnElement[Any]:
    """The value as text: a JSON number as it was sent, a list or object as compact JSON, a time in ISO 8601."""
    if value.kind is Kind.TEXT:
        return value.sql
    return apply(f"{value.kind.value.lower()}_to_text", value.sql)


def to_boolean(value: Value) -> ColumnElement[bool]:
    """The value as a boolean: true and false, 1 and 0, and texts that write one of these."""
    match value.kind:
        case Kind.BOOLEAN:
            return value.sql
        case Kind.TIME:
            return unknown()
        case kind:
            return apply(f"{kind.value.lower()}_to_boolean", value.sql)


def to_milliseconds(value: Value) -> Value:
    """The value as a time in Unix milliseconds: a number as it is, of a text what is ISO 8601 (UTC where it names no
    zone, to the millisecond) or else the number that it writes."""
    match value.kind:
        case Kind.NUMBER:
            return value
        case Kind.BOOLEAN:
            return value.of(Kind.NUMBER, cast(null(), NUMBER))
        case kind:
            return value.of(Kind.NUMBER, apply(f"{kind.value.lower()}_to_milliseconds", value.sql))


def _to_integer(value: Value) -> ColumnElement[Any]:
    match value.kind:
        case Kind.JSON | Kind.TEXT:
            return apply(f"{value.kind.value.lower()}_to_integer", value.sql)
        case _:
            return apply("number_to_integer", to_number(value))


def convert(value: Value, to: Cast) -> Value:
    """``$convert`` of a compiled operand. ``exists`` is for the caller, who knows of related rows."""
    converted = _converted(value, to)
    return converted if value.keys is None else replace(converted, keys=value.keys.converted(to))


def _converted(value: Value, to: Cast) -> Value:
    match to:
        case "double":
            return value.of(Kind.NUMBER, apply("number_to_double", to_number(value)))
        case "int":
            return value.of(Kind.NUMBER, _to_integer(value))
        case "string":
            return value.of(Kind.TEXT, to_text(value))
        case "bool" | "exists":
            return value.of(Kind.BOOLEAN, to_boolean(value) if to == "bool" else exists(value))


def strictly(value: Value, kind: Kind) -> ColumnElement[Any] | None:
    """The value if it is of that kind, else null in SQL; None where it never is. Kind JSON: a list or object.

    A time counts as a number and as a text, so that it compares with either.
    """
    if value.kind is Kind.JSON:
        names = {Kind.TEXT: "string", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean", Kind.JSON: "tree"}
        return apply(f"json_{names[kind]}", value.sql)
    if value.kind is kind:
        return value.sql
    if value.kind is Kind.TIME and kind in {Kind.NUMBER, Kind.TEXT}:
        return to_number(value) if kind is Kind.NUMBER else to_text(value)
    return None


# Conversions of constants

_INTEGER_TEXT = re.compile(r"-?(0|[1-9][0-9]*)")


def convert_literal(value: Any, to: Cast) -> Any:
    """``$convert`` of a constant, as the templates do it in SQL."""
    match to:
        case "exists":
            return value is not None
        case "string":
            return _literal_text(value)
        case "bool":
            texts = {"true": True, "1": True, "false": False, "0": False}
            known = texts.get(value) if isinstance(value, str) else None
            return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else known
        case "double":
            number = _literal_number(value)
            return None if number is None else float(number)
        case "int":
            if isinstance(value, str) and not _INTEGER_TEXT.fullmatch(value):
                return None
            number = _literal_number(value)
            return int(number) if number is not None and -(2**63) <= number < 2**63 else None


def _literal_number(value: Any) -> int | float | None:
    if isinstance(value, bool | int | float):
        return normal_number(int(value) if isinstance(value, bool) else value)
    return number_of_text(value) if isinstance(value, str) else None


def _literal_text(value: Any) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if -(2.0**63) <= value < 2.0**63 and value.is_integer() else repr(value)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def time_literal(value: Any, name: str, at: Path) -> int:
    """Microseconds of a constant that a time is compared with: Unix seconds, or ISO 8601, in UTC where it names no
    zone. Raises ``QueryError`` for anything else: such a comparison is a mistake, and would silently match nothing."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        micros = round(Decimal(repr(value)) * 1_000_000)
        return max(-(2**63), min(micros, 2**63 - 1))
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip().upper())
        except ValueError:
            pass
        else:
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
            return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    shown = repr(value) if len(repr(value)) <= 100 else f"{repr(value)[:97]}..."
    raise QueryError(f"{name or 'a time'} is compared with ISO 8601 text or Unix seconds, not {shown}", at)


def bind_time(micros: int) -> ColumnElement[int]:
    return literal(micros, BigInteger())


def related_of(values: Sequence[Operand]) -> tuple[Related, ...]:
    """Related rows that any of the values lies in, each once."""
    return tuple(dict.fromkeys(related for value in values if isinstance(value, Value) for related in value.related))
