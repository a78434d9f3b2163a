"""The registry as an OpenAPI document."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from rest_compat.registry import Endpoint

__all__ = ["group_of", "openapi"]

_REF = "#/components/schemas/{model}"
_SPANS = ("application/x-protobuf", "application/json")
"""What endpoints take that read their bodies themselves: requests of OTLP."""

_PARAMETER = re.compile(r"\{(\w+)\}")

_ERRORS = {
    "400": ("What was asked cannot be.", "Refusal"),
    "413": ("The body is past the limit.", "Refusal"),
    "422": ("The body is malformed, or its query is.", "HTTPValidationError"),
}
_ERROR_SCHEMAS = {
    "Refusal": {
        "type": "object",
        "properties": {"reason": {"type": "string"}},
        "required": ["reason"],
        "additionalProperties": True,
    },
    "HTTPValidationError": {
        "type": "object",
        "properties": {"detail": {"type": "array", "items": {"$ref": _REF.format(model="ValidationError")}}},
        "required": ["detail"],
    },
    "ValidationError": {
        "type": "object",
        "properties": {
            "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
            "msg": {"type": "string"},
            "type": {"type": "string"},
        },
        "required": ["loc", "msg", "type"],
        "additionalProperties": True,
    },
}


def group_of(endpoint: Endpoint) -> str:
    """What an endpoint is about: the first word of its operation, of ``weave/calls_page`` ``calls``."""
    return endpoint.operation.partition("/")[2].partition("_")[0]


def openapi(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """The document. ``x-graphql-operation`` names the operation that answers an endpoint."""
    models = list(dict.fromkeys(endpoint.model for endpoint in endpoints if endpoint.model is not None))
    names, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        schema = None if endpoint.model is None else names[endpoint.model, "validation"]
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schema)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tracegraph REST", "version": version},
        "paths": paths,
        "components": {"schemas": {**_ERROR_SCHEMAS, **definitions.get("$defs", {})}},
    }


def _operation(endpoint: Endpoint, schema: dict[str, Any] | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{endpoint.method}{re.sub(r'[^a-z0-9]+', '_', endpoint.path)}".lower(),
        "summary": endpoint.summary,
        "x-graphql-operation": endpoint.operation,
        "responses": {"200": {"description": "The answer.", "content": {_answer_type(endpoint): {}}}},
    }
    if parameters := _PARAMETER.findall(endpoint.path):
        described["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters
        ]
    if endpoint.read is not None:
        described["requestBody"] = {"required": True, "content": {media: {"schema": {}} for media in _SPANS}}
    if schema is not None:
        media = "multipart/form-data" if endpoint.form else "application/json"
        described["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    if "requestBody" in described:
        described["responses"] |= {
            status: {
                "description": description,
                "content": {"application/json": {"schema": {"$ref": _REF.format(model=model)}}},
            }
            for status, (description, model) in _ERRORS.items()
        }
    return described


def _answer_type(endpoint: Endpoint) -> str:
    lines = endpoint.line is not None or (endpoint.stream is not None and endpoint.stream.member is None)
    return "application/jsonl" if lines else "application/json"
