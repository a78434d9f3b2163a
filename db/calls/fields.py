"""What queries and sorts of calls can name (docs/query-language.md)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from sqlalchemy import ColumnElement, bindparam, func

from db.calls.event_fields import event_hook
from db.calls.feedback_fields import feedback_hook
from db.calls.reads import exception_message, latency_ms
from db.calls.ref_fields import refs_hook
from db.calls.tables import JSON_COLUMNS, calls
from db.metadata import Name
from db.path_indexes.known import indexed
from db.query.derived import op_short_name, trace_name
from db.query.fields import Field, Fields, FieldType
from db.query.path_keys import PathKeys, keys_of

__all__ = ["COLUMN_FIELDS", "EXPANDABLE", "call_fields"]

c = calls.c

STATUSES = ("SUCCESS", "ERROR", "RUNNING", "DESCENDANT_ERROR")
KINDS = (
    "LLM",
    "TOOL",
    "AGENT",
    "CHAIN",
    "RETRIEVER",
    "EMBEDDING",
    "GUARDRAIL",
    "SCORER",
    "EVALUATION",
    "SESSION",
    "OTHER",
)
"""The values of the enums of the graph (resolvers.calls)."""

JSON_FIELDS = tuple(Field(name, FieldType.JSON, func.coalesce(c[f"{name}_query"], c[name])) for name in JSON_COLUMNS)

FIELDS = (
    Field("id", FieldType.TEXT, c.id, nullable=False),
    Field("project_id", FieldType.TEXT, c.project_id, nullable=False),
    Field("trace_id", FieldType.TEXT, c.trace_id, nullable=False),
    Field("parent_id", FieldType.TEXT, c.parent_id),
    Field("session_id", FieldType.TEXT, c.session_id),
    Field("thread_id", FieldType.TEXT, c.thread_id),
    Field("turn_id", FieldType.TEXT, c.turn_id),
    Field("op_name", FieldType.TEXT, c.op_name, nullable=False),
    Field("op_short_name", FieldType.TEXT, op_short_name(c.op_name), nullable=False),
    Field("display_name", FieldType.TEXT, c.display_name),
    Field("kind", FieldType.TEXT, c.kind, values=KINDS),
    Field("model", FieldType.TEXT, c.model),
    Field("started_at", FieldType.TIME, c.started_at, nullable=False),
    Field("ended_at", FieldType.TIME, c.ended_at),
    Field("deleted_at", FieldType.TIME, c.deleted_at),
    Field("exception", FieldType.TEXT, c.exception),
    Field("exception_type", FieldType.TEXT, c.exception_type),
    Field("exception_message", FieldType.TEXT, exception_message),
    Field("dataset_id", FieldType.TEXT, c.dataset_id),
    Field("datapoint_id", FieldType.TEXT, c.datapoint_id),
    Field("wb_user_id", FieldType.TEXT, c.wb_user_id),
    Field("wb_run_id", FieldType.TEXT, c.wb_run_id),
    Field("wb_run_step", FieldType.INTEGER, c.wb_run_step),
    Field("wb_run_step_end", FieldType.INTEGER, c.wb_run_step_end),
    Field("input_tokens", FieldType.INTEGER, c.input_tokens),
    Field("output_tokens", FieldType.INTEGER, c.output_tokens),
    Field("total_tokens", FieldType.INTEGER, c.total_tokens),
    Field("storage_size_bytes", FieldType.INTEGER, c.start_size + c.end_size, nullable=False),
    Field("created_at", FieldType.TIME, c.created_at, nullable=False),
    # As the graph spells it; ``summary.weave.status`` has it as REST does.
    Field("status", FieldType.TEXT, func.upper(c.status), nullable=False, values=STATUSES),
    *JSON_FIELDS,
    # Starts and ends set the status, so it is a column here (resolvers.calls.events.status_of).
    Field("summary.weave.status", FieldType.TEXT, c.status, nullable=False, values=tuple(map(str.lower, STATUSES))),
    Field("summary.weave.latency_ms", FieldType.FLOAT, latency_ms),
    Field("summary.weave.trace_name", FieldType.TEXT, trace_name(c.display_name, c.op_name)),
)
"""The fields that stand in columns of the call."""

ALIASES = {
    "call_id": "id",
    "project_slug": "project_id",
    "latency_ms": "summary.weave.latency_ms",
    "name": "summary.weave.trace_name",
    "op": "op_short_name",
    "user": "wb_user_id",
    "usage.model": "model",
    "usage.input_tokens": "input_tokens",
    "usage.output_tokens": "output_tokens",
    "usage.total_tokens": "total_tokens",
}
"""What the graph calls fields that have another name here."""

UNLISTED = ("id", "project_id", "summary.weave.status", "summary.weave.latency_ms", "summary.weave.trace_name")
"""What REST calls these fields."""

COLUMN_FIELDS = Fields([field for field in FIELDS if field not in JSON_FIELDS], aliases=ALIASES, unlisted=UNLISTED)
"""The fields that are the same for every project, whatever is indexed there."""

EXPANDABLE = ("attributes", "inputs", "output")
"""Where refs are followed."""


def call_fields(project_id: str, expand: Sequence[str] = (), more: Sequence[Field] = ()) -> Fields:
    """The fields of calls of one project, and ``more``. Paths below one of ``expand`` go on inside what the ref there
    points to."""
    return _fields(project_id, expand, more) if expand or more else _plain_fields(project_id)


@lru_cache(maxsize=256)
def _plain_fields(project_id: str) -> Fields:
    return _fields(project_id, (), ())


def _fields(project_id: str, expand: Sequence[str], more: Sequence[Field]) -> Fields:
    listed = [replace(field, index=_index_of(field, project_id)) if field in JSON_FIELDS else field for field in FIELDS]
    payloads = {field.name: field.sql for field in JSON_FIELDS if field.name in EXPANDABLE}
    hooks = [feedback_hook(project_id), event_hook]
    if expand:
        hooks.append(refs_hook(project_id, payloads, expand))
    return Fields([*listed, *more], hooks=hooks, aliases=ALIASES, unlisted=UNLISTED)


def _index_of(field: Field, project_id: str) -> Callable[[tuple[str, ...]], PathKeys | None]:
    def index(parts: tuple[str, ...]) -> PathKeys | None:
        project = indexed(project_id, field.name, parts)
        return None if project is None else keys_of(field.sql, parts, _written(project_id))

    return index


def _written(project_id: str) -> ColumnElement[bool]:
    # SQLite takes an index of one project's calls only where the project stands in the statement.
    return c.project_id == bindparam(None, project_id, Name(), literal_execute=True)
