"""What stands between us and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url

__all__ = ["Proxy", "proxy"]

_PROTOCOL = 3 << 16
"""The version that a client begins with; what it asks before is whether it may encrypt."""

_NUMBER = b"K\x00\x00\x00\x0c"
"""How the message begins in which the server tells the number of the backend."""


class _Client:
    """What a client sends: counts how often it asks the server to answer, and waits."""

    def __init__(self) -> None:
        self.waits = 0
        self._left = bytearray()
        self._began = False

    def feed(self, data: bytes) -> None:
        self._left += data
        while len(self._left) >= 8 or (self._began and len(self._left) >= 5):
            head = 1 if self._began else 0  # the first messages have no letter
            size = head + int.from_bytes(self._left[head : head + 4], "big")
            if len(self._left) < size:
                return
            if self._began:
                self.waits += bytes(self._left[:1]) in {b"S", b"Q"}  # Sync ends a pipeline, Query is one by itself
            elif int.from_bytes(self._left[4:8], "big") == _PROTOCOL:
                self._began = True
            del self._left[:size]


class Proxy:
    """A port that leads to the server at ``url``; ``cut`` breaks what is connected and takes nobody until ``mend``.

    ``waits`` tells how many round trips there have been.

    Where it is ``pooling`` it tells numbers of backends that are its own, as poolers do.
    """

    def __init__(self, url: str, *, pooling: bool) -> None:
        self._server_url = make_url(url)
        self._pooling = pooling
        self._port = 0
        self._cut = False
        self._listener: asyncio.Server | None = None
        self._served: set[asyncio.Task[None]] = set()
        self._clients: list[_Client] = []

    @property
    def url(self) -> str:
        """The URL of the database through this."""
        through = self._server_url.set(host="127.0.0.1", port=self._port, query={})
        return through.render_as_string(hide_password=False)

    @property
    def waits(self) -> int:
        """How often clients have waited for an answer of the server."""
        return sum(client.waits for client in self._clients)

    async def open(self) -> None:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        await self.cut()
        if self._listener is not None:
            self._listener.close()

    def mend(self) -> None:
        self._cut = False

    async def cut(self) -> None:
        self._cut = True  # who comes is sent away: a listener that is closed may lose who is coming in
        for task in self._served:
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._served.add(task)
        task.add_done_callback(self._served.discard)
        task.add_done_callback(lambda _task: writer.close())  # where it was ended before it began, too

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket, port = self._server_url.query.get("host"), self._server_url.port or 5432
        if isinstance(socket, str):
            server_reader, server_writer = await asyncio.open_unix_connection(f"{socket}/.s.PGSQL.{port}")
        else:
            server_reader, server_writer = await asyncio.open_connection(self._server_url.host, port)
        client = _Client()
        self._clients.append(client)
        ways = [
            asyncio.create_task(_pump(reader, server_writer, client=client)),
            asyncio.create_task(_pump(server_reader, writer, renumber=self._pooling)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, server_writer):
                end.close()
            await asyncio.gather(*ways, writer.wait_closed(), server_writer.wait_closed(), return_exceptions=True)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, client: _Client | None = None, renumber: bool = False
) -> None:
    while data := await reader.read(1 << 16):
        if client is not None:
            client.feed(data)
        place = data.find(_NUMBER) if renumber else -1
        if place >= 0:
            data, renumber = data[: place + 5] + b"\x00\x00\x00\x07" + data[place + 9 :], False
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def proxy(url: str, *, pooling: bool = False) -> AsyncIterator[Proxy]:
    """A proxy that is open."""
    found = Proxy(url, pooling=pooling)
    await found.open()
    yield found
    await found.close()
