import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from bench.http import Connection, get

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@contextmanager
def serving(connections: Sequence[Sequence[bytes]]) -> Iterator[int]:
    """A server that gives each connection its answers, one a request, and closes it; empty closes without an answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answers in connections:
                connection, _ = listener.accept()
                with connection:
                    for answer in answers:
                        connection.recv(1 << 16)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_request_on_a_connection_that_was_closed_as_idle_is_sent_again() -> None:
    with serving([[ANSWER, b""], [ANSWER]]) as port, Connection(port) as connection:
        assert connection.expect(get("/")).body == b"ok"
        assert connection.expect(get("/")).body == b"ok"


def test_a_connection_that_is_to_be_closed_is_not_used_again() -> None:
    last = ANSWER.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    with serving([[last], [ANSWER]]) as port, Connection(port) as connection:
        assert connection.expect(get("/")).body == b"ok"
        assert connection.expect(get("/")).body == b"ok"


@pytest.mark.parametrize(("answers", "received"), [([b""], 0), ([ANSWER[:-1]], len(ANSWER) - 1)])
def test_an_answer_that_ends_early_is_an_error(answers: list[bytes], received: int) -> None:
    with serving([answers]) as port, Connection(port) as connection:
        with pytest.raises(ConnectionError) as raised:
            connection.send(get("/"))
        assert str(raised.value) == f"port {port} closed the connection after {received} bytes"


def test_a_refusal_is_an_error() -> None:
    with serving([[ANSWER.replace(b"200 OK", b"400 Bad")]]) as port, Connection(port) as connection:
        with pytest.raises(RuntimeError) as raised:
            connection.expect(get("/some"))
        assert "was answered 400: b'ok'" in str(raised.value)
