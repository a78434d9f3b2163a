"""OTLP over HTTP: encodings, compression, partial success, refusals."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import httpx
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from prometheus_client import REGISTRY

from rest_compat.otlp.answers import _status_class
from tests.conftest import running_app

PROJECT = "team/app"
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
HEADER = {"project_id": PROJECT}
TRACE, SPAN, CHILD = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "eee19b7ec3c1b173"


def export(*spans: dict[str, Any], **resource: str) -> dict[str, Any]:
    """An export in OTLP/JSON."""
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in resource.items()]
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes},
                "scopeSpans": [{"scope": {"name": "lib", "version": "1"}, "spans": list(spans)}],
            }
        ]
    }


def span(span_id: str = SPAN, **fields: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": span_id,
        "name": "step",
        "kind": 2,
        "startTimeUnixNano": "1544712660123456789",
        "endTimeUnixNano": "1544712661000000000",
        **fields,
    }


def protobuf(request: dict[str, Any]) -> bytes:
    """The same export in protobuf, whose own JSON has base64 where OTLP has hex."""
    text = json.dumps(request)
    for name in (TRACE, SPAN, CHILD):
        text = text.replace(name, base64.b64encode(bytes.fromhex(name)).decode())
    return json_format.Parse(text, ExportTraceServiceRequest()).SerializeToString()


async def send(client: httpx.AsyncClient, content: bytes | dict[str, Any], **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    kind = PROTOBUF if isinstance(content, bytes) else JSON
    named = {name.replace("_", "-") if name != "project_id" else name: value for name, value in headers.items()}
    return await client.post("/otel/v1/traces", content=body, headers={**kind, **HEADER, **named})


async def calls(client: httpx.AsyncClient, project: str = PROJECT) -> list[Any]:
    answer = await client.post("/calls/stream_query", json={"project_id": project})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


VALUES = [
    {"key": "text", "value": {"stringValue": "a"}},
    {"key": "yes", "value": {"boolValue": True}},
    {"key": "count", "value": {"intValue": "-9007199254740993"}},
    {"key": "half", "value": {"doubleValue": 0.5}},
    {"key": "infinite", "value": {"doubleValue": "Infinity"}},
    {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": "1"}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k.l", "value": {"boolValue": False}}]}}},
    {"key": "bytes", "value": {"bytesValue": "AAEC"}},
    {"key": "nothing", "value": {}},
]


async def test_both_encodings_and_both_paths_say_the_same(client: httpx.AsyncClient) -> None:
    whole = export(
        span(
            attributes=VALUES,
            events=[{"name": "e", "timeUnixNano": "5", "attributes": VALUES[:1], "droppedAttributesCount": 1}],
            links=[{"traceId": TRACE, "spanId": CHILD, "traceState": "s", "attributes": VALUES[:1], "flags": 1}],
            status={"code": 2, "message": "bad"},
            traceState="t=1",
            flags=257,
            droppedEventsCount=4,
        ),
        span(CHILD, parentSpanId=SPAN),
        service="api",
    )
    answer = await client.post(
        "/otel/v1/traces", content=protobuf(whole), headers={**PROTOBUF, "project_id": "team/proto"}
    )
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "application/x-protobuf", b"")
    answer = await client.post("/otel/v1/trace", json=whole, headers={"project_id": "team/json"})
    assert (answer.status_code, answer.json()) == (200, {"partial_success": None})
    from_protobuf, from_json = await calls(client, "team/proto"), await calls(client, "team/json")
    assert [{**call, "project_id": ""} for call in from_protobuf] == [{**call, "project_id": ""} for call in from_json]
    second, first = sorted(from_json, key=lambda call: str(call["id"]))
    assert (first["id"], first["parent_id"], second["id"], second["parent_id"]) == (SPAN, None, CHILD, SPAN)
    assert first["started_at"] == "2018-12-13T14:51:00.123456Z"
    assert first["exception"] == "bad"
    attributes = {
        "text": "a",
        "yes": True,
        "count": -9007199254740993,
        "half": 0.5,
        "infinite": "Infinity",
        "list": ["x", 1],
        "map": {"k.l": False},
        "bytes": "AAEC",
        "nothing": None,
    }
    kept = first["attributes"]["otel_span"]
    assert kept["attributes"] == attributes
    assert kept["kind"] == "SERVER"
    assert kept["start_time_unix_nano"] == 1544712660123456789
    assert kept["events"] == [{"name": "e", "timestamp": 5, "attributes": {"text": "a"}, "dropped_attributes_count": 1}]
    assert kept["links"] == [
        {
            "trace_id": TRACE,
            "span_id": CHILD,
            "trace_state": "s",
            "attributes": {"text": "a"},
            "dropped_attributes_count": 0,
            "flags": 1,
        }
    ]
    assert (kept["context"]["trace_state"], kept["flags"], kept["dropped_events_count"]) == ("t=1", 257, 4)
    assert kept["resource"]["attributes"] == {"service": "api"}
    assert kept["scope"] == {"name": "lib", "version": "1", "attributes": {}}


COMPRESSIONS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("GZIP", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
    ("deflate", zlib.compress),
    ("identity", lambda body: body),
    ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
]


async def test_compressed_bodies(client: httpx.AsyncClient) -> None:
    for number, (coding, pack) in enumerate(COMPRESSIONS):
        body = pack(protobuf(export(span())))
        answer = await send(client, body, content_encoding=coding, project_id=f"team/{number}")
        assert answer.status_code == 200, answer.content
        assert [call["id"] for call in await calls(client, f"team/{number}")] == [SPAN]


async def test_the_project_comes_from_the_header_or_the_resource(client: httpx.AsyncClient) -> None:
    named = export(span(), **{"wandb.entity": "other", "wandb.project": "place"})
    assert (await client.post("/otel/v1/traces", json=named)).status_code == 200
    assert [call["id"] for call in await calls(client, "other/place")] == [SPAN]
    assert (await send(client, named)).status_code == 200
    assert [call["id"] for call in await calls(client)] == [SPAN]
    nowhere = await client.post("/otel/v1/traces", json=export(span()))
    reason = (
        "No project: send the header project_id: entity/project, or the resource attributes wandb.entity and "
        "wandb.project"
    )
    assert (nowhere.status_code, nowhere.json()) == (400, {"code": 3, "message": reason, "reason": reason})
    assert (await client.post("/otel/v1/traces", json={"resourceSpans": []})).status_code == 200
    assert (await client.post("/v1/traces", content=b"", headers=PROTOBUF)).status_code == 200


async def test_one_bad_span_does_not_cost_the_others(client: httpx.AsyncClient) -> None:
    message = "Rejected span (name='step' trace_id='5b8e' span_id='eee19b7ec3c1b173'): trace id '5b8e' is not 16 bytes"
    message += " that are not all zero"
    batch = export(span(), span(CHILD, traceId="5b8e"))
    answer = await send(client, batch)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "partialSuccess": {"rejectedSpans": "1", "errorMessage": message},
            "partial_success": {"rejected_spans": 1, "error_message": message},
        },
    )
    request = ExportTraceServiceRequest.FromString(protobuf(export(span(), span(CHILD))))
    request.resource_spans[0].scope_spans[0].spans[1].trace_id = bytes.fromhex("5b8e")
    answer = await send(client, request.SerializeToString())
    assert answer.headers["content-type"] == "application/x-protobuf"
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (partial.rejected_spans, partial.error_message) == (1, message)
    assert [call["id"] for call in await calls(client)] == [SPAN]


WRONG_FORMS: list[tuple[dict[str, Any], str]] = [
    ({"name": 5}, "name must be text, not 5"),
    ({"startTimeUnixNano": "soon"}, "startTimeUnixNano must be a whole number, as text or number, not 'soon'"),
    ({"attributes": {}}, "attributes must be a list, not {}"),
    ({"attributes": [{"key": "a", "value": 5}]}, "attributes[0].value must be an object, not 5"),
    (
        {"attributes": [{"key": "a", "value": {"boolValue": "yes"}}]},
        "attributes[0].value.boolValue must be true or false, not 'yes'",
    ),
    (
        {"attributes": [{"key": "a", "value": {"doubleValue": "1e999"}}]},
        "attributes[0].value.doubleValue must be a number, not '1e999'",
    ),
    ({"kind": "SPIN"}, "kind must be a whole number, as text or number, not 'SPIN'"),
    ({"status": []}, "status must be an object, not []"),
]


async def test_a_span_of_the_wrong_form_is_refused_alone(client: httpx.AsyncClient) -> None:
    for wrong, reason in WRONG_FORMS:
        answer = await send(client, export(span(CHILD, **wrong), span()))
        assert answer.json()["partial_success"] == {
            "rejected_spans": 1,
            "error_message": f"Rejected span: resourceSpans[0].scopeSpans[0].spans[0].{reason}",
        }
    assert [call["id"] for call in await calls(client)] == [SPAN]


async def test_whole_numbers_of_more_than_64_bits_are_kept(client: httpx.AsyncClient) -> None:
    """As HoneyHive's SDK sends large numbers of Python."""
    large = {"key": "large", "value": {"intValue": str(2**70)}}
    negative = {"key": "negative", "value": {"intValue": str(-(10**400))}}
    await send(client, export(span(attributes=[large, negative])))
    (call,) = await calls(client)
    assert (call["attributes"]["large"], call["attributes"]["negative"]) == (2**70, -(10**400))


