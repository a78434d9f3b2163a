"""Updating tables: a new table from an old one, sharing all chunks that did not change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection

from db.chunks import chunked
from db.json_text import JSONText
from db.tables import CHUNK_ROWS
from db.tables.reads import select_chunks, select_parts, select_row_sizes, select_tables
from db.tables.writes import NewRows, new_rows
from db.text import utf8_size
from resolvers.context import Context
from resolvers.digests import json_digest, table_digest
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.tables.create import check_row, write_table

__all__ = ["Append", "Insert", "Pop", "TableUpdate", "TableUpdated", "table_update"]


@dataclass(frozen=True, slots=True)
class Append:
    """Put a row at the end."""

    row: JSONText


@dataclass(frozen=True, slots=True)
class Pop:
    """Take a row away."""

    index: int


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a row before the one that is at ``index`` now; the number of rows puts it at the end."""

    index: int
    row: JSONText


TableUpdate = Append | Pop | Insert


class TableUpdated(NamedTuple):
    """The new table, and the digest of the row that each update put in or took away."""

    digest: str
    updated_row_digests: list[str]


class _Edited:
    """The row digests of a table while they change, chunk by chunk; a changed chunk has no known digest."""

    def __init__(self, chunks: list[list[str]], known: list[str]) -> None:
        self.chunks = chunks
        self.known: list[str | None] = [*known]
        self.length = sum(map(len, chunks))

    def append(self, digest: str) -> None:
        if not self.chunks or len(self.chunks[-1]) >= CHUNK_ROWS:
            self.chunks.append([])
            self.known.append(None)
        self.chunks[-1].append(digest)
        self._changed(len(self.chunks) - 1, 1)

    def pop(self, index: int) -> str:
        number, offset = self._locate(index)
        self._changed(number, -1)
        return self.chunks[number].pop(offset)

    def insert(self, index: int, digest: str) -> None:
        if index == self.length:
            self.append(digest)
            return
        number, offset = self._locate(index)
        self.chunks[number].insert(offset, digest)
        self._changed(number, 1)

    def _changed(self, number: int, rows: int) -> None:
        self.known[number] = None
        self.length += rows

    def _locate(self, index: int) -> tuple[int, int]:
        for number, chunk in enumerate(self.chunks):
            if index < len(chunk):
                return number, index
            index -= len(chunk)
        raise IndexError(index)

    def cut(self) -> Iterator[tuple[Sequence[str], str | None]]:
        """Chunks that are neither empty nor too long, with their digests where known."""
        for chunk, known in zip(self.chunks, self.known, strict=True):
            # Halves, not a full chunk and a crumb: the next insert would cut off the next crumb.
            pieces = -(-len(chunk) // CHUNK_ROWS)
            for piece in chunked(chunk, -(-len(chunk) // max(pieces, 1)) or 1):
                yield piece, known


class _Plan(NamedTuple):
    digest: str
    updated: list[str]
    chunks: list[Sequence[str]]
    known: list[str | None]
    size: int
    rows: NewRows


async def table_update(
    context: Context, project: str, base_digest: str, updates: Sequence[TableUpdate]
) -> TableUpdated:
    """Make the table that ``updates``, in their order, turn the base into; the base stays as it is.

    Raises NotFoundError for an unknown base, InvalidInputError naming an index that is out of range at its turn, or a
    row that is no object.
    """
    context.caller.require_write(project)
    # Tables never change, so all of the work but the writing is done outside the write transaction.
    plan = await context.read(lambda connection: _plan(connection, project, base_digest, updates))
    await write_table(context, project, plan.digest, plan.chunks, plan.size, plan.rows, known_chunks=plan.known)
    return TableUpdated(plan.digest, plan.updated)


def _plan(connection: Connection, project: str, base_digest: str, updates: Sequence[TableUpdate]) -> _Plan:
    base = select_tables(connection, project, [base_digest], {"size_bytes"}).get(base_digest)
    if base is None:
        raise NotFoundError(f"Table {base_digest!r} not found in project {project!r}", ["baseDigest"])
    parts = select_parts(connection, project, base_digest)
    known = [part.chunk_digest for part in parts]
    chunks = select_chunks(connection, project, known)
    # A table may hold a chunk twice; each place is edited on its own.
    edited = _Edited([[*chunks[digest]] for digest in known], known)
    new: dict[str, JSONText] = {}
    added: list[str] = []
    popped: list[str] = []
    updated: list[str] = []
    for number, change in enumerate(updates):
        if isinstance(change, Pop):
            if not 0 <= change.index < edited.length:
                message = f"Index out of range: cannot pop row {change.index} of {edited.length}"
                raise InvalidInputError(message, ["updates", number, "pop", "index"])
            updated.append(edited.pop(change.index))
            popped.append(updated[-1])
            continue
        action = "insert" if isinstance(change, Insert) else "append"
        check_row(change.row, ["updates", number, action, "row"])
        digest = json_digest(change.row)
        index = change.index if isinstance(change, Insert) else edited.length
        if not 0 <= index <= edited.length:
            message = f"Index out of range: cannot insert at {index} into {edited.length} rows"
            raise InvalidInputError(message, ["updates", number, action, "index"])
        edited.insert(index, digest)
        new[digest] = change.row
        added.append(digest)
        updated.append(digest)
    sizes = {digest: utf8_size(row) for digest, row in new.items()}
    sizes |= select_row_sizes(connection, project, {digest for digest in popped if digest not in sizes})
    size = base.size_bytes + sum(sizes[digest] for digest in added) - sum(sizes[digest] for digest in popped)
    pieces = list(edited.cut())
    return _Plan(
        digest=table_digest(chain.from_iterable(edited.chunks)),
        updated=updated,
        chunks=[piece for piece, _ in pieces],
        known=[known for _, known in pieces],
        size=size,
        rows=new_rows(list(new), list(new.values())),
    )
