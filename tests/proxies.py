"""What stands between us and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url

__all__ = ["Proxy", "proxy"]

_NUMBER = b"K\x00\x00\x00\x0c"
"""How the message begins in which the server tells the number of the backend."""


class Proxy:
    """A port that leads to the server at ``url``; ``cut`` breaks what is connected and takes nobody until ``mend``.

    Where it is ``pooling`` it tells numbers of backends that are its own, as poolers do.
    """

    def __init__(self, url: str, *, pooling: bool) -> None:
        self._server_url = make_url(url)
        self._pooling = pooling
        self._port = 0
        self._listener: asyncio.Server | None = None
        self._served: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The URL of the database through this."""
        through = self._server_url.set(host="127.0.0.1", port=self._port, query={})
        return through.render_as_string(hide_password=False)

    async def mend(self) -> None:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for task in self._served:
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket, port = self._server_url.query.get("host"), self._server_url.port or 5432
        if isinstance(socket, str):
            server_reader, server_writer = await asyncio.open_unix_connection(f"{socket}/.s.PGSQL.{port}")
        else:
            server_reader, server_writer = await asyncio.open_connection(self._server_url.host, port)
        ways = [
            asyncio.create_task(_pump(reader, server_writer)),
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


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, renumber: bool = False) -> None:
    while data := await reader.read(1 << 16):
        place = data.find(_NUMBER) if renumber else -1
        if place >= 0:
            data, renumber = data[: place + 5] + b"\x00\x00\x00\x07" + data[place + 9 :], False
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def proxy(url: str, *, pooling: bool = False) -> AsyncIterator[Proxy]:
    """A proxy that is open."""
    found = Proxy(url, pooling=pooling)
    await found.mend()
    yield found
    await found.cut()
