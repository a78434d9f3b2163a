"""Exporting spans, which become calls."""

from starlette.responses import Response

from rest_compat.otlp.answers import accepted, refused
from rest_compat.otlp.bodies import ExportBody, read_export
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS"]


def _input(request: Request) -> Variables:
    body: ExportBody = request.body
    return {"input": {"content": body.content, "encoding": body.encoding, "project": body.project}}


def _answer(data: Data, request: Request) -> Response:
    export = data["otlpExport"]
    return accepted(request.body.encoding, export["rejectedSpans"], export["errorMessage"])


ENDPOINTS = [
    Endpoint(
        path,
        "otlp/export",
        "Take spans of OpenTelemetry (OTLP in protobuf or JSON, gzip allowed) and keep them as calls; "
        "answers how many were rejected.",
        read=read_export,
        variables=_input,
        respond=_answer,
        refuse=refused,
    )
    for path in ("/otel/v1/traces", "/otel/v1/trace", "/v1/traces")
]
