"""The registry as an OpenAPI document."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from rest_compat.registry import Endpoint

__all__ = ["dialect_of", "group_of", "openapi"]

_REF = "#/components/schemas/{model}"
_SPANS = ("application/x-protobuf", "application/json")
"""What endpoints take that read their bodies themselves: requests of OTLP."""

_PARAMETER = re.compile(r"\{(\w+)\}")

_ERRORS = {
    "honeyhive": {
        "400": ("What was asked cannot be.", "HoneyHiveRefusal"),
        "413": ("The body is past the limit.", "HoneyHiveRefusal"),
    }
}
_OTHER_ERRORS = {
    "400": ("What was asked cannot be.", "Refusal"),
    "413": ("The body is past the limit.", "Refusal"),
    "422": ("The body is malformed, or its query is.", "HTTPValidationError"),
}
"""Refusals of bodies, by dialect: the first part of an operation's name."""

_ERROR_SCHEMAS = {
    "HoneyHiveRefusal": {
        "type": "object",
        "properties": {"message": {"type": "string"}, "errorCode": {"type": "string"}},
        "required": ["message", "errorCode"],
    },
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


def dialect_of(endpoint: Endpoint) -> str:
    """Whose API an endpoint is of: the first part of its operation's name."""
    return endpoint.operation.partition("/")[0]


def group_of(endpoint: Endpoint) -> str:
    """What an endpoint is about: the first word of its operation, of ``weave/calls_page`` ``calls``."""
    return endpoint.operation.partition("/")[2].partition("_")[0]


def openapi(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """The document. ``x-graphql-operation`` names the operation that answers an endpoint."""
    read = (model for endpoint in endpoints for model in (endpoint.model, endpoint.parameters))
    models = list(dict.fromkeys(model for model in read if model is not None))
    names, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        schema = None if endpoint.model is None else names[endpoint.model, "validation"]
        described = _operation(endpoint, schema)
        if endpoint.parameters is not None:
            name = names[endpoint.parameters, "validation"]["$ref"].rpartition("/")[2]
            described.setdefault("parameters", []).extend(_query(definitions["$defs"][name]))
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = described
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
        "responses": {
            str(endpoint.status): {"description": "The answer.", "content": {_answer_type(endpoint): {}}},
        },
    }
    if endpoint.deprecated:
        described["deprecated"] = True
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
            for status, (description, model) in _ERRORS.get(dialect_of(endpoint), _OTHER_ERRORS).items()
        }
    return described


def _query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of a query string, of the schema of their model."""
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": described}
        for name, described in schema.get("properties", {}).items()
    ]


def _answer_type(endpoint: Endpoint) -> str:
    lines = endpoint.line is not None or (endpoint.stream is not None and endpoint.stream.member is None)
    return "application/jsonl" if lines else "application/json"
