"""Files: bytes by digest, in chunks."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, PrimaryKeyConstraint, Table, select

from db.metadata import Blob, Name, Time, metadata
from db.rows import Row, fetch_by, labelled
from db.upsert import insert

__all__ = [
    "CHUNK_BYTES",
    "COLUMNS",
    "file_chunks",
    "files",
    "insert_file",
    "select_chunk",
    "select_files",
    "select_small_files",
]

CHUNK_BYTES = 1 << 20
"""Bytes a chunk holds, but for the last."""

files = Table(
    "files",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("name", Name),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Time, nullable=False),
    PrimaryKeyConstraint("project_id", "digest"),
    info={"distribute_by": "project_id"},
)

file_chunks = Table(
    "file_chunks",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("chunk", BigInteger, nullable=False),
    Column("content", Blob, nullable=False),
    PrimaryKeyConstraint("project_id", "digest", "chunk"),
    info={"distribute_by": "project_id"},
)

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": files.c.project_id,
    "digest": files.c.digest,
    "name": files.c.name,
    "size_bytes": files.c.size_bytes,
    "created_at": files.c.created_at,
}
"""What a file can be asked for, by the names that rows carry. Project and digest are always selected."""

KEYS = ("project_slug", "digest")


def select_files(
    connection: Connection, project_id: str, digests: Iterable[str], columns: Collection[str]
) -> dict[str, Row]:
    """Files by digest; those that are not there are missing."""
    selected = labelled(COLUMNS, KEYS, columns)
    found = fetch_by(connection, "File", selected, files.c.digest, digests, files.c.project_id == project_id)
    return {row.digest: row for row in found}


def select_small_files(
    connection: Connection, project_id: str, digests: Iterable[str], max_bytes: int
) -> dict[str, bytes]:
    """Contents by digest of those files that have at most ``max_bytes``, themselves no more than a chunk."""
    assert max_bytes <= CHUNK_BYTES, "what is larger lies in several chunks"
    selected = [file_chunks.c.digest, file_chunks.c.content]
    small = select(files.c.digest).where(files.c.project_id == project_id, files.c.size_bytes <= max_bytes)
    found = fetch_by(
        connection,
        "FileChunk",
        selected,
        file_chunks.c.digest,
        digests,
        file_chunks.c.project_id == project_id,
        file_chunks.c.chunk == 0,
        file_chunks.c.digest.in_(small),
    )
    return {row.digest: bytes(row.content) for row in found}


def select_chunk(connection: Connection, project_id: str, digest: str, chunk: int) -> bytes | None:
    """One chunk of a file, None past its end."""
    statement = select(file_chunks.c.content).where(
        file_chunks.c.project_id == project_id, file_chunks.c.digest == digest, file_chunks.c.chunk == chunk
    )
    content = connection.execute(statement).scalar_one_or_none()
    return content if content is None else bytes(content)


def insert_file(connection: Connection, values: Mapping[str, Any], chunks: Iterable[bytes]) -> bool:
    """Write a file, ``values`` holding every column of it; returns False where the project has its content already.

    Chunks are taken one at a time, so that the whole file is never in memory.
    """
    project_id, digest = values["project_id"], values["digest"]
    if select_files(connection, project_id, [digest], ()):
        return False
    for number, content in enumerate(chunks):
        row = {"project_id": project_id, "digest": digest, "chunk": number, "content": content}
        connection.execute(insert(connection, file_chunks), row)
    connection.execute(insert(connection, files), dict(values))
    return True
