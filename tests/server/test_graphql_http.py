import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from graph.limits import Limits
from tests.server.toy import WORLD, toy_app

GRAPHQL, JSON, EVENTS = "application/graphql-response+json", "application/json", "text/event-stream"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(toy_app()) as client:
        yield client


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy")


async def post(client: httpx.AsyncClient, body: object, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/graphql", json=body, headers=named)


def error(message: str, code: str = "BAD_REQUEST") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


# The form of the answer


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("*/*", JSON),
        ("", JSON),
        (JSON, JSON),
        ("application/*", JSON),
        (GRAPHQL, GRAPHQL),
        ("Application/GraphQL-Response+JSON", GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}, {JSON}, {EVENTS}, multipart/mixed", GRAPHQL),
        (f"text/html, {JSON};q=0", None),
        ("text/html", None),
        (f"{JSON};q=much", None),
        ("multipart/mixed", None),
    ],
)
async def test_the_accept_header_decides_the_media_type(
    client: httpx.AsyncClient, accept: str, answered: str | None
) -> None:
    response = await post(client, {"query": "{ hello }"}, accept=accept)
    if answered is None:
        assert response.status_code == 406
        assert response.json() == error(f"Only {GRAPHQL}, {JSON} and {EVENTS} can be answered.")
    else:
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{answered}; charset=utf-8"
        assert response.json()["data"] == {"hello": "world"}
    assert response.headers["vary"] == "Accept"


async def test_several_accept_headers_count_as_one(client: httpx.AsyncClient) -> None:
    headers = [("content-type", JSON), ("accept", "text/html"), ("accept", GRAPHQL)]
    response = await client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{", "Syntax Error: Expected Name, found <EOF>.", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "Cannot query field 'nothing' on type 'Query'.", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query A { hello } query B { hello }",
            "Must provide operation name if query contains multiple operations.",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("fragment F on Query { hello }", "The document has no operation.", "BAD_REQUEST"),
    ],
)
async def test_what_is_not_executed_has_no_data_and_is_400_in_the_new_media_type_only(
    client: httpx.AsyncClient, query: str, message: str, code: str
) -> None:
    new = await post(client, {"query": query}, accept=GRAPHQL)
    old = await post(client, {"query": query}, accept=JSON)
    assert (new.status_code, old.status_code) == (400, 200)
    assert new.json() == old.json()
    assert list(new.json()) == ["errors"]
    assert [(item["message"], item["extensions"]) for item in new.json()["errors"]] == [(message, {"code": code})]


async def test_the_operation_name_picks_one_of_several(client: httpx.AsyncClient) -> None:
    query = 'query A { hello } query B { echo(text: "b") }'
    response = await post(client, {"query": query, "operationName": "B"})
    assert response.json()["data"] == {"echo": "b"}
    body = json.dumps({"query": query, "operationName": "\ud800"}).encode()
    unknown = await client.post("/graphql", content=body, headers={"content-type": JSON})
    assert unknown.json() == error('Unknown operation named "\ud800".')


