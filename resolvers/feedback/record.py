"""Giving, replacing and purging feedback."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection

from db.feedback import (
    delete_feedback,
    feedback,
    has_feedback,
    insert_feedback,
    select_feedback_by_id,
)
from db.feedback_fields import FEEDBACK_FIELDS
from db.json_text import JSONText, parse_json
from db.projects import lock
from db.query.compile import compile_query
from db.query.expression import Expression
from db.rows import Row
from resolvers.context import Context, now
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError, Refusal
from resolvers.feedback.annotations import check_annotation
from resolvers.feedback.validate import NewFeedback, checked_payload
from resolvers.ids import new_id
from resolvers.purges import check_purge
from resolvers.queries import refusing_queries
from resolvers.queues.complete import complete_by_feedback
from resolvers.refs.read import refs_read

__all__ = ["FeedbackCreated", "feedback_create", "feedback_create_batch", "feedback_purge", "feedback_replace"]


class FeedbackCreated(NamedTuple):
    """Feedback as it was taken; ``payload`` is what is stored, with what the server added."""

    id: str
    created_at: int
    wb_user_id: str
    payload: JSONText


async def feedback_create(context: Context, new: NewFeedback) -> FeedbackCreated:
    """Give feedback. Raises a Refusal where it cannot be; otherwise as ``feedback_create_batch``."""
    (created,) = await feedback_create_batch(context, [new])
    return _taken(created)


async def feedback_create_batch(
    context: Context, batch: Sequence[NewFeedback], *, all_or_nothing: bool = False
) -> list[FeedbackCreated | Refusal | None]:
    """Give feedback; returns, in the order of ``batch``, what was taken or why it was not.

    Repeating an id with the same content changes nothing and is answered as the first time, so that a client may try
    again; with another content it is a ConflictError, since feedback changes by ``feedback_replace`` alone. With
    ``all_or_nothing`` nothing is written when any item is refused, and the others are answered with None.
    """
    rows = await _checked(context, batch)
    if all_or_nothing and _any_refused(rows):
        return _refusals_of(rows)

    def write(connection: Connection) -> list[FeedbackCreated | Refusal | None]:
        fresh, results = _compare(connection, rows)
        if all_or_nothing and _any_refused(results):
            return _refusals_of(results)
        insert_feedback(connection, fresh)
        complete_by_feedback(connection, fresh)
        return results

    return await context.database.write(write)


async def feedback_replace(context: Context, feedback_id: str, new: NewFeedback) -> FeedbackCreated:
    """Purge ``feedback_id`` from the project of ``new`` and give ``new``, both or neither.

    An id that is not there is no refusal. ``new`` gets an id of its own unless it names one.
    """
    (row,) = await _checked(context, [new])
    if isinstance(row, Refusal):
        raise row
    at = now()

    def write(connection: Connection) -> FeedbackCreated:
        _purge(connection, new.project, feedback.c.id == feedback_id, at)
        fresh, (result,) = _compare(connection, [row])
        created = _taken(result)  # raised inside, a refusal takes the deletion back
        insert_feedback(connection, fresh)
        complete_by_feedback(connection, fresh)
        return created

    return await context.database.write(write)


async def feedback_purge(context: Context, project: str, expression: Expression) -> int:
    """Delete what ``expression`` selects, for good; returns how many are gone.

    Raises InvalidInputError for a query that no field narrows (``resolvers.purges``) or that names unknown
    fields.
    """
    context.caller.require_write(project)
    check_purge(expression, "id, feedback_type or weave_ref")
    with refusing_queries("query", InvalidInputError):
        condition = compile_query(expression, FEEDBACK_FIELDS)
    at = now()
    return await context.database.write(lambda connection: _purge(connection, project, condition, at))


def _purge(connection: Connection, project: str, condition: ColumnElement[bool], at: int) -> int:
    if not has_feedback(connection, project, condition):
        return 0  # without making a project that was never written to
    return delete_feedback(connection, project, condition, at, lock(connection, project, at))


def _any_refused(results: Sequence[object]) -> bool:
    return any(isinstance(result, Refusal) for result in results)


def _refusals_of(results: Sequence[object]) -> list[FeedbackCreated | Refusal | None]:
    return [result if isinstance(result, Refusal) else None for result in results]


def _taken(result: FeedbackCreated | Refusal | None) -> FeedbackCreated:
    if isinstance(result, Refusal):
        raise result
    assert result is not None  # only a batch that is all or nothing leaves items unanswered
    return result


_Row = dict[str, Any]

_CONTENT = (
    "target_ref",
    "feedback_type",
    "payload",
    "creator",
    "annotation_ref",
    "runnable_ref",
    "call_ref",
    "trigger_ref",
    "queue_id",
    "details",
)


async def _checked(context: Context, batch: Sequence[NewFeedback]) -> list[_Row | Refusal]:
    """The rows to insert, lacking their change number, or what is wrong with an item."""
    at = now()

    def row_of(index: int, new: NewFeedback) -> _Row | Refusal:
        try:
            payload = checked_payload(new, context.caller)
        except Refusal as refusal:
            return refusal
        return {
            # An empty text is as none, as it is to the SDKs.
            **{name: getattr(new, name) or None for name in _CONTENT},
            "payload": payload,
            "project_id": new.project,
            "id": new.id or new_id(),
            "wb_user_id": new.wb_user_id or context.caller.user_id,
            # A microsecond apart, so that a batch reads back in its order.
            "created_at": at + index,
        }

    # Off the event loop: payloads are large, and a batch holds many.
    rows = await asyncio.to_thread(lambda: [row_of(index, new) for index, new in enumerate(batch)])
    annotated = {row["annotation_ref"] for row in rows if isinstance(row, dict)} - {None}
    specs = {ref: await _read_spec(context, ref) for ref in sorted(annotated)}

    def with_annotation_checked(row: _Row | Refusal) -> _Row | Refusal:
        if isinstance(row, Refusal) or row["annotation_ref"] is None:
            return row
        spec = specs[row["annotation_ref"]]
        if isinstance(spec, Refusal):
            return spec
        try:
            check_annotation(row["annotation_ref"], spec, row["payload"])
        except Refusal as refusal:
            return refusal
        return row

    return await asyncio.to_thread(lambda: [with_annotation_checked(row) for row in rows]) if annotated else rows


async def _read_spec(context: Context, annotation_ref: str) -> JSONText | Refusal:
    try:
        (spec,) = await refs_read(context, [annotation_ref])
    except Refusal as refusal:
        return refusal
    if spec is None:
        return NotFoundError(f"annotation_ref {annotation_ref!r} was deleted", ["annotation_ref"])
    return spec


def _compare(
    connection: Connection, rows: Sequence[_Row | Refusal]
) -> tuple[list[_Row], list[FeedbackCreated | Refusal | None]]:
    """What of ``rows`` is to be inserted, beside what is there already, and the answer to each of them."""
    by_project: defaultdict[str, dict[int, _Row]] = defaultdict(dict)
    results: list[FeedbackCreated | Refusal | None] = []
    for index, row in enumerate(rows):
        if isinstance(row, dict):
            by_project[row["project_id"]][index] = row
        results.append(row if isinstance(row, Refusal) else None)
    fresh: list[_Row] = []
    # Always in the same order, so that two batches over the same projects cannot wait for each other.
    for project in sorted(by_project):
        chosen = by_project[project]
        change_seq = lock(connection, project, next(iter(chosen.values()))["created_at"], changes=len(chosen))
        known = _known(connection, project, (row["id"] for row in chosen.values()))
        for offset, (index, row) in enumerate(chosen.items()):
            earlier = known.setdefault(row["id"], row)
            if earlier is row:
                fresh.append({**row, "change_seq": change_seq + offset})
            results[index] = _answer(earlier, row)
    return fresh, results


def _known(connection: Connection, project: str, ids: Iterable[str]) -> dict[str, _Row]:
    columns = {*_CONTENT, "created_at", "wb_user_id"}
    found = select_feedback_by_id(connection, project, ids, columns)
    return {feedback_id: _as_dict(row) for feedback_id, row in found.items()}


def _as_dict(row: Row) -> _Row:
    return {"id": row.feedback_id, **dict(zip(row.columns, row, strict=True))}


def _answer(earlier: _Row, row: _Row) -> FeedbackCreated | Refusal:
    if earlier is not row and not all(_same(earlier[name], row[name]) for name in _CONTENT):
        return ConflictError(f"Feedback {row['id']!r} is there already, with another content", ["id"])
    return FeedbackCreated(earlier["id"], earlier["created_at"], earlier["wb_user_id"], JSONText(earlier["payload"]))


def _same(one: str | None, other: str | None) -> bool:
    """Whether two columns hold the same; JSON may be spelled differently."""
    if one == other:
        return True
    return bool(one and other and one[0] == other[0] == "{" and parse_json(one) == parse_json(other))
