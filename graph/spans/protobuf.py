"""OTLP in protobuf: an ExportTraceServiceRequest as spans.

It is read with messages that have the wire format of OpenTelemetry's own, but bytes where those have strings, and
where those have spans. So text that is no UTF-8 (collectors pass it on) and one span that is broken do not cost the
batch: the text is read with replacement characters, the span is refused alone. The attributes of spans are bytes, too:
most of them come again and again, and are known by their bytes without being read.
"""

import base64
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from db.json_text import JSONValue
from graph.spans.errors import MalformedExportError, check_count
from resolvers.spans.span import Attributes, Resource, Scope, Span, SpanEvent, SpanLink, UnreadableSpan

__all__ = ["spans_of_protobuf"]

_KIND_NAMES = {number: name.removeprefix("SPAN_KIND_") for name, number in trace_pb2.Span.SpanKind.items()}
_STATUS_NAMES = {number: name.removeprefix("STATUS_CODE_") for name, number in trace_pb2.Status.StatusCode.items()}
_FIELD = descriptor_pb2.FieldDescriptorProto
_AS_BYTES = {("ScopeSpans", "spans"), ("Span", "attributes"), ("Event", "attributes"), ("Link", "attributes")}

SHORT = 96
"""Bytes of attributes that are remembered."""


@cache
def _messages() -> dict[str, Any]:
    """The message classes; see the module."""
    pool = descriptor_pool.DescriptorPool()
    for descriptor in _with_imports(trace_service_pb2.DESCRIPTOR):
        file = descriptor_pb2.FileDescriptorProto()
        descriptor.CopyToProto(file)
        for message in _all_messages(file.message_type):
            for field in message.field:
                if field.type == _FIELD.TYPE_STRING or (message.name, field.name) in _AS_BYTES:
                    field.type = _FIELD.TYPE_BYTES
                    field.ClearField("type_name")
        pool.Add(file)
    names = {
        "request": "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
        "span": "opentelemetry.proto.trace.v1.Span",
        "attribute": "opentelemetry.proto.common.v1.KeyValue",
    }
    return {short: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for short, name in names.items()}


def _with_imports(descriptor: Any) -> list[Any]:
    """A file and all that it imports, those first."""
    files = [file for imported in descriptor.dependencies for file in _with_imports(imported)]
    return list(dict.fromkeys([*files, descriptor]))


def _all_messages(messages: Iterable[Any]) -> Iterator[Any]:
    for message in messages:
        yield message
        yield from _all_messages(message.nested_type)


def spans_of_protobuf(content: bytes) -> Iterator[Span | UnreadableSpan]:
    """The spans of a request, in its order.

    When the first is asked for it raises MalformedExportError, or TooLargeError for too many.
    """
    try:
        request = _messages()["request"].FromString(content)
    except DecodeError as error:
        raise MalformedExportError(f"not an ExportTraceServiceRequest in protobuf: {error}") from error
    _check_counts(request)
    message_class = _messages()["span"]
    for resource_spans in request.resource_spans:
        resource = Resource(
            _pairs(resource_spans.resource.attributes), resource_spans.resource.dropped_attributes_count
        )
        for scope_spans in resource_spans.scope_spans:
            scope = Scope(
                _text(scope_spans.scope.name),
                _text(scope_spans.scope.version),
                _pairs(scope_spans.scope.attributes),
            )
            for encoded in scope_spans.spans:
                try:
                    span: Span | UnreadableSpan = _span(message_class.FromString(encoded), resource, scope)
                except DecodeError as error:
                    span = UnreadableSpan(f"{len(encoded)} bytes that are no span in protobuf: {error}")
                yield span


def _check_counts(request: Any) -> None:
    count = len(request.resource_spans)
    check_count(count)
    count += sum(len(resource_spans.scope_spans) for resource_spans in request.resource_spans)
    check_count(count)
    scopes = (scope_spans for resource_spans in request.resource_spans for scope_spans in resource_spans.scope_spans)
    check_count(count + sum(len(scope_spans.spans) for scope_spans in scopes))


def _span(message: Any, resource: Resource, scope: Scope) -> Span:
    return Span(
        trace_id=message.trace_id.hex(),
        span_id=message.span_id.hex(),
        # All zero is an absent parent, in the form of some exporters.
        parent_span_id=message.parent_span_id.hex() if message.parent_span_id.strip(b"\x00") else None,
        name=_text(message.name),
        kind=_KIND_NAMES.get(message.kind, str(message.kind)),
        start=message.start_time_unix_nano,
        end=message.end_time_unix_nano,
        status=_STATUS_NAMES.get(message.status.code, str(message.status.code)),
        status_message=_text(message.status.message),
        attributes=_attributes(message.attributes),
        events=[
            SpanEvent(
                _text(event.name),
                event.time_unix_nano,
                _attributes(event.attributes),
                event.dropped_attributes_count,
            )
            for event in message.events
        ],
        links=[
            SpanLink(
                link.trace_id.hex(),
                link.span_id.hex(),
                _text(link.trace_state),
                _attributes(link.attributes),
                link.dropped_attributes_count,
                link.flags,
            )
            for link in message.links
        ],
        resource=resource,
        scope=scope,
        trace_state=_text(message.trace_state),
        flags=message.flags,
        dropped_attributes_count=message.dropped_attributes_count,
        dropped_events_count=message.dropped_events_count,
        dropped_links_count=message.dropped_links_count,
    )


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


def _attributes(encoded: Iterable[bytes]) -> Attributes:
    return dict([_short_attribute(each) if len(each) <= SHORT else _attribute(each) for each in encoded])


def _attribute(encoded: bytes) -> tuple[str, JSONValue]:
    pair = _messages()["attribute"].FromString(encoded)
    return _text(pair.key), _value(pair.value)


_short_attribute = lru_cache(maxsize=4096)(_attribute)


def _pairs(pairs: Iterable[Any]) -> Attributes:
    return {_text(pair.key): _value(pair.value) for pair in pairs}


def _value(value: Any) -> JSONValue:
    """An AnyValue as JSON; bytes are base64, one without a value is null."""
    if text := value.string_value:  # of most values; to ask which it is takes as long
        return _text(text)
    match value.WhichOneof("value"):
        case "string_value":
            return ""
        case "array_value":
            return [_value(item) for item in value.array_value.values]
        case "kvlist_value":
            return _pairs(value.kvlist_value.values)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case None:
            return None
        case name:
            return getattr(value, name)