async def test_a_variable_of_the_wrong_type_is_a_400_of_the_client(client: httpx.AsyncClient) -> None:
    body = {"query": "query Q($text: String!) { echo(text: $text) }", "variables": {"text": 1}}
    response = await post(client, body, accept=GRAPHQL)
    assert response.status_code == 400
    [only] = response.json()["errors"]
    assert only["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "data" not in response.json()


async def test_the_cost_is_told(client: httpx.AsyncClient) -> None:
    response = await post(client, {"query": "{ items(first: 3) { nodes { number } } statistics }"})
    assert response.json()["extensions"] == {"cost": {"requested": 1 + 3 * 1 + 50, "limit": 500_000}}


# Methods


async def test_get_runs_a_query_with_variables(client: httpx.AsyncClient) -> None:
    parameters = {"query": "query Q($text: String!) { echo(text: $text) }", "variables": '{"text": "ä"}'}
    response = await client.get("/graphql", params=parameters)
    assert (response.status_code, response.json()["data"]) == (200, {"echo": "ä"})


async def test_get_does_not_mutate(client: httpx.AsyncClient) -> None:
    for accept in (JSON, GRAPHQL, EVENTS):
        response = await client.get(
            "/graphql", params={"query": "mutation { write(number: 1) }"}, headers={"accept": accept}
        )
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert response.json() == error("A mutation must be sent by POST.")
    assert WORLD.written == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert response.json() == error(f"{method} is not supported: send GET or POST.")


# Bodies


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "The content type '' is not supported: send application/json."),
        ({"content-type": "text/plain"}, "The content type 'text/plain' is not supported: send application/json."),
        (
            {"content-type": "multipart/form-data; boundary=x"},
            "The content type 'multipart/form-data; boundary=x' is not supported: send application/json.",
        ),
        ({"content-type": "application/json; charset=utf-16"}, "The charset 'utf-16' is not supported: send UTF-8."),
        (
            {"content-type": JSON, "content-encoding": "gzip"},
            "The content encoding 'gzip' is not supported.",
        ),
    ],
)
async def test_only_plain_json_bodies_are_read(
    client: httpx.AsyncClient, headers: dict[str, str], message: str
) -> None:
    response = await client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert (response.status_code, response.json()) == (415, error(message))


async def test_the_content_type_is_read_without_regard_to_case(client: httpx.AsyncClient) -> None:
    headers = {"content-type": 'APPLICATION/JSON; Charset="UTF-8"'}
    response = await client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert response.json()["data"] == {"hello": "world"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The request body is not JSON: Expecting value at line 1, column 1."),
        (b"{", "The request body is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        (b"\x1f\x8b\x08\x00", "The request body is not JSON: byte 1 is not UTF-8."),
        (b'{"query": "\xff"}', "The request body is not JSON: byte 11 is not UTF-8."),
        (b"[" * 100_000, "The request body is not JSON: it is nested too deeply."),
        (b"[" * 701 + b"]" * 701, "The request body is not JSON: it is nested too deeply."),
        (b'{"a": %s}' % (b"9" * 5000), "The request body is not JSON: it has a number of more than 4300 digits."),
        (b'{"a": 1e9999999}', "The request body is not JSON: it has a number of more than 4300 digits."),
        (b"null", "The request body must be a JSON object, not null."),
        (b"1", "The request body must be a JSON object, not a number."),
        (b'"{ hello }"', "The request body must be a JSON object, not a string."),
        (b"true", "The request body must be a JSON object, not a boolean."),
        (b"{}", "The request body has no `query`."),
        (b'{"query": null}', "The request body has no `query`."),
        (b'{"query": ""}', "The request body has no `query`."),
        (b'{"query": ["{ hello }"]}', "`query` must be a string, not a list."),
        (b'{"query": "{ hello }", "operationName": 1}', "`operationName` must be a string, not a number."),
        (b'{"query": "{ hello }", "variables": "{}"}', "`variables` must be an object, not a string."),
        (b'{"query": "{ hello }", "variables": []}', "`variables` must be an object, not a list."),
        (b'{"query": "{ hello }", "extensions": true}', "`extensions` must be an object, not a boolean."),
        (b"[]", "The batch is empty."),
        (b"[1]", "Operation 0 of the batch must be a JSON object, not a number."),
        (b"[[]]", "Operation 0 of the batch must be a JSON object, not a list."),
        (b'[{"query": "{ hello }"}, {}]', "Operation 1 of the batch has no `query`."),
    ],
)
async def test_a_body_that_is_no_request_is_refused_with_its_reason(
    client: httpx.AsyncClient, body: bytes, message: str
) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": JSON, "accept": GRAPHQL})
    assert (response.status_code, response.json()) == (400, error(message))


