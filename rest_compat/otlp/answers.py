"""Answers to exports, in the encoding of the request. Protobuf is imported when the first of that encoding comes."""

import json
from functools import cache
from typing import Any

from starlette.requests import Request as HTTPRequest
from starlette.responses import Response

from rest_compat.dialects import encode
from rest_compat.otlp.bodies import JSON, PROTOBUF, Encoding, encoding_of

__all__ = ["accepted", "refused"]

# google.rpc.Code of each status; of another, INTERNAL.
_CODES = {400: 3, 403: 7, 404: 5, 413: 8, 415: 3, 422: 3, 499: 1, 503: 14}
INTERNAL = 13


def accepted(encoding: Encoding, rejected: int, message: str | None) -> Response:
    """An ExportTraceServiceResponse, whose partial success is there where spans were rejected.

    In JSON under two names: OpenTelemetry's, and the one that Weave's documents give it.
    """
    if encoding == "PROTOBUF":
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

        answer = ExportTraceServiceResponse()
        if rejected:
            answer.partial_success.rejected_spans = rejected
            answer.partial_success.error_message = message or ""
        return Response(answer.SerializeToString(), media_type=PROTOBUF)
    if not rejected:
        return Response(encode({"partial_success": None}), media_type=JSON)
    both = {
        "partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message},
        "partial_success": {"rejected_spans": rejected, "error_message": message},
    }
    return Response(encode(both), media_type=JSON)


def refused(http: HTTPRequest, answer: Response) -> Response:
    """What is said to an error as the ``google.rpc.Status`` that OTLP asks for; in JSON with the ``reason`` beside."""
    said = json.loads(bytes(answer.body) or b"{}")
    status = {
        "code": _CODES.get(answer.status_code, INTERNAL),
        "message": str(
            said.get("reason") or said.get("message") or said.get("detail") or "the request was not finished"
        ),
    }
    if encoding_of(http) == "PROTOBUF":
        return Response(_status_class()(**status).SerializeToString(), answer.status_code, media_type=PROTOBUF)
    return Response(encode({**status, **said}), answer.status_code, media_type=JSON)


@cache
def _status_class() -> Any:
    """The message ``google.rpc.Status``, without the details that are never sent here."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="status.proto", package="google.rpc", syntax="proto3")
    message = file.message_type.add(name="Status")
    field = descriptor_pb2.FieldDescriptorProto
    for number, (name, kind) in enumerate({"code": field.TYPE_INT32, "message": field.TYPE_STRING}.items(), start=1):
        message.field.add(name=name, number=number, type=kind, label=field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("google.rpc.Status"))
