"""OTLP in JSON: an ExportTraceServiceRequest as spans.

The encoding is protobuf's for JSON with OpenTelemetry's exceptions: ids are hex, enums are numbers, 64-bit integers
are text (numbers are taken too), unknown members are passed over, null is as missing.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from db.json_text import JSONValue, parse_json
from graph.spans.errors import MalformedExportError, check_count
from resolvers.spans.span import Attributes, Resource, Scope, Span, SpanEvent, SpanLink, UnreadableSpan

__all__ = ["spans_of_json"]

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUSES = ("UNSET", "OK", "ERROR")

# More than 64 bits is against the specification, and what SDKs make of a large `int` of Python, whose limit 4,300 is.
_INTEGER = re.compile(r"-?[0-9]{1,4300}")
LONGEST_SHOWN = 60


class _WrongError(ValueError):
    """A member of another type than it must have; the message names its path and value."""

    def __init__(self, path: str, expected: str, value: object) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."
        super().__init__(f"{path} must be {expected}, not {shown}")


def spans_of_json(content: bytes) -> Iterator[Span | UnreadableSpan]:
    """The spans of a request, in its order.

    When the first is asked for it raises MalformedExportError, or TooLargeError for too many.
    """
    try:
        request = parse_json(content.decode())
    except UnicodeDecodeError as error:
        raise MalformedExportError(f"not UTF-8 at byte {error.start}") from error
    except ValueError as error:
        raise MalformedExportError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise MalformedExportError("JSON that is nested too deeply") from error
    if not isinstance(request, dict):
        raise MalformedExportError(f"a JSON object is expected, not {str(request)[:LONGEST_SHOWN]!r}")
    try:
        groups = list(_groups(request))
    except _WrongError as error:
        raise MalformedExportError(str(error)) from error
    for group in groups:
        for path, span in group.spans:
            try:
                yield _span(_object(span, path), path, group.resource, group.scope)
            except _WrongError as error:
                yield UnreadableSpan(str(error))
            except RecursionError:
                yield UnreadableSpan(f"{path} is nested too deeply")


class _Group(NamedTuple):
    """Spans of one resource and scope, not read yet, with their paths."""

    resource: Resource
    scope: Scope
    spans: list[tuple[str, Any]]


def _groups(request: Any) -> Iterator[_Group]:
    count = 0
    for i, resource_spans in _list(request, "resourceSpans", ""):
        place = f"resourceSpans[{i}]"
        count += 1
        check_count(count)
        described = _object(resource_spans, place).get("resource")
        resource = Resource(
            _attributes(described, f"{place}.resource"), _integer(described, "droppedAttributesCount", place)
        )
        for j, scope_spans in _list(resource_spans, "scopeSpans", f"{place}."):
            path = f"{place}.scopeSpans[{j}]"
            library = _object(scope_spans, path).get("scope")
            scope = Scope(
                _text(library, "name", path), _text(library, "version", path), _attributes(library, f"{path}.scope")
            )
            spans = [(f"{path}.spans[{k}]", span) for k, span in _list(scope_spans, "spans", f"{path}.")]
            count += 1 + len(spans)
            check_count(count)
            yield _Group(resource, scope, spans)


def _span(span: dict[str, Any], path: str, resource: Resource, scope: Scope) -> Span:
    status = span.get("status")
    return Span(
        trace_id=_text(span, "traceId", path).lower(),
        span_id=_text(span, "spanId", path).lower(),
        parent_span_id=_parent(_text(span, "parentSpanId", path).lower()),
        name=_text(span, "name", path),
        kind=_enum(span, "kind", path, KINDS, "SPAN_KIND_"),
        start=_integer(span, "startTimeUnixNano", path),
        end=_integer(span, "endTimeUnixNano", path),
        status=_enum(status, "code", f"{path}.status", STATUSES, "STATUS_CODE_"),
        status_message=_text(status, "message", f"{path}.status"),
        attributes=_attributes(span, path),
        events=[
            SpanEvent(
                _text(event, "name", f"{path}.events[{i}]"),
                _integer(event, "timeUnixNano", f"{path}.events[{i}]"),
                _attributes(event, f"{path}.events[{i}]"),
                _integer(event, "droppedAttributesCount", f"{path}.events[{i}]"),
            )
            for i, event in _list(span, "events", f"{path}.")
        ],
        links=[
            SpanLink(
                _text(link, "traceId", f"{path}.links[{i}]"),
                _text(link, "spanId", f"{path}.links[{i}]"),
                _text(link, "traceState", f"{path}.links[{i}]"),
                _attributes(link, f"{path}.links[{i}]"),
                _integer(link, "droppedAttributesCount", f"{path}.links[{i}]"),
                _integer(link, "flags", f"{path}.links[{i}]"),
            )
            for i, link in _list(span, "links", f"{path}.")
        ],
        resource=resource,
        scope=scope,
        trace_state=_text(span, "traceState", path),
        flags=_integer(span, "flags", path),
        dropped_attributes_count=_integer(span, "droppedAttributesCount", path),
        dropped_events_count=_integer(span, "droppedEventsCount", path),
        dropped_links_count=_integer(span, "droppedLinksCount", path),
    )


def _parent(span_id: str) -> str | None:
    """None for a root, whose parent is empty or, in the form of some exporters, all zero."""
    return span_id if span_id.strip("0") else None


def _object(value: Any, path: str) -> dict[str, Any]:
    """``value`` if it is an object; a missing one is empty."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _WrongError(path, "an object", value)
    return value