async def test_a_bad_parameter_of_a_get_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": "{ hello }", "variables": "{"})
    assert response.status_code == 400
    assert response.json() == error(
        "The parameter `variables` is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."
    )
    assert (await client.get("/graphql")).json() == error("The URL has no `query`.")


async def test_null_members_count_as_missing(client: httpx.AsyncClient) -> None:
    body = {"query": "{ hello }", "variables": None, "operationName": None, "extensions": None}
    assert (await post(client, body)).json()["data"] == {"hello": "world"}


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_past_the_limit_is_refused(announced: bool) -> None:
    body = json.dumps({"query": "mutation { write(number: 1) }", "pad": "x" * 1000}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        yield body[:600]
        yield body[600:]

    async with client_of(toy_app(Limits(max_body_bytes=1000))) as client:
        content = body if announced else chunks()
        response = await client.post("/graphql", content=content, headers={"content-type": JSON})
    assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert response.json() == error("The request body is larger than 1000 bytes.")
    assert WORLD.written == []


# Values


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("1.0", "1.0"),
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1e400", "1" + "0" * 400),
        ("-1e400", "-1" + "0" * 400),
        ("NaN", '"NaN"'),
        ("[Infinity,-Infinity]", '["Infinity","-Infinity"]'),
        (r'"\ud800 \u0000 ä"', r'"\ud800 \u0000 ä"'),
        (r'{"\ud800":"\udc00"}', r'{"\ud800":"\udc00"}'),
        ("[" * 300 + "]" * 300, "[" * 300 + "]" * 300),
    ],
)
async def test_values_come_back_as_they_were_sent(client: httpx.AsyncClient, sent: str, returned: str) -> None:
    body = '{"query": "query Q($given: JSON!) { value(given: $given) }", "variables": {"given": %s}}' % sent  # noqa: UP031
    response = await client.post("/graphql", content=body.encode(), headers={"content-type": JSON})
    start, end = '{"data":{"value":', '},"extensions":{"cost":{"requested":0,"limit":500000}}}'
    assert json.loads(response.text.removeprefix(start).removesuffix(end)) == json.loads(returned)
    assert response.text.startswith(start)
    assert response.text.endswith(end)


async def test_stored_json_text_is_spliced(client: httpx.AsyncClient) -> None:
    response = await post(client, {"query": "{ stored odd }"})
    assert response.text.startswith(
        r'{"data":{"stored":{"b":1.0,"a":[1e400,"\ud800"]},'
        r'"odd":{"text":"\ud800","\udfff":1,"number":1180591620717411303424,"raw":{"z":0}}}'
    )


# Batches


async def test_a_batch_is_answered_in_order(client: httpx.AsyncClient) -> None:
    batch = [
        {"query": '{ echo(text: "1") }'},
        {"query": "{ nothing }"},
        {"query": "subscription { count(to: 1) }"},
        {"query": "mutation { write(number: 3) }"},
    ]
    response = await post(client, batch, accept=GRAPHQL)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{GRAPHQL}; charset=utf-8")
    first, second, third, fourth = response.json()
    assert first["data"] == {"echo": "1"}
    assert second["errors"][0]["message"] == "Cannot query field 'nothing' on type 'Query'."
    assert third == error(
        "A subscription needs a stream: accept text/event-stream, or use a WebSocket (graphql-transport-ws)."
    )
    assert fourth["data"] == {"write": 3}
    assert WORLD.written == [3]


async def test_the_operations_of_a_batch_share_a_context(client: httpx.AsyncClient) -> None:
    response = await post(client, [{"query": "{ contextNumber }"}] * 3)
    assert len({item["data"]["contextNumber"] for item in response.json()}) == 1


async def test_a_long_batch_is_refused(client: httpx.AsyncClient) -> None:
    response = await post(client, [{"query": "mutation { write(number: 1) }"}] * 11)
    assert (response.status_code, response.json()) == (400, error("The batch has 11 operations; the limit is 10."))
    assert WORLD.written == []


