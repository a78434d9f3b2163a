"""Feedback on calls and objects: the table, its writes, and what reads can take from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    delete,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from db.changes import Kind
from db.chunks import chunked
from db.json_text import query_form
from db.metadata import JSONColumn, Name, Time, metadata
from db.readers import Reader
from db.rows import RowSet, fetch
from db.upsert import insert

__all__ = [
    "COLUMNS",
    "FEEDBACK_CHANGES",
    "PAYLOADS",
    "STORAGE_SIZE",
    "delete_feedback",
    "feedback",
    "feedback_changes",
    "has_feedback",
    "insert_feedback",
    "purged_feedback",
    "select_feedback_by_id",
    "select_feedback_by_target",
    "select_feedback_page",
    "select_feedback_values",
]

feedback = Table(
    "feedback",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("target_ref", Name, nullable=False),
    Column("feedback_type", Name, nullable=False),
    Column("payload", JSONColumn, nullable=False),
    Column("payload_query", JSONColumn),
    Column("creator", Name),
    Column("annotation_ref", Name),
    Column("runnable_ref", Name),
    Column("call_ref", Name),
    Column("trigger_ref", Name),
    # An annotation queue the feedback was given in; no foreign key, the queue may come later or be gone.
    Column("queue_id", Name),
    # A JSON object of what scorers and agents say beside the payload: scorer_tags, scorer_ratings, span_agent_name...
    Column("details", JSONColumn),
    Column("details_query", JSONColumn),
    Column("wb_user_id", Name),
    Column("created_at", Time, nullable=False),
    Column("change_seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "target_ref", "created_at", "id"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "project_id", "wb_user_id", "created_at", "id"),
    Index(None, "project_id", "change_seq"),
    info={"distribute_by": "project_id"},
)

Index(
    None,
    feedback.c.project_id,
    feedback.c.queue_id,
    feedback.c.created_at,
    feedback.c.id,
    sqlite_where=feedback.c.queue_id.is_not(None),
    postgresql_where=feedback.c.queue_id.is_not(None),
)

purged_feedback = Table(
    "purged_feedback",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("target_ref", Name, nullable=False),
    Column("feedback_type", Name, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("created_seq", BigInteger, nullable=False),
    Column("purged_at", Time, nullable=False),
    Column("purged_seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "purged_seq", "id"),
    Index(None, "project_id", "created_seq", "id"),
    info={"distribute_by": "project_id"},
)
"""That feedback was there and is gone, for who follows the changes. Nothing that was said is kept."""

c = feedback.c

STORAGE_SIZE: ColumnElement[Any] = func.length(c.payload) + func.coalesce(func.length(c.details), 0)
"""Characters of what may be large in feedback."""

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "feedback_id": c.id,
    "target_ref": c.target_ref,
    "feedback_type": c.feedback_type,
    "payload": c.payload,
    "creator": c.creator,
    "annotation_ref": c.annotation_ref,
    "runnable_ref": c.runnable_ref,
    "call_ref": c.call_ref,
    "trigger_ref": c.trigger_ref,
    "queue_id": c.queue_id,
    "details": c.details,
    "wb_user_id": c.wb_user_id,
    "created_at": c.created_at,
    "storage_size_bytes": STORAGE_SIZE,
}
"""What feedback can be asked for, by the names that rows carry. Its keys and its target are always selected."""

PAYLOADS = frozenset({"payload", "details"})
"""Columns that may hold a megabyte."""

reader = Reader("Feedback", COLUMNS, "feedback_id", always=("target_ref",), payloads=PAYLOADS)

select_feedback_by_id = reader.by_id
select_feedback_page = reader.page
labelled = reader.labelled


def insert_feedback(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert feedback whose ids are free. Each row names all columns but those that queries read (``..._query``)."""
    full = [{**row, **{f"{name}_query": row[name] and query_form(row[name]) for name in PAYLOADS}} for row in rows]
    if full:
        connection.execute(insert(connection, feedback), full)


