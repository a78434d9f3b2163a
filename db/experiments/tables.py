"""The tables of experiments: a row a run, and what the run names."""

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table, text

from db.metadata import JSONColumn, Name, Time, metadata

__all__ = ["JSON_COLUMNS", "QUERIED", "experiment_members", "experiments"]

QUERIED = ("metadata", "results", "configuration")
"""Each stands beside a column ``<name>_query`` (``db.json_text.query_form``)."""

JSON_COLUMNS = (*QUERIED, "evaluators", "passing_ranges")

experiments = Table(
    "experiments",
    metadata,
    Column("project_id", Name, nullable=False),
    # Of a Weave evaluation: the id of its call.
    Column("id", Name, nullable=False),
    # "honeyhive" or "weave": who recorded it.
    Column("origin", Name, nullable=False),
    Column("name", Name),
    Column("description", Name),
    # pending, running, completed, failed, cancelled
    Column("status", Name, nullable=False),
    # The id of a dataset, or one that a client made up (EXT-...), whose dataset is not here.
    Column("dataset_id", Name),
    # What a client says in its metadata in place of a dataset's id.
    Column("offline_dataset_id", Name),
    # Refs of object versions, of a Weave evaluation.
    Column("dataset_ref", Name),
    Column("model_ref", Name),
    Column("evaluation_ref", Name),
    # Of a Weave evaluation: its trace, and whether its call has calls above it there.
    Column("trace_id", Name),
    Column("nested", Boolean, nullable=False, server_default=text("false")),
    Column("created_by", Name),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time),
    Column("ended_at", Time),
    # JSON objects, but for evaluators, a list.
    Column("metadata", JSONColumn, nullable=False),
    Column("metadata_query", JSONColumn),
    Column("configuration", JSONColumn, nullable=False),
    Column("configuration_query", JSONColumn),
    Column("evaluators", JSONColumn, nullable=False),
    Column("passing_ranges", JSONColumn, nullable=False),
    Column("results", JSONColumn, nullable=False),
    Column("results_query", JSONColumn),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "created_at", "id"),
    info={"distribute_by": "project_id"},
)

# Few of a project's runs share one of these, and many have none.
for _column in ("dataset_id", "offline_dataset_id", "dataset_ref", "model_ref", "evaluation_ref", "trace_id"):
    Index(
        None,
        experiments.c.project_id,
        experiments.c[_column],
        experiments.c.created_at,
        experiments.c.id,
        sqlite_where=experiments.c[_column].is_not(None),
        postgresql_where=experiments.c[_column].is_not(None),
    )

experiment_members = Table(
    "experiment_members",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("experiment_id", Name, nullable=False),
    # "event", "session" or "datapoint": which of a run's lists names it.
    Column("role", Name, nullable=False),
    Column("member_id", Name, nullable=False),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("project_id", "experiment_id", "role", "member_id"),
    Index(None, "project_id", "member_id", "role", "experiment_id"),
    info={"distribute_by": "project_id"},
)