def _list(value: Any, name: str, path: str) -> Iterable[tuple[int, Any]]:
    items = _object(value, path).get(name)
    if items is not None and not isinstance(items, list):
        raise _WrongError(f"{path}{name}", "a list", items)
    return enumerate(items or [])


def _text(value: Any, name: str, path: str) -> str:
    text = _object(value, path).get(name)
    if text is not None and not isinstance(text, str):
        raise _WrongError(f"{path}.{name}", "text", text)
    return text or ""


def _integer(value: Any, name: str, path: str) -> int:
    number = _object(value, path).get(name)
    return 0 if number is None else _to_integer(number, f"{path}.{name}")


def _to_integer(number: Any, path: str) -> int:
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    if isinstance(number, str) and _INTEGER.fullmatch(number):
        return int(number)
    raise _WrongError(path, "a whole number, as text or number", number)


def _enum(value: Any, name: str, path: str, names: tuple[str, ...], prefix: str) -> str:
    """The name of a member, which is sent as its number (or, against the specification, as its name)."""
    sent = _object(value, path).get(name)
    if isinstance(sent, str) and sent.removeprefix(prefix) in names:
        return sent.removeprefix(prefix)
    number = _integer(value, name, path)
    return names[number] if 0 <= number < len(names) else str(number)


def _attributes(value: Any, path: str) -> Attributes:
    """The ``attributes`` of an object."""
    return _pairs(value, "attributes", path)


def _pairs(value: Any, name: str, path: str) -> Attributes:
    pairs = _list(value, name, f"{path}.")
    return {
        _text(pair, "key", f"{path}.{name}[{i}]"): _value(
            _object(pair, f"{path}.{name}[{i}]").get("value"), f"{path}.{name}[{i}].value"
        )
        for i, pair in pairs
    }


def _value(value: Any, path: str) -> JSONValue:
    """An AnyValue as JSON; bytes are sent and kept as base64, one without a value is null."""
    for name, item in _object(value, path).items():
        match name:
            case "stringValue" | "bytesValue":
                return _text(value, name, path)
            case "boolValue" if isinstance(item, bool):
                return item
            case "intValue":
                return _integer(value, name, path)
            case "doubleValue":
                return _double(item, f"{path}.{name}")
            case "arrayValue":
                return [_value(each, f"{path}.{name}[{i}]") for i, each in _list(item, "values", f"{path}.{name}.")]
            case "kvlistValue":
                return _pairs(item, "values", f"{path}.{name}")
            case "boolValue":
                raise _WrongError(f"{path}.{name}", "true or false", item)
    return None


def _double(value: Any, path: str) -> float | int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise _WrongError(path, "a number", value) from error
    if isinstance(value, str) and (math.isfinite(number) or value in {"NaN", "Infinity", "-Infinity"}):
        return number
    raise _WrongError(path, "a number", value)