async def test_a_batch_cannot_be_streamed(client: httpx.AsyncClient) -> None:
    response = await post(client, [{"query": "{ hello }"}], accept=EVENTS)
    assert (response.status_code, response.json()) == (406, error(f"A batch is answered with {GRAPHQL} or {JSON}."))


# Errors


async def test_an_unexpected_error_is_masked_and_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = await post(client, {"query": "{ hello secret }"}, accept=GRAPHQL, x_request_id="abc-1")
    assert response.status_code == 200
    assert response.json() == {
        "errors": [
            {
                "message": "Unexpected error; the server's log has the details under request id abc-1.",
                "locations": [{"line": 1, "column": 9}],
                "path": ["secret"],
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "abc-1"},
            }
        ],
        "data": None,
        "extensions": {"cost": {"requested": 0, "limit": 500_000}},
    }
    [record] = caplog.records
    assert record.getMessage() == "request abc-1: RuntimeError at secret"
    assert "hunter2" in (record.exc_text or "") + caplog.text


async def test_a_refusal_of_a_resolver_has_its_code_and_is_not_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = await post(client, {"query": "{ missing }"})
    assert response.json()["data"] == {"missing": None}
    [only] = response.json()["errors"]
    assert (only["message"], only["path"]) == ("No item 'x'", ["missing"])
    assert only["extensions"] == {"code": "NOT_FOUND", "field": ["id"]}
    await post(client, {"query": "{ nothing }"})
    assert caplog.records == []


async def test_a_context_that_is_refused_is_answered_in_json(client: httpx.AsyncClient) -> None:
    response = await post(client, {"query": "{ hello }"}, x_refuse="401")
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Basic")
    assert response.json() == error("No such key", "UNAUTHENTICATED")


