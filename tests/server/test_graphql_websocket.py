import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from graph.limits import Limits
from tests.server.serving import Session, serving, websocket
from tests.server.toy import toy_app

PROTOCOL = "graphql-transport-ws"
EXTENSIONS = {"cost": {"requested": 0, "limit": 500_000}}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(toy_app()) as address:
        yield address


@pytest.fixture
def socket(address: str) -> Iterator[Session]:
    with websocket(address, PROTOCOL) as session:
        session.send({"type": "connection_init"})
        assert session.receive() == {"type": "connection_ack"}
        yield session


def subscribe(session: Session, query: str, identifier: str = "1", **payload: object) -> None:
    session.send({"type": "subscribe", "id": identifier, "payload": {"query": query, **payload}})


def next_data(session: Session, identifier: str = "1") -> Any:
    message = session.receive()
    assert (message["type"], message["id"]) == ("next", identifier)
    assert message["payload"]["extensions"] == EXTENSIONS
    return message["payload"]["data"]


def test_a_subscription_sends_its_values_and_completes(socket: Session) -> None:
    subscribe(socket, "subscription S($to: Int!) { count(to: $to) }", variables={"to": 2}, operationName="S")
    assert next_data(socket) == {"count": 0}
    assert next_data(socket) == {"count": 1}
    assert socket.receive() == {"type": "complete", "id": "1"}


def test_queries_and_mutations_run_too(socket: Session) -> None:
    subscribe(socket, "{ stored }")
    assert next_data(socket) == {"stored": {"b": 1.0, "a": [float("inf"), "\ud800"]}}
    assert socket.receive() == {"type": "complete", "id": "1"}
    subscribe(socket, "mutation { write(number: 2) }")
    assert next_data(socket) == {"write": 2}


