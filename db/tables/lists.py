"""Lists of the rows of many tables, read together: their places, by filter and order, and rows at positions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, FromClause, Select, and_, case, func, literal, select

from db.chunks import chunked
from db.pages import PageRequest
from db.tables.reads import Part, placed_rows, select_chunks
from db.tables.tables import table_parts, table_rows, tables
from db.text import encode_text

__all__ = ["Chosen", "Place", "Span", "count_places", "select_places", "select_row_places"]


class Place(NamedTuple):
    """A row of a table: its position there, from 0, and its digest."""

    original_index: int
    digest: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows, in which order: conditions and sort keys over ``ROW_FIELDS``, and digests. Nothing: all rows."""

    conditions: Sequence[ColumnElement[bool]] = ()
    order_by: Sequence[ColumnElement[Any]] = ()
    row_digests: Collection[str] | None = None

    @property
    def reads_values(self) -> bool:
        """Whether the rows themselves are looked into."""
        return bool(self.conditions or self.order_by)

    @property
    def is_everything(self) -> bool:
        """Whether all rows come in the table's own order."""
        return not self.reads_values and self.row_digests is None


@dataclass(frozen=True, slots=True)
class Span:
    """The places of a page: from ``start`` (of the list, from 0) on, where the list has ``total`` rows."""

    places: Sequence[Place]
    start: int
    total: int


def _span_of(request: PageRequest, after: int, before: int, total: int) -> tuple[int, int]:
    """Where a page begins and ends in a list: after the place ``after`` (-1 for none), before ``before``."""
    start, end = after + 1 + request.offset, min(before, total)
    if request.backwards:
        return max(start, end - request.size), end
    return start, min(end, start + request.size)


def select_places(
    connection: Connection,
    project_id: str,
    digests: Iterable[str],
    chosen: Chosen,
    request: PageRequest,
    *,
    after: int,
    before: int,
) -> dict[str, Span]:
    """The page of each table's rows, between the places ``after`` and ``before`` of the list; tables without rows are
    missing. A few statements a chunk."""
    found: dict[str, Span] = {}
    for chunk in chunked(dict.fromkeys(digests)):
        if chosen.is_everything:
            found |= _own_order(connection, project_id, chunk, request, after, before)
        else:
            found |= _ranked(connection, project_id, chunk, chosen, request, after, before)
    return found


def _own_order(
    connection: Connection, project_id: str, digests: Sequence[str], request: PageRequest, after: int, before: int
) -> dict[str, Span]:
    """Only the chunks that hold the page are read."""
    counts = select(tables.c.digest, tables.c.row_count).where(
        tables.c.project_id == project_id, tables.c.digest.in_(digests)
    )
    ends = {digest: (*_span_of(request, after, before, total), total) for digest, total in connection.execute(counts)}
    parts: defaultdict[str, list[Part]] = defaultdict(list)
    c = table_parts.c
    statement = (
        select(c.table_digest, c.first_row, c.row_count, c.chunk_digest)
        .where(c.project_id == project_id, c.table_digest.in_(digests))
        .order_by(c.first_row)
    )
    for part in map(Part._make, connection.execute(statement)):
        start, end, _ = ends.get(part.table_digest, (0, 0, 0))
        if part.first_row < end and part.first_row + part.row_count > start:
            parts[part.table_digest].append(part)
    chunks = select_chunks(connection, project_id, (part.chunk_digest for held in parts.values() for part in held))
    return {
        digest: Span(
            [
                Place(part.first_row + offset, row)
                for part in parts[digest]
                for offset, row in enumerate(chunks[part.chunk_digest])
                if start <= part.first_row + offset < end
            ],
            start,
            total,
        )
        for digest, (start, end, total) in ends.items()
    }


def _matching(
    project_id: str, digests: Sequence[str], chosen: Chosen, connection: Connection
) -> tuple[Any, Select[Any]]:
    placed = placed_rows(connection, project_id, digests)
    source: FromClause = placed
    if chosen.reads_values:
        row = and_(table_rows.c.project_id == project_id, table_rows.c.digest == placed.c.digest)
        # Outwards though each has its row: SQLite would look for each row of the project among the places.
        source = placed.outerjoin(table_rows, row)
    statement = select().select_from(source).where(*chosen.conditions)
    if chosen.row_digests is not None:
        statement = statement.where(placed.c.digest.in_([encode_text(digest) for digest in chosen.row_digests]))
    return placed, statement


def _ranked(
    connection: Connection,
    project_id: str,
    digests: Sequence[str],
    chosen: Chosen,
    request: PageRequest,
    after: int,
    before: int,
) -> dict[str, Span]:
    placed, statement = _matching(project_id, digests, chosen, connection)
    table = placed.c.table_digest
    ranked = statement.add_columns(
        table,
        placed.c.original_index,
        placed.c.digest,
        (func.row_number().over(partition_by=table, order_by=[*chosen.order_by, placed.c.original_index]) - 1).label(
            "place"
        ),
        func.count().over(partition_by=table).label("total"),
    ).subquery()
    c = ranked.c
    start: ColumnElement[Any] = literal(after + 1 + request.offset, BigInteger())
    limit = literal(before, BigInteger())
    end = case((c.total < limit, c.total), else_=limit)
    if request.backwards:
        start = case((end - request.size > start, end - request.size), else_=start)
    page = (
        select(c.table_digest, c.original_index, c.digest, c.place, c.total)
        .where(c.place >= start, c.place < end, c.place < start + request.size)
        .order_by(c.table_digest, c.place)
    )
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(page):
        rows[row.table_digest].append(row)
    return {
        digest: Span([Place(row.original_index, row.digest) for row in held], held[0].place, held[0].total)
        for digest, held in rows.items()
    }


def count_places(connection: Connection, project_id: str, digests: Iterable[str], chosen: Chosen) -> dict[str, int]:
    """How many rows each table has of those that are chosen; tables without any are missing."""
    found: dict[str, int] = {}
    for chunk in chunked(dict.fromkeys(digests)):
        if chosen.is_everything:
            statement = select(tables.c.digest, tables.c.row_count).where(
                tables.c.project_id == project_id, tables.c.digest.in_(chunk)
            )
        else:
            placed, matching = _matching(project_id, chunk, chosen, connection)
            table = placed.c.table_digest
            statement = matching.add_columns(table, func.count()).group_by(table)
        found.update((digest, count) for digest, count in connection.execute(statement))
    return found


def select_row_places(
    connection: Connection, project_id: str, keys: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], int]:
    """The first position of each (table digest, row digest); a row that the table does not hold is missing."""
    found: dict[tuple[str, str], int] = {}
    for chunk in chunked(dict.fromkeys(keys)):
        placed = placed_rows(connection, project_id, list({table for table, _ in chunk}))
        statement = (
            select(placed.c.table_digest, placed.c.digest, func.min(placed.c.original_index))
            .where(placed.c.digest.in_({encode_text(row) for _, row in chunk}))
            .group_by(placed.c.table_digest, placed.c.digest)
        )
        found.update(((table, row), index) for table, row, index in connection.execute(statement))
    return found