async def test_a_fault_outside_of_the_operation_tells_nothing_but_the_request_id(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = await post(client, {"query": "{ hello }"}, x_crash="1", x_request_id="not an id\x7f")
    assert response.status_code == 500
    [only] = response.json()["errors"]
    assert only["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(only["extensions"]["requestId"]) == 32
    assert "hunter2" not in response.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


# The other schema


async def test_a_document_of_the_other_schema_runs_there(client: httpx.AsyncClient) -> None:
    assert (await post(client, {"query": "{ other }"})).json()["data"] == {"other": "only here"}


async def test_a_document_of_both_schemas_runs_on_the_first(client: httpx.AsyncClient) -> None:
    assert (await post(client, {"query": "{ hello }"})).json()["data"] == {"hello": "world"}


async def test_a_document_of_neither_is_told_about_the_first(client: httpx.AsyncClient) -> None:
    response = await post(client, {"query": "{ other items { nothing } }"})
    assert [item["message"] for item in response.json()["errors"]] == [
        "Cannot query field 'other' on type 'Query'.",
        "Cannot query field 'nothing' on type 'ItemConnection'.",
    ]


# Server-sent events


async def events(client: httpx.AsyncClient, query: str, accept: str = EVENTS) -> str:
    response = await post(client, {"query": query}, accept=accept)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{EVENTS}; charset=utf-8")
    return response.text


COST = ',"extensions":{"cost":{"requested":0,"limit":500000}}}'


async def test_a_subscription_is_a_stream_of_events(client: httpx.AsyncClient) -> None:
    expected = (
        'event: next\ndata: {"data":{"count":0}' + COST + '\n\nevent: next\ndata: {"data":{"count":1}' + COST + "\n\n"
        "event: complete\ndata: \n\n"
    )
    assert await events(client, "subscription { count(to: 2) }") == expected
    assert await events(client, "subscription { count(to: 2) }", f"{JSON}, {EVENTS}") == expected
    by_get = await client.get("/graphql", params={"query": "subscription { count(to: 2) }"}, headers={"accept": EVENTS})
    assert by_get.text == expected


async def test_a_query_may_be_streamed_too(client: httpx.AsyncClient) -> None:
    expected = 'event: next\ndata: {"data":{"hello":"world"}' + COST + "\n\nevent: complete\ndata: \n\n"
    assert await events(client, "{ hello }") == expected
    assert await events(client, "{ hello }", f"{JSON};q=0.5, {EVENTS}") == expected


async def test_a_document_that_is_not_valid_ends_the_stream_with_its_errors(client: httpx.AsyncClient) -> None:
    text = await events(client, "subscription { nothing }")
    assert text.startswith('event: next\ndata: {"errors":[{"message":"Cannot query field')
    assert text.endswith("\n\nevent: complete\ndata: \n\n")


async def test_an_unexpected_error_of_a_stream_is_masked(client: httpx.AsyncClient) -> None:
    text = await events(client, "subscription { failing }")
    assert text.count("event: next\n") == 2
    assert "INTERNAL_SERVER_ERROR" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*"])
async def test_a_subscription_without_a_stream_is_refused(client: httpx.AsyncClient, accept: str) -> None:
    response = await post(client, {"query": "subscription { count(to: 1) }"}, accept=accept)
    assert response.status_code == 400
    assert response.json() == error(
        "A subscription needs a stream: accept text/event-stream, or use a WebSocket (graphql-transport-ws)."
    )


async def test_streams_past_the_limit_are_refused() -> None:
    async with client_of(toy_app(Limits(max_streams=0))) as client:
        response = await post(client, {"query": "subscription { count(to: 1) }"}, accept=EVENTS)
    assert (response.status_code, response.json()) == (503, error("0 streams are open already."))


async def test_a_stream_that_the_client_leaves_ends_its_subscription() -> None:
    WORLD.closed.clear()
    app = toy_app()
    body = json.dumps({"query": "subscription { forever }"}).encode()
    headers = [(b"content-type", JSON.encode()), (b"accept", EVENTS.encode())]
    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"",
        "root_path": "", "headers": headers, "scheme": "http", "server": ("toy", 80), "asgi": {"spec_version": "2.3"},
    }  # fmt: skip
    received = iter([{"type": "http.request", "body": body, "more_body": False}])
    first_event = asyncio.Event()

    async def receive() -> dict[str, Any]:
        message = next(received, None)
        if message is None:
            await first_event.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and b"event: next" in message["body"]:
            first_event.set()

    await app(scope, receive, send)
    assert WORLD.closed.is_set()


async def left_after(body: bytes, left: asyncio.Event) -> list[Any]:
    """What is sent to a client who asks with this body and leaves when `left` is set."""
    received = iter([{"type": "http.request", "body": body, "more_body": False}])
    sent: list[Any] = []
    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"",
        "root_path": "", "headers": [(b"content-type", JSON.encode())], "scheme": "http", "server": ("toy", 80),
        "asgi": {"spec_version": "2.3"},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        message = next(received, None)
        if message is None:
            await left.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    await toy_app()(scope, receive, send)
    return sent


async def test_a_query_whose_client_leaves_is_cancelled() -> None:
    WORLD.begun.clear()
    WORLD.closed.clear()
    sent = await left_after(b'{"query": "{ waiting }"}', WORLD.begun)
    assert WORLD.closed.is_set()
    assert sent[0]["status"] == 499


async def test_a_mutation_is_finished_though_its_client_leaves() -> None:
    left = asyncio.Event()
    left.set()
    await left_after(b'{"query": "mutation { write(number: 9) }"}', left)
    assert WORLD.written == [9]


async def test_a_body_that_stops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.graphql.requests.BODY_SECONDS", 0.01)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with client_of(toy_app()) as client:
        response = await client.post("/graphql", content=chunks(), headers={"content-type": JSON})
    assert (response.status_code, response.headers["connection"]) == (408, "close")
    assert response.json() == error("Nothing of the request body came for 0.01 seconds.")