def select_feedback_by_target(
    connection: Connection, project_id: str, refs: Iterable[str], columns: Collection[str]
) -> dict[str, RowSet]:
    """All feedback on what each ref names, oldest first; refs without any are missing."""
    found: dict[str, RowSet] = {}
    for chunk in chunked(refs):
        statement = (
            select(*labelled(columns))
            .where(c.project_id == project_id, c.target_ref.in_(chunk))
            .order_by(c.target_ref, c.created_at, c.id)
        )
        rows = fetch(connection, "Feedback", statement)
        for ref, group in groupby(rows, lambda row: row.target_ref):
            found[ref] = rows.like(group)
    return found


def select_feedback_values(
    connection: Connection,
    values: Sequence[ColumnElement[Any]],
    conditions: Sequence[ColumnElement[bool]],
    after: tuple[int, str],
    limit: int,
) -> Sequence[Any]:
    """Rows of created_at, id and ``values`` of the feedback that fulfils ``conditions``, in the order of the first two.

    At most ``limit`` of them, from the first that comes after the time and id of ``after``.
    """
    time, last_id = bindparam(None, after[0], BigInteger()), bindparam(None, after[1], Name())
    statement = (
        select(c.created_at, c.id, *(value.label(f"value_{index}") for index, value in enumerate(values)))
        .where(*conditions, tuple_(c.created_at, c.id) > tuple_(time, last_id))
        .order_by(c.created_at, c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def select_first_time(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int | None:
    """When the first of the feedback that fulfils ``conditions`` was created; None of none."""
    first: int | None = connection.execute(select(func.min(c.created_at)).where(*conditions)).scalar_one()
    return first


def has_feedback(connection: Connection, project_id: str, condition: ColumnElement[bool]) -> bool:
    """Whether there is any feedback that fulfils ``condition``."""
    return connection.execute(select(c.id).where(c.project_id == project_id, condition).limit(1)).first() is not None


def delete_feedback(
    connection: Connection, project_id: str, condition: ColumnElement[bool], now: int, change_seq: int
) -> int:
    """Delete what ``condition`` selects in one project; returns how many rows are gone.

    It leaves a row of ``purged_feedback`` for each, so it needs the project (``db.projects.lock``).
    """
    where = (c.project_id == project_id, condition)
    kept = (c.project_id, c.id, c.target_ref, c.feedback_type, c.created_at, c.change_seq)
    times = (literal(now, BigInteger()), literal(change_seq, BigInteger()))
    names = [column.name for column in purged_feedback.columns]
    connection.execute(insert(connection, purged_feedback).from_select(names, select(*kept, *times).where(*where)))
    return connection.execute(delete(feedback).where(*where)).rowcount


FEEDBACK_CHANGES = ("created", "deleted")
"""The kinds of change, in the order that those with one number have."""


def feedback_changes(
    project_id: str, kinds: Collection[str], types: Sequence[str] | None, targets: Sequence[str] | None
) -> list[Kind]:
    """Changes of these kinds to feedback of these types on these refs; none named stands for any."""
    size = func.length(c.payload) + func.coalesce(func.length(c.details), 0)
    p = purged_feedback.c
    created, deleted = range(len(FEEDBACK_CHANGES))
    every: tuple[tuple[int, Table, Column[int], Column[int], ColumnElement[int]], ...] = (
        (created, feedback, c.change_seq, c.created_at, size),
        (created, purged_feedback, p.created_seq, p.created_at, literal_column("0")),
        (deleted, purged_feedback, p.purged_seq, p.purged_at, literal_column("0")),
    )
    found = []
    for rank, table, seq, at, bytes_ in every:
        conditions: list[ColumnElement[bool]] = [table.c.project_id == project_id]
        if types:
            conditions.append(table.c.feedback_type.in_(types))
        if targets:
            conditions.append(table.c.target_ref.in_(targets))
        if FEEDBACK_CHANGES[rank] in kinds:
            found.append(Kind(rank, seq, table.c.id, at, bytes_, table.c.target_ref, conditions))
    return found
