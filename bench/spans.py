"""The same calls as spans of OpenTelemetry, with the attributes of OpenInference, which both sides read."""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from bench.data import split
from bench.http import post

__all__ = ["export_requests", "phoenix_id"]


def _digest(text: str, length: int) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:length]


def phoenix_id(noun: str, number: int) -> str:
    """The id that Phoenix gives a node."""

    return base64.b64encode(f"{noun}:{number}".encode()).decode()


def _value(value: str | int) -> AnyValue:
    return AnyValue(string_value=value) if isinstance(value, str) else AnyValue(int_value=value)


def _nanoseconds(moment: str) -> int:
    return int(dt.datetime.fromisoformat(moment).timestamp() * 1_000_000) * 1000


def export_requests(calls: Sequence[dict[str, Any]], size: int) -> list[bytes]:
    """``POST /v1/traces`` in protobuf, ``size`` spans each; all calls are of one project."""
    requests = []
    for some in split(calls, size):
        export = ExportTraceServiceRequest()
        resource = export.resource_spans.add()
        entity, _, name = some[0]["project_id"].partition("/")
        for key, text in (("wandb.entity", entity), ("wandb.project", name), ("openinference.project.name", name)):
            resource.resource.attributes.append(KeyValue(key=key, value=_value(text)))
        scope = resource.scope_spans.add()
        for call in some:
            span = scope.spans.add()
            span.trace_id, span.span_id = _digest(call["trace_id"], 16), _digest(call["id"], 8)
            if call["parent_id"]:
                span.parent_span_id = _digest(call["parent_id"], 8)
            span.name = call["op_name"]
            span.start_time_unix_nano = _nanoseconds(call["started_at"])
            span.end_time_unix_nano = _nanoseconds(call["ended_at"])
            span.status.code = Status.STATUS_CODE_OK
            attributes: dict[str, str | int] = {
                "openinference.span.kind": "LLM",
                "input.value": json.dumps(call["inputs"], ensure_ascii=False),
                "input.mime_type": "application/json",
                "output.value": json.dumps(call["output"], ensure_ascii=False),
                "output.mime_type": "application/json",
                "llm.model_name": call["inputs"]["model"],
                "llm.token_count.prompt": 300,
                "llm.token_count.completion": 80,
                "llm.token_count.total": 380,
            }
            span.attributes.extend(KeyValue(key=key, value=_value(value)) for key, value in attributes.items())
        requests.append(post("/v1/traces", export.SerializeToString(), content_type="application/x-protobuf"))
    return requests
