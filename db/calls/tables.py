"""The calls table."""

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table, literal_column, text

from db.metadata import JSONColumn, Name, Time, metadata

__all__ = ["JSON_COLUMNS", "NARROW", "UNUSUAL", "calls"]

JSON_COLUMNS = ("attributes", "inputs", "output", "summary")
"""Each stands beside a column ``<name>_query`` (``db.json_text.query_form``)."""

calls = Table(
    "calls",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("trace_id", Name),
    Column("parent_id", Name),
    Column("session_id", Name),
    Column("thread_id", Name),
    Column("turn_id", Name),
    Column("op_name", Name),
    Column("display_name", Name),
    # True once an update named the call: a start or end that comes later does not rename it.
    Column("renamed", Boolean, nullable=False, server_default=text("false")),
    Column("kind", Name),
    # Null until the start has come: the call is kept and not shown.
    Column("started_at", Time),
    Column("ended_at", Time),
    # Microseconds, where the sender said it apart from the times; else null and derived from them.
    Column("duration", BigInteger),
    Column("status", Name, nullable=False),
    Column("exception", Name),
    # What it says (db.calls.exceptions); the message is null where it is all of the exception.
    Column("exception_type", Name),
    Column("exception_message", Name),
    Column("model", Name),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("total_tokens", BigInteger),
    # What it used of each model (db.calls.model_usage); null where it counts no tokens, as all three of them are then.
    Column("usage", JSONColumn),
    Column("wb_user_id", Name),
    Column("wb_run_id", Name),
    Column("wb_run_step", BigInteger),
    Column("wb_run_step_end", BigInteger),
    Column("span_id", Name),
    # The experiment run that it was made in, and what that run was over: ids that clients make, whose rows may be
    # missing. They are what ``attributes.honeyhive.metadata`` names run_id, dataset_id and datapoint_id.
    Column("experiment_id", Name),
    Column("dataset_id", Name),
    Column("datapoint_id", Name),
    # Bytes of attributes and inputs, and of output and summary: the two halves arrive apart.
    Column("start_size", BigInteger, nullable=False, server_default=text("0")),
    Column("end_size", BigInteger, nullable=False, server_default=text("0")),
    Column("created_at", Time, nullable=False),
    Column("change_seq", BigInteger, nullable=False),
    # The change at which readers first saw it, the one at which they saw that it ended, the last one since that is
    # neither, with its time, and the one that deleted it (``db.calls.changes``). All are null while it is not shown.
    Column("started_seq", BigInteger),
    Column("ended_seq", BigInteger),
    Column("updated_seq", BigInteger),
    Column("updated_at", Time),
    Column("deleted_seq", BigInteger),
    Column("deleted_at", Time),
    # Payloads come last: SQLite walks through what lies before a column to reach it.
    Column("attributes", JSONColumn),
    Column("attributes_query", JSONColumn),
    Column("inputs", JSONColumn),
    Column("inputs_query", JSONColumn),
    Column("output", JSONColumn),
    Column("output_query", JSONColumn),
    Column("summary", JSONColumn),
    Column("summary_query", JSONColumn),
    PrimaryKeyConstraint("project_id", "id"),
    # Indexes that lists are read by end with what says that a call is deleted: it is counted without a look at it.
    # Ends write again what lies here: where calls come in this order, pages without room for them would split.
    Index(None, "project_id", "started_at", "id", "deleted_at", postgresql_with={"fillfactor": 75}),
    Index(None, "project_id", "trace_id", "started_at", "id", "deleted_at", info={"dialect": "postgresql"}),
    Index(None, "project_id", "parent_id", "started_at", "id", "deleted_at"),
    Index(None, "project_id", "op_name", "started_at", "id", "deleted_at"),
    info={"distribute_by": "project_id"},
)

NAMED_BY = (
    "session_id",
    "thread_id",
    "turn_id",
    "kind",
    "model",
    "exception_type",
    "wb_user_id",
    "wb_run_id",
    "experiment_id",
    "dataset_id",
    "datapoint_id",
)
"""What calls are found by and many do not have: an index of those that do is small."""

for _column in NAMED_BY:
    Index(
        None,
        calls.c.project_id,
        calls.c[_column],
        calls.c.started_at,
        calls.c.id,
        calls.c.deleted_at,
        sqlite_where=calls.c[_column].is_not(None),
        postgresql_where=calls.c[_column].is_not(None),
    )

UNUSUAL = calls.c.status != literal_column("'success'")
"""How few calls are: they run or have failed. Written out: SQLite uses the index only where a query says the same."""

Index(
    None,
    calls.c.project_id,
    calls.c.status,
    calls.c.started_at,
    calls.c.id,
    calls.c.deleted_at,
    sqlite_where=UNUSUAL,
    postgresql_where=UNUSUAL,
)

Index(
    None,
    calls.c.project_id,
    calls.c.span_id,
    sqlite_where=calls.c.span_id.is_not(None),
    postgresql_where=calls.c.span_id.is_not(None),
)

for _column in ("started_seq", "ended_seq", "updated_seq", "deleted_seq"):
    Index(
        None,
        calls.c.project_id,
        calls.c[_column],
        calls.c.id,
        sqlite_where=calls.c[_column].is_not(None),
        postgresql_where=calls.c[_column].is_not(None),
        postgresql_with={"fillfactor": 75} if _column == "started_seq" else {},
    )


NARROW = (
    "project_id",
    "started_at",
    "id",
    "deleted_at",
    "trace_id",
    "parent_id",
    "session_id",
    "thread_id",
    "turn_id",
    "op_name",
    "display_name",
    "kind",
    "ended_at",
    "duration",
    "status",
    "model",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "wb_user_id",
    "start_size",
    "end_size",
)
"""What lists and statistics read of many calls, in the order of their starts. On SQLite a call of 2 KB has a page to
itself, and an index has the narrow columns of a dozen on each of its own; PostgreSQL keeps payloads apart by itself."""

Index("ix_calls_narrow", *(calls.c[_name] for _name in NARROW), info={"dialect": "sqlite"})

Index(
    "ix_calls_used",
    *(calls.c[_name] for _name in ("project_id", "trace_id", "started_at", "id", "deleted_at", "parent_id", "usage")),
    info={"dialect": "sqlite"},
)
"""By traces, with what it takes to tell apart what their calls used: all calls of a trace are read for that."""
