"""Token prices that a project has set: the table, its writes, and what reads can take from it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Double,
    Index,
    PrimaryKeyConstraint,
    Table,
    delete,
    select,
)

from db.chunks import chunked
from db.metadata import Name, Time, metadata
from db.query.fields import Field, Fields, FieldType
from db.readers import Reader
from db.rows import RowSet, fetch
from db.upsert import insert

__all__ = [
    "COLUMNS",
    "PRICE_FIELDS",
    "delete_prices",
    "insert_prices",
    "prices",
    "select_prices_by_id",
    "select_prices_by_model",
    "select_prices_page",
]

prices = Table(
    "prices",
    metadata,
    Column("project_id", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("llm_id", Name, nullable=False),
    Column("provider_id", Name, nullable=False),
    # For one token. A cache cost of 0 means that there is none.
    Column("prompt_token_cost", Double, nullable=False),
    Column("completion_token_cost", Double, nullable=False),
    Column("cache_read_input_token_cost", Double, nullable=False),
    Column("cache_creation_input_token_cost", Double, nullable=False),
    Column("prompt_token_cost_unit", Name, nullable=False),
    Column("completion_token_cost_unit", Name, nullable=False),
    Column("effective_date", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("created_by", Name, nullable=False),
    PrimaryKeyConstraint("project_id", "id"),
    Index(None, "project_id", "llm_id", "effective_date"),
    Index(None, "project_id", "created_at", "id"),
    info={"distribute_by": "project_id"},
)

c = prices.c

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "price_id": c.id,
    "model": c.llm_id,
    "provider": c.provider_id,
    "input_token_cost": c.prompt_token_cost,
    "output_token_cost": c.completion_token_cost,
    "cache_read_token_cost": c.cache_read_input_token_cost,
    "cache_write_token_cost": c.cache_creation_input_token_cost,
    "input_unit": c.prompt_token_cost_unit,
    "output_unit": c.completion_token_cost_unit,
    "effective_at": c.effective_date,
    "created_at": c.created_at,
    "created_by": c.created_by,
}
"""What a price can be asked for, by the names that rows carry. Its keys are always selected."""

PRICE_FIELDS = Fields(
    [
        Field("id", FieldType.TEXT, c.id, nullable=False),
        Field("project_id", FieldType.TEXT, c.project_id, nullable=False),
        Field("llm_id", FieldType.TEXT, c.llm_id, nullable=False),
        Field("provider_id", FieldType.TEXT, c.provider_id, nullable=False),
        Field("prompt_token_cost", FieldType.FLOAT, c.prompt_token_cost, nullable=False),
        Field("completion_token_cost", FieldType.FLOAT, c.completion_token_cost, nullable=False),
        Field("cache_read_input_token_cost", FieldType.FLOAT, c.cache_read_input_token_cost, nullable=False),
        Field("cache_creation_input_token_cost", FieldType.FLOAT, c.cache_creation_input_token_cost, nullable=False),
        Field("prompt_token_cost_unit", FieldType.TEXT, c.prompt_token_cost_unit, nullable=False),
        Field("completion_token_cost_unit", FieldType.TEXT, c.completion_token_cost_unit, nullable=False),
        Field("effective_date", FieldType.TIME, c.effective_date, nullable=False),
        Field("created_at", FieldType.TIME, c.created_at, nullable=False),
        Field("created_by", FieldType.TEXT, c.created_by, nullable=False),
    ],
    aliases={
        "project_slug": "project_id",
        "price_id": "id",
        "model": "llm_id",
        "provider": "provider_id",
        "input_token_cost": "prompt_token_cost",
        "output_token_cost": "completion_token_cost",
        "cache_read_token_cost": "cache_read_input_token_cost",
        "cache_write_token_cost": "cache_creation_input_token_cost",
        "input_unit": "prompt_token_cost_unit",
        "output_unit": "completion_token_cost_unit",
        "effective_at": "effective_date",
        "user": "created_by",
    },
    unlisted=(
        "id",
        "project_id",
        "llm_id",
        "provider_id",
        "prompt_token_cost",
        "completion_token_cost",
        "cache_read_input_token_cost",
        "cache_creation_input_token_cost",
        "prompt_token_cost_unit",
        "completion_token_cost_unit",
        "effective_date",
    ),
)
"""What queries and sorts of prices can name."""

reader = Reader("Price", COLUMNS, "price_id")

select_prices_by_id = reader.by_id
select_prices_page = reader.page
labelled = reader.labelled


def insert_prices(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert prices; each row names all columns. One whose id is there already is passed over."""
    if rows:
        connection.execute(insert(connection, prices).on_conflict_do_nothing(), rows)


def select_prices_by_model(connection: Connection, project_id: str, models: Iterable[str]) -> dict[str, RowSet]:
    """All prices of each model, all columns, the earliest effective first and of those the first made; models without
    any are missing. One statement a chunk."""
    found: dict[str, RowSet] = {}
    for chunk in chunked(models):
        statement = (
            select(*labelled(COLUMNS))
            .where(c.project_id == project_id, c.llm_id.in_(chunk))
            .order_by(c.llm_id, c.effective_date, c.created_at, c.id)
        )
        rows = fetch(connection, "Price", statement)
        for model, group in groupby(rows, lambda row: row.model):
            found[model] = rows.like(group)
    return found


def delete_prices(connection: Connection, project_id: str, condition: ColumnElement[bool]) -> int:
    """Delete what ``condition`` selects in one project; returns how many rows are gone."""
    return connection.execute(delete(prices).where(c.project_id == project_id, condition)).rowcount
