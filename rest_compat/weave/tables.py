"""Storing and reading tables."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
from rest_compat.json_fields import JSONObject
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, first_page
from rest_compat.weave.models import Open, SortBy, Strict, order_by

__all__ = ["ENDPOINTS"]


class TableSchemaForInsert(Open):
    """Seeds 000 and 001; ``expected_digest`` is what the SDKs from 0.52 on send."""

    project_id: str
    rows: list[JSONObject]
    expected_digest: str | None = None


class TableCreateReq(Strict):
    """Seed 000."""

    table: TableSchemaForInsert


class TableCreateFromDigestsReq(Strict):
    """Seed 001; ``expected_digest`` is what the SDKs from 0.52 on send."""

    project_id: str
    row_digests: list[str]
    expected_digest: str | None = None


class TableAppendSpecPayload(Open):
    """Seed 000."""

    row: JSONObject


class TableAppendSpec(Open):
    """Seed 000."""

    append: TableAppendSpecPayload


class TablePopSpecPayload(Open):
    """Seed 000."""

    index: int = Field(ge=-(1 << 63), lt=1 << 63)


class TablePopSpec(Open):
    """Seed 000."""

    pop: TablePopSpecPayload


class TableInsertSpecPayload(Open):
    """Seed 000."""

    index: int = Field(ge=-(1 << 63), lt=1 << 63)
    row: JSONObject


class TableInsertSpec(Open):
    """Seed 000."""

    insert: TableInsertSpecPayload


class TableUpdateReq(Strict):
    """Seed 000."""

    project_id: str
    base_digest: str
    updates: list[TableAppendSpec | TablePopSpec | TableInsertSpec]


class TableRowFilter(Strict):
    """Seed 000."""

    row_digests: list[str] | None = None


class TableQueryReq(Strict):
    """Seeds 000 and 001."""

    project_id: str
    digest: str
    filter: TableRowFilter | None = None
    limit: int | None = None
    offset: int | None = None
    sort_by: list[SortBy] | None = None


class TableQueryStatsReq(Strict):
    """Seed 000."""

    project_id: str
    digest: str


class TableQueryStatsBatchReq(Strict):
    """Seeds 000 and 001."""

    project_id: str
    digests: list[str] | None = Field(default_factory=list)
    include_storage_size: bool | None = False


def _create(request: Request) -> Variables:
    table: TableSchemaForInsert = request.body.table
    return {"input": {"project": table.project_id, "rows": table.rows, "expectedDigest": table.expected_digest}}


def _create_from_digests(request: Request) -> Variables:
    body: TableCreateFromDigestsReq = request.body
    return {
        "input": {
            "project": body.project_id,
            "rowDigests": body.row_digests,
            "expectedDigest": body.expected_digest,
        }
    }


def _update_item(spec: TableAppendSpec | TablePopSpec | TableInsertSpec) -> Variables:
    match spec:
        case TableAppendSpec():
            return {"append": spec.append.row}
        case TablePopSpec():
            return {"pop": spec.pop.index}
        case TableInsertSpec():
            return {"insert": {"index": spec.insert.index, "row": spec.insert.row}}


def _update(request: Request) -> Variables:
    body: TableUpdateReq = request.body
    updates = [_update_item(spec) for spec in body.updates]
    return {"input": {"project": body.project_id, "baseDigest": body.base_digest, "updates": updates}}


def _page(request: Request) -> Variables:
    body: TableQueryReq = request.body
    return {
        "project": body.project_id,
        "digest": body.digest,
        "rowDigests": (body.filter and body.filter.row_digests) or None,
        "orderBy": order_by(body.sort_by),
        **first_page(request),
    }


def _connection(data: Data) -> Mapping[str, Any] | None:
    table = data["project"] and data["project"]["table"]
    return table and table["rows"]  # type: ignore[no-any-return]


def _row(row: Mapping[str, Any], _request: Request) -> dict[str, Any]:
    return {"digest": row["digest"], "val": row["value"], "original_index": row["originalIndex"]}


def _count(data: Data, request: Request) -> dict[str, Any]:
    table = data["project"] and data["project"]["tablesByDigest"][0]
    if not table:
        raise RefusedError(Problem(RefusalCode.NOT_FOUND, f"Table {request.body.digest} not found"))
    return {"count": table["rowCount"]}


def _counts(data: Data, request: Request) -> dict[str, Any]:
    tables = (data["project"] and data["project"]["tablesByDigest"]) or []
    with_size = bool(request.body.include_storage_size)
    return {
        "tables": [
            {
                "count": table["rowCount"],
                "digest": table["digest"],
                "storage_size_bytes": table["sizeBytes"] if with_size else None,
            }
            for table in tables
            if table
        ]
    }


ENDPOINTS = [
    Endpoint(
        "/table/create",
        "weave/table_create",
        "Store a table of rows; answers its digest and the row digests.",
        model=TableCreateReq,
        variables=_create,
        respond=lambda data, _request: {
            "digest": data["tableCreate"]["digest"],
            "row_digests": data["tableCreate"]["rowDigests"],
        },
    ),
    Endpoint(
        "/table/create_from_digests",
        "weave/table_create_from_digests",
        "Make a table from rows that are already stored.",
        model=TableCreateFromDigestsReq,
        variables=_create_from_digests,
        respond=lambda data, _request: {"digest": data["tableCreateFromDigests"]["digest"]},
    ),
    Endpoint(
        "/table/update",
        "weave/table_update",
        "Make a new table from a base table with append, pop and insert.",
        model=TableUpdateReq,
        variables=_update,
        respond=lambda data, _request: {
            "digest": data["tableUpdate"]["digest"],
            "updated_row_digests": data["tableUpdate"]["rowDigests"],
        },
    ),
    Endpoint(
        "/table/query",
        "weave/table_rows_page",
        "Rows of a table by row digest, sort, page.",
        model=TableQueryReq,
        variables=_page,
        stream=Stream(connection=_connection, line=_row, member="rows"),
    ),
    Endpoint(
        "/table/query_stream",
        "weave/table_rows_page",
        "The same rows as JSON lines.",
        model=TableQueryReq,
        variables=_page,
        stream=Stream(connection=_connection, line=_row),
    ),
    Endpoint(
        "/table/query_stats",
        "weave/tables_stats",
        "Row count of one table.",
        model=TableQueryStatsReq,
        variables=lambda request: {"project": request.body.project_id, "digests": [request.body.digest]},
        respond=_count,
    ),
    Endpoint(
        "/table/query_stats_batch",
        "weave/tables_stats",
        "Row counts (and stored bytes) of several tables.",
        model=TableQueryStatsBatchReq,
        variables=lambda request: {"project": request.body.project_id, "digests": request.body.digests or []},
        respond=_counts,
    ),
]
