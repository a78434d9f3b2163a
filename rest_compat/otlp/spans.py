"""Exporting spans, which become calls."""

from starlette.responses import Response

from rest_compat.otlp.answers import accepted, refused
from rest_compat.otlp.bodies import ExportBody, read_export
from rest_compat.registry import Data, Endpoint, Request, Variables

__all__ = ["ENDPOINTS", "export_endpoint"]


def _input(request: Request) -> Variables:
    body: ExportBody = request.body
    return {
        "input": {
            "content": body.content,
            "encoding": body.encoding,
            "project": body.project or request.project or None,
        }
    }


def _answer(data: Data, request: Request) -> Response:
    export = data["otlpExport"]
    return accepted(request.body.encoding, export["rejectedSpans"], export["errorMessage"])


def export_endpoint(path: str) -> Endpoint:
    """An endpoint that takes spans. Where a dialect's keys stand for a project, that is the one of spans without."""
    return Endpoint(
        path,
        "otlp/export",
        "Take spans of OpenTelemetry (OTLP in protobuf or JSON, gzip allowed) and keep them as calls; "
        "answers how many were rejected.",
        read=read_export,
        variables=_input,
        respond=_answer,
        refuse=refused,
    )


ENDPOINTS = [export_endpoint(path) for path in ("/otel/v1/traces", "/otel/v1/trace", "/v1/traces")]