async def test_broken_text_and_broken_spans_in_protobuf(client: httpx.AsyncClient) -> None:
    """Text that is no UTF-8, as collectors pass it on, and bytes that are no span."""
    good = protobuf(export(span(name="NAME", attributes=[{"key": "k", "value": {"stringValue": "TEXT"}}]), span(CHILD)))
    with_broken_text = good.replace(b"TEXT", b"\xffEX\x00")
    assert (await send(client, with_broken_text)).content == b""
    kept = {call["id"]: call for call in await calls(client)}
    assert set(kept) == {SPAN, CHILD}
    assert kept[SPAN]["attributes"]["k"] == "\ufffdEX\x00"
    # The trace id's field says that more bytes follow than there are.
    with_broken_span = good.replace(b"\x0a\x10" + bytes.fromhex(TRACE), b"\x0a\x7f" + bytes.fromhex(TRACE), 1)
    answer = await send(client, with_broken_span, project_id="team/other")
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_spans == 1
    assert "bytes that are no span in protobuf" in partial.error_message
    assert [call["id"] for call in await calls(client, "team/other")] == [CHILD]


def said(answer: httpx.Response) -> tuple[int, int, str]:
    """Status, and code and message of the ``google.rpc.Status`` in protobuf."""
    status = _status_class().FromString(answer.content)
    return answer.status_code, status.code, status.message


