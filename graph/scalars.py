"""Scalars with a format of their own.

JSON values pass through as text: what comes in as a variable is kept as ``JSONText``; a resolver of a JSON field gives
JSON text (a ``str``), which the encoder of the answer splices.
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, NewType

from graphql import GraphQLError, ValueNode
from graphql.utilities import value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition, scalar

from db.json_text import MAX_DEPTH, JSONText, dump_json, is_deeper
from graph.encoding import Spliced
from resolvers.times import TIMES

__all__ = ["JSON", "SCALARS", "BigInt", "Bytes", "DateTime", "format_time", "parse_time"]

JSON = NewType("JSON", str)
DateTime = NewType("DateTime", int)
BigInt = NewType("BigInt", int)
Bytes = NewType("Bytes", object)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000


def format_time(microseconds: int) -> str:
    """ISO 8601 in UTC with a Z, with microseconds where there are any: ``2026-01-01T00:00:00Z``."""
    return json_of_time(microseconds)[1:-1]


def json_of_time(microseconds: int) -> str:
    """As ``format_time``, between quotes."""
    milliseconds = microseconds // 1000
    second = _seconds[microseconds // _SECOND]
    if not microseconds % _SECOND:
        return f'"{second}Z"'
    return f'"{second}.{_DIGITS[milliseconds % 1000]}{_DIGITS[microseconds % 1000]}Z"'


_DIGITS = [f"{number:03}" for number in range(1000)]


class _Seconds(dict[int, str]):
    """Times up to the second by seconds since the epoch; rows beside each other have few."""

    def __missing__(self, number: int) -> str:
        if len(self) >= _MOST_SECONDS:
            self.clear()
        text = self[number] = (_EPOCH + number * timedelta(seconds=1)).replace(tzinfo=None).isoformat()
        return text


_MOST_SECONDS = 4096
_seconds = _Seconds()
format_time.json_text = json_of_time  # type: ignore[attr-defined]  # for graph.executor


def parse_time(text: str) -> int:
    """Microseconds since the epoch of an ISO 8601 time; without a zone it is UTC. Raises ValueError naming ``text``."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"not an ISO 8601 time: {text!r}") from error
    return time_of(moment)


def time_of(moment: datetime) -> int:
    """Microseconds since the epoch; a time without a zone is UTC."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _parse_time_value(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):  # our own operations pass what is stored
        time = value
    elif not isinstance(value, str):
        raise GraphQLError(f"DateTime must be an ISO 8601 string, not {value!r}.")
    else:
        try:
            time = parse_time(value)
        except ValueError as error:
            raise GraphQLError(f"DateTime is {error}.") from error
    if time not in TIMES:
        raise GraphQLError(f"DateTime must be within the years 1 to 9999 in UTC, not {value!r}.")
    return time


def _parse_json_value(value: Any) -> JSONText:
    if isinstance(value, JSONText):
        return value
    if is_deeper(value, MAX_DEPTH):
        raise GraphQLError(f"JSON may be nested {MAX_DEPTH} levels deep, not more.")
    try:
        return dump_json(value)
    except (TypeError, RecursionError) as error:
        raise GraphQLError(f"JSON cannot hold this value: {error}.") from error


def _parse_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> JSONText:
    return _parse_json_value(value_from_ast_untyped(node, variables))


def _parse_big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(1 << 63) <= value < 1 << 63:
        raise GraphQLError(f"BigInt must be a whole number of at most 64 bits, not {value!r}.")
    return value


def _parse_bytes(value: Any) -> Any:
    """The bytes of base64 text. Our own operations pass an open file, which no client can."""
    if not isinstance(value, str | int | float | list | dict | None):
        return value
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except ValueError as error:
        raise GraphQLError(f"Bytes must be base64 text, not {str(value)[:60]!r}.") from error


SCALARS: dict[object, ScalarDefinition] = {
    JSON: scalar(
        name="JSON",
        description="Any JSON value, kept and given back as it was sent: key order, `1.0`, long integers. "
        "NaN and the infinities, which JSON cannot say, are kept as strings.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=Spliced,
        parse_value=_parse_json_value,
        parse_literal=_parse_json_literal,
    ),
    DateTime: scalar(
        name="DateTime",
        description="A time in UTC as an ISO 8601 string, to the microsecond: `2026-01-31T12:00:00.123456Z`. "
        "Input may have any zone; without one it is UTC.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=format_time,
        parse_value=_parse_time_value,
    ),
    Bytes: scalar(
        name="Bytes",
        description="Bytes, written as base64 (RFC 4648, padded).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc4648#section-4",
        serialize=lambda value: base64.b64encode(value).decode() if isinstance(value, bytes) else value,
        parse_value=_parse_bytes,
    ),
    BigInt: scalar(
        name="BigInt",
        description="A whole number of at most 64 bits, written as a JSON number.",
        serialize=int,
        parse_value=_parse_big_int,
    ),
}
