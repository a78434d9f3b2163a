"""A real server in a thread, for tests that need sockets."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
import uvicorn
from starlette.types import ASGIApp
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol


@contextmanager
def serving(app: ASGIApp, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """The address of `app`, such as `127.0.0.1:4711`, while the context is open."""
    with socket.create_server(("127.0.0.1", 0)) as listening:  # connections wait in its queue until the server is up
        config = uvicorn.Config(app, log_config=None, lifespan=lifespan)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Session:
    """One WebSocket of a client, with messages as JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: object) -> None:
        self.connection.send(json.dumps(message))

    def receive(self) -> Any:
        return json.loads(self.connection.recv(timeout=30))

    def closed(self) -> tuple[int, str]:
        """The code and reason that the server closes with."""
        with pytest.raises(ConnectionClosed) as raised:
            self.connection.recv(timeout=30)
        assert raised.value.rcvd is not None
        return raised.value.rcvd.code, raised.value.rcvd.reason


@contextmanager
def websocket(address: str, protocol: str, **headers: str) -> Iterator[Session]:
    with connect(
        f"ws://{address}/graphql",
        subprotocols=[Subprotocol(protocol)],
        additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
        proxy=None,
    ) as connection:
        yield Session(connection)
