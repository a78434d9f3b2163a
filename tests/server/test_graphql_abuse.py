"""A real server goes on answering others, promptly, whatever one client sends; and says nothing of its insides."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.processes import SECONDS, ServerProcess
from tests.server.abuse import ANSWERS, BODIES, DOCUMENTS, Request, of_project, posted

pytestmark = pytest.mark.big

# Seconds of processor time of the server that others may wait for; the time that passes says what else a machine does.
PATIENCE = 5.0
INSIDES = re.compile(
    r"Traceback|File \\?\"|\.py\b|\b(?!UserError)[A-Z]\w{1,40}Error\b|<class|object at 0x|NoneType|strawberry|"
    r"sqlalchemy|psycopg|sqlite3|hashable|positional argument|recursion depth"
)
OTHER = of_project("slug calls(first: 1) { nodes { id } }")
EXPECTED = {"project": {"slug": "a/b", "calls": {"nodes": [{"id": ...}]}}}


class Others:
    """Another client, who asks something small again and again; `longest` is what processor time the server took at
    most until it answered."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.longest = 0.0
        self.faults: list[str] = []
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        self._asked.wait(SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        with self.server.client() as client:
            while not self._stop.wait(0.01):
                begun = self.server.processor_seconds()
                answer = client.post("/graphql", json={"query": OTHER})
                self.longest = max(self.longest, self.server.processor_seconds() - begun)
                if answer.status_code != 200 or "errors" in answer.json() or len(answer.json()["data"]["project"]) != 2:
                    self.faults.append(answer.text)
                self._asked.set()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("abuse")
    process = ServerProcess(f"sqlite:///{folder / 'tracegraph.db'}", flags=("--graphql-max-streams", "50")).ready()
    printed = process.collect()
    try:
        calls = [
            {
                "project_id": "a/b", "id": f"call-{n}", "trace_id": f"trace-{n % 10}", "op_name": "op",
                "parent_id": f"call-{n // 10}" if n else None, "started_at": "2026-01-01T00:00:00Z",
                "attributes": {}, "inputs": {"text": "x" * 200},
            }
            for n in range(2000)
        ]  # fmt: skip
        batch = [{"mode": "start", "req": {"start": call}} for call in calls]
        process.post("/call/upsert_batch", {"batch": batch})
        yield process
    finally:
        process.kill()
    text = "".join(printed)
    # uvicorn logs what a client breaks of HTTP and of WebSockets.
    assert not re.search("ERROR tracegraph|Exception in ASGI", text), text[-5000:]


@contextmanager
def others_go_on(server: ServerProcess) -> Iterator[None]:
    with Others(server) as others:
        yield
    assert others.faults == []
    assert others.longest < PATIENCE


def send(server: ServerProcess, request: Request) -> httpx.Response:
    method, query, body, headers = request
    return httpx.request(method, f"{server.url}/graphql?{query}", content=body, headers=headers, timeout=SECONDS)


def check(answer: httpx.Response) -> None:
    """It is an answer of the endpoint, and tells nothing of the server's insides."""
    assert answer.status_code < 500, answer.text[:2000]
    assert not INSIDES.search(answer.text), INSIDES.search(answer.text)
    if answer.headers["content-type"].startswith("text/event-stream"):
        assert answer.text.startswith("event: next\ndata: {")
        assert answer.text.endswith("event: complete\ndata: \n\n")
        return
    assert "json" in answer.headers["content-type"]
    content = answer.json()
    for each in content if isinstance(content, list) else [content]:
        assert each.keys() <= {"data", "errors", "extensions"}
        assert "data" in each or each["errors"]
        assert "INTERNAL_SERVER_ERROR" not in answer.text


@pytest.mark.parametrize("name", [*DOCUMENTS, *ANSWERS, *BODIES])
def test_a_request_is_answered_while_others_go_on(server: ServerProcess, name: str) -> None:
    with others_go_on(server):
        check(send(server, (DOCUMENTS | ANSWERS | BODIES)[name]))


# WebSockets


@contextmanager
def web_socket(server: ServerProcess, protocol: str = "graphql-transport-ws", *, init: bool = True) -> Iterator[Any]:
    address = server.url.replace("http", "ws")
    with connect(
        f"{address}/graphql", subprotocols=[Subprotocol(protocol)], proxy=None, max_size=None, close_timeout=10
    ) as connection:
        if init:
            connection.send('{"type": "connection_init"}')
            assert json.loads(connection.recv(timeout=SECONDS)) == {"type": "connection_ack"}
        yield connection


def closed(connection: ClientConnection) -> int:
    """The code that the server closes with, after whatever it sends before."""
    try:
        while True:
            message = connection.recv(timeout=SECONDS)
            assert not INSIDES.search(str(message))
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd is not None else 1006


def subscribe(connection: ClientConnection, query: str, identifier: str = "1") -> None:
    connection.send(json.dumps({"type": "subscribe", "id": identifier, "payload": {"query": query}}))


def many_operations(connection: ClientConnection) -> None:
    for n in range(1000):
        subscribe(connection, OTHER, str(n))
    left = 1000
    while left:
        message = json.loads(connection.recv(timeout=SECONDS))
        assert message["type"] in ("next", "complete", "error")
        left -= message["type"] != "next"


def many_pings(connection: ClientConnection) -> None:
    for _ in range(5000):
        connection.send('{"type": "ping"}')
    for _ in range(5000):
        assert json.loads(connection.recv(timeout=SECONDS)) == {"type": "pong"}


def same_id(connection: ClientConnection) -> None:
    with suppress(ConnectionClosed):  # the server may do so before all is sent
        for _ in range(50):
            subscribe(connection, of_project("calls(first: 1000) { nodes { id inputs } }"))
    assert closed(connection) == 4409


def left_behind(connection: ClientConnection) -> None:
    for n in range(50):
        subscribe(connection, of_project("calls(first: 1000) { nodes { id inputs attributes } }"), str(n))
    connection.socket.close()  # without a word


def bad_documents(connection: ClientConnection) -> None:
    texts = [json.loads(body)["query"] for _, _, body, _ in DOCUMENTS.values()]
    texts = [text for text in texts if not text.startswith("subscription")]  # which would go on here
    for n, text in enumerate(texts):
        subscribe(connection, text, str(n))
        message = json.loads(connection.recv(timeout=SECONDS))
        while message["type"] == "next":
            message = json.loads(connection.recv(timeout=SECONDS))
        assert (message["id"], message["type"] in ("error", "complete")) == (str(n), True)
        assert not INSIDES.search(json.dumps(message))


def sent(*messages: Any, code: int) -> Callable[[ClientConnection], None]:
    def send_all(connection: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            for message in messages:
                connection.send(message)
        assert closed(connection) == code

    return send_all


CONVERSATIONS: dict[str, Callable[[ClientConnection], None]] = {
    "1,000 operations at once": many_operations,
    "5,000 pings": many_pings,
    "one id 50 times": same_id,
    "leaving without a word": left_behind,
    "every bad document": bad_documents,
    "a message of 20 MB": sent("x" * 20_000_000, code=1009),
    "a message in 3,000 pieces": sent(iter(["x"] * 3000), code=4400),
    "a binary message": sent(b"\x00" * 1000, code=4400),
    "no JSON": sent("{", code=4400),
    "JSON nested 100,000 deep": sent("[" * 100_000, code=4400),
    "a type that is none": sent('{"type": "\x00"}', code=4400),
    "a second init": sent('{"type": "connection_init"}', code=4429),
    "variables that are a list": sent(
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}', code=4400
    ),
    "an id of a megabyte": sent(
        json.dumps({"type": "subscribe", "id": "x" * 1_000_000, "payload": {"query": "{"}}), "null", code=4400
    ),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_web_socket_does_not_disturb_others(server: ServerProcess, name: str) -> None:
    with others_go_on(server), web_socket(server) as connection:
        CONVERSATIONS[name](connection)


def test_web_sockets_that_do_not_begin_as_they_should(server: ServerProcess) -> None:
    with others_go_on(server):
        with web_socket(server, "graphql-ws", init=False) as connection:
            assert closed(connection) == 4406
        with web_socket(server, init=False) as connection:
            subscribe(connection, "{ __typename }")
            assert closed(connection) == 4401
        with web_socket(server, init=False) as connection:
            connection.send('{"type": "ping"}')
            assert json.loads(connection.recv(timeout=SECONDS)) == {"type": "pong"}
        with web_socket(server) as connection:
            connection.socket.sendall(b"\x81\x84\x00\x00\x00\x00\xc3\x28\xc3\x28")  # a text frame that is not UTF-8
            assert closed(connection) in (1006, 1007)


def test_web_sockets_past_the_limit_are_refused_and_come_back(server: ServerProcess) -> None:
    with others_go_on(server):
        with ExitStack() as stack:
            for _ in range(50):
                stack.enter_context(web_socket(server, init=False))
            with pytest.raises(InvalidStatus), web_socket(server):
                pass
        with web_socket(server) as connection:
            subscribe(connection, "{ __typename }")
            assert json.loads(connection.recv(timeout=SECONDS))["payload"]["data"] == {"__typename": "Query"}


# Connections


def connection_to(server: ServerProcess) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS)


HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SENT = {
    "a length that is too long": HEAD + b"Content-Length: 1000\r\n\r\n{}",
    "a length that is too short": HEAD + b'Content-Length: 2\r\n\r\n{"query": "{ __typename }"}',
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n{}",
    "a length that is no number": HEAD + b"Content-Length: many\r\n\r\n{}",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of the wrong size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "headers of a megabyte": HEAD + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "10,000 headers": HEAD + b"X: x\r\n" * 10_000 + b"Content-Length: 2\r\n\r\n{}",
    "a line of a megabyte": b"GET /graphql?query=" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x00\xff" * 100,
    "a handshake without a key": b"GET /graphql HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "requests that follow each other": (HEAD + b"Content-Length: 2\r\n\r\n{}") * 100,
}


@pytest.mark.parametrize("name", SENT)
def test_a_connection_that_breaks_the_rules_of_http(server: ServerProcess, name: str) -> None:
    with others_go_on(server), closing(connection_to(server)) as connection:
        with suppress(ConnectionError):  # the server may have closed it before the end
            connection.sendall(SENT[name])
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(ConnectionError):
            while chunk := connection.recv(1 << 16):
                received += chunk
        assert not INSIDES.search(received.decode(errors="replace"))


def test_slow_bodies_and_readers_hold_nobody_up(server: ServerProcess) -> None:
    with others_go_on(server), ExitStack() as stack:
        slow = [stack.enter_context(closing(connection_to(server))) for _ in range(200)]
        for each in slow:
            each.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        deaf = [stack.enter_context(closing(connection_to(server))) for _ in range(20)]
        _, _, body, _ = posted(of_project("calls(first: 1000) { nodes { id inputs attributes } }"))
        for each in deaf:
            each.sendall(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        for each in slow:
            each.sendall(b'"')
        check(send(server, posted("{ __typename }")))
