"""The client of all loads: a blocking socket, requests as bytes made beforehand, answers parsed in C.

What it costs itself is measured with each load (``bench.load``).
"""

import json
import socket
import time
from dataclasses import dataclass
from typing import Any, Self

import httptools

__all__ = ["Answer", "Connection", "get", "post"]

CHUNK = 1 << 18
IDLE = 2  # seconds after which the server may have closed the connection
SECONDS = 600  # until an answer that does not come is given up


@dataclass(slots=True)
class Answer:
    """What came back; times are seconds since the request began to be sent."""

    status: int
    body: bytes
    first_byte: float
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


def post(path: str, body: Any, **headers: str) -> bytes:
    """A request with a body, JSON unless it is bytes; ``content_type`` becomes the header of that name."""
    content = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    lines = {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return _head("POST", path, {**lines, "content-length": str(len(content))}) + content


def get(path: str) -> bytes:
    return _head("GET", path, {})


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *(f"{name}: {text}" for name, text in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Reading:
    """Callbacks of the parser."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.done = False
        self.first_byte = 0.0

    def on_body(self, body: bytes) -> None:
        if not self.parts:
            self.first_byte = time.perf_counter()
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.done = True


class _IdleConnectionClosedError(Exception):
    """The server closed a connection that it had answered on before, and gave nothing to the request."""


class Connection:
    """A connection that is kept open between requests, one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answered = False
        self._used = time.monotonic()

    def _reopen(self) -> None:
        self._socket.close()
        self._open()

    def send(self, request: bytes) -> Answer:
        """Send, and read the whole answer; raises ConnectionError where the server closed before its end.

        A server closes connections that were idle, some seconds by its own clock, which may be while the request is on
        its way to it. That request is sent again, as clients of HTTP do, and its time is that of the second attempt.
        """
        if time.monotonic() - self._used > IDLE:
            self._reopen()
        try:
            return self._exchange(request)
        except _IdleConnectionClosedError:
            self._reopen()
            return self._exchange(request)

    def _exchange(self, request: bytes) -> Answer:
        begin = time.perf_counter()
        reading = _Reading()
        parser = httptools.HttpResponseParser(reading)
        received = 0
        try:
            self._socket.sendall(request)
            while not reading.done and (data := self._socket.recv(CHUNK)):
                received += len(data)
                parser.feed_data(data)
        except ConnectionError:  # reset, or closed before all was sent
            pass
        if not reading.done:
            if self._answered and not received:
                raise _IdleConnectionClosedError
            raise ConnectionError(f"port {self._port} closed the connection after {received} bytes")
        end = time.perf_counter()
        self._answered = True
        self._used = time.monotonic() if parser.should_keep_alive() else float("-inf")
        return Answer(
            parser.get_status_code(), b"".join(reading.parts), (reading.first_byte or end) - begin, end - begin
        )

    def expect(self, request: bytes) -> Answer:
        """``send``; raises RuntimeError with the answer where it is no success."""
        answer = self.send(request)
        if answer.status >= 300:
            raise RuntimeError(f"{request[:80]!r} was answered {answer.status}: {answer.body[:500]!r}")
        return answer

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
