"""Files: bytes by their digest."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from db.files import CHUNK_BYTES, insert_file, select_chunk, select_files
from db.projects import lock
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context, now
from resolvers.digests import bytes_digest, check_expected
from resolvers.errors import NotFoundError

__all__ = ["FileContent", "file_chunks_of", "file_create", "files_by_digest"]


class FileContent(Protocol):
    """An open binary file: an upload spooled to disk, or ``io.BytesIO``."""

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...


def _chunks(content: FileContent) -> Iterator[bytes]:
    content.seek(0)
    while chunk := content.read(CHUNK_BYTES):
        yield chunk


def _measure(content: FileContent) -> tuple[str, int]:
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in _chunks(content):
            size += len(chunk)
            yield chunk

    return bytes_digest(counted()), size


async def file_create(
    context: Context, project: str, name: str | None, content: FileContent | bytes, expected_digest: str | None = None
) -> str:
    """Keep a file; returns its digest. Content the project has already is not written again and keeps its name.

    ``content`` must stay open until this returns; it is read twice, in chunks. Raises ConflictError where
    ``expected_digest`` is another than the content has.
    """
    context.caller.require_write(project)
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    digest, size = await asyncio.to_thread(_measure, source)
    check_expected(expected_digest, digest, f"file {name!r}")
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        row = {"project_id": project, "digest": digest, "name": name, "size_bytes": size, "created_at": at}
        insert_file(connection, row, _chunks(source))

    # One that is there needs no turn at writing.
    if not await context.read(lambda connection: select_files(connection, project, [digest], ())):
        await context.database.write(write)
    return digest


async def files_by_digest(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Files by (project, digest), in the order of ``keys``; None for what is not there or may not be read."""
    return await read_by_key(context, keys, partial(select_files, columns=columns))


async def file_chunks_of(context: Context, project: str, digest: str) -> AsyncIterator[bytes]:
    """The content of a file, piece by piece, each read on its own. Raises NotFoundError before the first piece."""
    context.caller.require_read(project)
    known = await context.read(
        lambda connection: select_files(connection, project, [digest], {"size_bytes"}).get(digest)
    )
    if known is None:
        raise NotFoundError(f"File {digest!r} not found in project {project!r}", ["digest"])
    for number in range(-(-known.size_bytes // CHUNK_BYTES)):
        content = await context.read(partial(select_chunk, project_id=project, digest=digest, chunk=number))
        assert content is not None, f"chunk {number} of file {digest} is missing"
        yield content