def test_each_operation_has_a_context_of_its_own(socket: Session) -> None:
    numbers = []
    for identifier in ("1", "2"):
        subscribe(socket, "subscription { contexts }", identifier)
        numbers.append(next_data(socket, identifier)["contexts"])
        socket.receive()
    assert numbers[0] != numbers[1]


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{", "Syntax Error: Expected Name, found <EOF>.", "GRAPHQL_PARSE_FAILED"),
        ("", "The payload of subscribe has no `query`.", "BAD_REQUEST"),
        ("{ nothing }", "Cannot query field 'nothing' on type 'Query'.", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { hello }", "The document has no operation.", "BAD_REQUEST"),
        ("subscription { count(to: 1) a: count(to: 1) }", None, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_document_that_cannot_run_is_answered_and_the_connection_stays(
    socket: Session, query: str, message: str | None, code: str
) -> None:
    subscribe(socket, query)
    answer = socket.receive()
    assert (answer["type"], answer["id"]) == ("error", "1")
    [only] = answer["payload"]
    assert only["extensions"] == {"code": code}
    if message is not None:
        assert only["message"] == message
    subscribe(socket, "{ hello }")
    assert next_data(socket) == {"hello": "world"}


def test_an_unexpected_error_is_masked(socket: Session) -> None:
    subscribe(socket, "subscription { failing }")
    assert next_data(socket) == {"failing": 0}
    answer = socket.receive()
    assert "hunter2" not in json.dumps(answer)
    assert answer["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert socket.receive() == {"type": "complete", "id": "1"}


def test_a_completed_subscription_frees_its_id(socket: Session) -> None:
    subscribe(socket, "subscription { forever }")
    assert next_data(socket) == {"forever": 0}
    socket.send({"type": "complete", "id": "1"})
    subscribe(socket, "{ hello }")
    assert next_data(socket) == {"hello": "world"}


def test_an_id_in_use_closes_the_connection(socket: Session) -> None:
    subscribe(socket, "subscription { forever }")
    assert next_data(socket) == {"forever": 0}
    subscribe(socket, "{ hello }")
    assert socket.closed() == (4409, "Subscriber for 1 already exists")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "WebSocket message must be valid JSON"),
        ("[" * 10_000, "WebSocket message must be valid JSON"),
        ("null", "A message must be an object"),
        ("[]", "A message must be an object"),
        ('"subscribe"', "A message must be an object"),
        ("{}", "A message needs a type, which is a string"),
        ('{"type": 1}', "A message needs a type, which is a string"),
        ('{"type": "start"}', "Unknown message type: start"),
        ('{"type": "%s"}' % ("ä" * 200), "Unknown message type: " + "ä" * 50),
        ('{"type": "\\ud800"}', "Unknown message type: ?"),
        ('{"type": "complete"}', "A message of type complete needs an id, which is a string"),
        ('{"type": "subscribe", "payload": {}}', "A message of type subscribe needs an id, which is a string"),
        ('{"type": "subscribe", "id": ""}', "A message of type subscribe needs an id, which is a string"),
        ('{"type": "subscribe", "id": "1"}', "The payload of subscribe must be an object"),
        ('{"type": "subscribe", "id": "1", "payload": {}}', "The payload of subscribe has no `query`."),
        ('{"type": "subscribe", "id": "1", "payload": {"query": 1}}', "`query` must be a string, not a number."),
        (
            '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
            "`variables` must be an object, not a list.",
        ),
        (
            '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 1}}',
            "`operationName` must be a string, not a number.",
        ),
    ],
)
def test_a_malformed_message_closes_with_4400(socket: Session, text: str, reason: str) -> None:
    socket.connection.send(text)
    assert socket.closed() == (4400, reason)


def test_a_binary_message_closes_with_4400(socket: Session) -> None:
    socket.connection.send(b"{}")
    assert socket.closed() == (4400, "WebSocket message type must be text")


def test_a_ping_is_answered(socket: Session) -> None:
    socket.send({"type": "ping"})
    assert socket.receive() == {"type": "pong"}


@pytest.mark.parametrize(("payload", "accepted"), [(None, True), ({"a": 1}, True), ([], False)])
def test_the_payload_of_the_first_message_is_an_object_or_null(address: str, payload: object, accepted: bool) -> None:
    with websocket(address, PROTOCOL) as session:
        session.send({"type": "connection_init", "payload": payload})
        if accepted:
            assert session.receive() == {"type": "connection_ack"}
        else:
            assert session.closed() == (4400, "Invalid connection init payload")


def test_an_operation_before_the_first_message_closes_with_4401(address: str) -> None:
    with websocket(address, PROTOCOL) as session:
        subscribe(session, "{ hello }")
        assert session.closed() == (4401, "Unauthorized")


def test_another_protocol_closes_with_4406(address: str) -> None:
    with websocket(address, "graphql-ws") as session:
        assert session.closed() == (4406, "Subprotocol not acceptable")


@pytest.mark.parametrize("headers", [{"x_refuse": "401"}, {"origin": "http://elsewhere.example"}])
def test_a_refused_handshake_is_not_accepted(address: str, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as raised, websocket(address, PROTOCOL, **headers):
        pass
    assert raised.value.response.status_code == 403


def test_connections_past_the_limit_are_not_accepted() -> None:
    with serving(toy_app(Limits(max_streams=1))) as address, websocket(address, PROTOCOL):
        with pytest.raises(InvalidStatus) as raised, websocket(address, PROTOCOL):
            pass
        assert raised.value.response.status_code == 403


def test_operations_past_the_limits_are_refused_and_the_connection_stays() -> None:
    limits = Limits(max_streams=3, max_streams_per_connection=2)
    with (
        serving(toy_app(limits)) as address,
        websocket(address, PROTOCOL) as one,
        websocket(address, PROTOCOL) as other,
    ):
        for session in (one, other):
            session.send({"type": "connection_init"})
            assert session.receive() == {"type": "connection_ack"}
        for identifier in ("1", "2"):
            subscribe(one, "subscription { forever }", identifier)
            assert next_data(one, identifier) == {"forever": 0}
        subscribe(one, "{ hello }", "3")
        assert refused(one) == "2 operations are open on this connection."
        subscribe(other, "subscription { forever }", "1")
        assert next_data(other, "1") == {"forever": 0}
        subscribe(other, "{ hello }", "2")
        assert refused(other) == "3 operations are open on all connections."
        one.send({"type": "complete", "id": "1"})
        subscribe(one, "{ hello }", "3")
        assert next_data(one, "3") == {"hello": "world"}


def refused(session: Session) -> str:
    message = session.receive()
    assert message["type"] == "error"
    [error] = message["payload"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED"}
    text: str = error["message"]
    return text