async def test_refusals(client: httpx.AsyncClient) -> None:
    good = protobuf(export(span()))
    status, code, message = said(await send(client, good[:-1]))
    assert (status, code) == (400, 3)
    assert message.startswith("Malformed content: not an ExportTraceServiceRequest in protobuf: ")
    status, code, message = said(await send(client, gzip.compress(good)[:-9], content_encoding="gzip"))
    assert (status, code, message) == (
        400,
        3,
        f"Malformed gzip content: it ends before it is whole, after {len(gzip.compress(good)) - 9} bytes",
    )
    status, code, message = said(await send(client, good, content_encoding="gzip"))
    assert (status, code) == (400, 3)
    assert message == "Malformed gzip content: Error -3 while decompressing data: incorrect header check"
    status, code, message = said(await send(client, good, content_encoding="zstd"))
    assert (status, code) == (415, 3)
    assert message == "Content-Encoding must be gzip, deflate or identity, not 'zstd'"
    assert said(await send(client, good, project_id="nonsense")) == (
        400,
        3,
        "Invalid project id 'nonsense': expected 'entity/project'",
    )
    assert await calls(client) == []


MALFORMED = [
    (
        b"{",
        "Malformed content: not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ),
    (b"[]", "Malformed content: a JSON object is expected, not '[]'"),
    (b"\xff{}", "Malformed content: not UTF-8 at byte 0"),
    (b"[" * 100_000, "Malformed content: JSON that is nested too deeply"),
    (b'{"resourceSpans": 5}', "Malformed content: resourceSpans must be a list, not 5"),
    (
        b'{"resourceSpans": [{"scopeSpans": [{"spans": {}}]}]}',
        "Malformed content: resourceSpans[0].scopeSpans[0].spans must be a list, not {}",
    ),
]


async def test_malformed_json(client: httpx.AsyncClient) -> None:
    for body, reason in MALFORMED:
        answer = await client.post("/otel/v1/traces", content=body, headers={**JSON, **HEADER})
        assert (answer.status_code, answer.json()) == (400, {"code": 3, "message": reason, "reason": reason})
    assert await calls(client) == []


async def test_another_content_type(client: httpx.AsyncClient) -> None:
    reason = "Content-Type must be application/x-protobuf or application/json, not 'text/plain'"
    answer = await client.post("/otel/v1/traces", content=b"x", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()) == (415, {"code": 3, "message": reason, "reason": reason})
    assert (await client.post("/otel/v1/traces", content=b"")).status_code == 415
    answer = await client.post(
        "/otel/v1/traces", content=b"", headers={"content-type": "Application/JSON; charset=utf-8"}
    )
    assert answer.status_code == 400


async def test_bodies_past_the_limit(sqlite_url: str) -> None:
    """Neither sent nor unpacked may it be larger; a bomb is not unpacked further."""
    async with running_app(sqlite_url, max_body_bytes=100_000) as client:
        bomb = gzip.compress(bytes(200_000_000))
        for body, coding in ((bytes(100_001), "identity"), (gzip.compress(bytes(100_001)), "gzip"), (bomb, "gzip")):
            answer = await send(client, body, content_encoding=coding)
            assert answer.status_code == 413
        (status, code, message) = said(await send(client, gzip.compress(bytes(100_001)), content_encoding="gzip"))
        assert (status, code, message) == (413, 8, "Request too large: at most 100000 bytes")


async def test_exports_of_too_many_spans(client: httpx.AsyncClient) -> None:
    """A few bytes make an empty span: what counts is how many there are."""
    scope = b"\x12\x00" * 99_999
    resource = b"\x12" + _varint(len(scope)) + scope
    content = b"\x0a" + _varint(len(resource)) + resource
    status, code, message = said(await send(client, content))
    expected = "An export has at most 100000 resources, scopes and spans, not 100001; send it in pieces"
    assert (status, code, message) == (413, 8, expected)
    answer = await send(client, {"resourceSpans": [{"scopeSpans": [{"spans": [{}] * 99_999}]}]})
    assert (answer.status_code, answer.json()["message"]) == (413, expected)
    assert (await send(client, b"\x0a\x00" * 100_001)).status_code == 413


def _varint(number: int) -> bytes:
    head, rest = number & 127, number >> 7
    return bytes([head | 128]) + _varint(rest) if rest else bytes([head])


async def test_any_text_comes_back(client: httpx.AsyncClient) -> None:
    text = "a\x00b\ud800c \U0001f600 \u05d0"
    batch = export(span(attributes=[{"key": "input.value", "value": {"stringValue": text}}], name=text))
    assert (await send(client, batch)).json() == {"partial_success": None}
    (call,) = await calls(client)
    assert (call["op_name"], call["inputs"]) == (text, {"input.value": text})


async def test_the_mutation_takes_base64(client: httpx.AsyncClient) -> None:
    document = """mutation($input: OtlpExportInput!) { otlpExport(input: $input) {
        acceptedSpans rejectedSpans displacedSpans errorMessage userErrors { code message field } } }"""

    async def run(**values: Any) -> Any:
        answer = await client.post("/graphql", json={"query": document, "variables": {"input": values}})
        return answer.json()["data"]["otlpExport"]

    content = base64.b64encode(protobuf(export(span()))).decode()
    nothing: dict[str, Any] = {
        "acceptedSpans": 0,
        "rejectedSpans": 0,
        "displacedSpans": 0,
        "errorMessage": None,
        "userErrors": [],
    }
    assert await run(content=content, project=PROJECT) == {**nothing, "acceptedSpans": 1}
    displaced = REGISTRY.get_sample_value("tracegraph_spans_displaced_total") or 0
    later = base64.b64encode(json.dumps(export(span(startTimeUnixNano="1544712660223456789"))).encode()).decode()
    assert await run(content=later, encoding="JSON", project=PROJECT) == {
        **nothing,
        "acceptedSpans": 1,
        "displacedSpans": 1,
    }
    counted = (await client.get("/metrics")).text
    assert f"\ntracegraph_spans_displaced_total {displaced + 1:.1f}\n" in counted
    refused = await run(content="AAAA", project=PROJECT)
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("INVALID_INPUT", ["content"])]
    assert len(await calls(client)) == 2


async def test_explained(client: httpx.AsyncClient) -> None:
    content = protobuf(export(span()))
    answer = await send(client, content, x_explain="graphql")
    assert answer.json()["variables"] == {
        "input": {"content": base64.b64encode(content).decode(), "encoding": "PROTOBUF", "project": PROJECT}
    }
    assert await calls(client) == []
