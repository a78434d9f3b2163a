"""What many would write: FastAPI and pydantic models over SQLite, one transaction a request.

The same endpoints, durability (WAL, synchronous=FULL) and answers as ours, as far as the benchmarks use them.
"""

import datetime as dt
import json
import sqlite3
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    project_id TEXT, id TEXT, trace_id TEXT, parent_id TEXT, op_name TEXT, started_at TEXT, ended_at TEXT,
    exception TEXT, attributes TEXT, inputs TEXT, output TEXT, summary TEXT, display_name TEXT, thread_id TEXT,
    turn_id TEXT, wb_user_id TEXT, wb_run_id TEXT, wb_run_step INTEGER, wb_run_step_end INTEGER, deleted_at TEXT,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX IF NOT EXISTS by_start ON calls (project_id, started_at, id);
CREATE INDEX IF NOT EXISTS by_trace ON calls (project_id, trace_id, started_at, id);
"""
COLUMNS = (
    "project_id", "id", "trace_id", "parent_id", "op_name", "started_at", "ended_at", "exception", "attributes",
    "inputs", "output", "summary", "display_name", "thread_id", "turn_id", "wb_user_id", "wb_run_id", "wb_run_step",
    "wb_run_step_end", "deleted_at",
)  # fmt: skip


class StartedCall(BaseModel):
    project_id: str
    id: str | None = None
    op_name: str
    trace_id: str | None = None
    parent_id: str | None = None
    started_at: dt.datetime
    attributes: dict[str, Any]
    inputs: dict[str, Any]


class EndedCall(BaseModel):
    project_id: str
    id: str
    ended_at: dt.datetime
    exception: str | None = None
    output: Any = None
    summary: dict[str, Any]


class CompletedCall(StartedCall):
    ended_at: dt.datetime
    exception: str | None = None
    output: Any = None
    summary: dict[str, Any]


class Start(BaseModel):
    start: StartedCall


class End(BaseModel):
    end: EndedCall


class StartMode(BaseModel):
    mode: Literal["start"]
    req: Start


class EndMode(BaseModel):
    mode: Literal["end"]
    req: End


class Batch(BaseModel):
    batch: list[StartMode | EndMode]


class CompleteBatch(BaseModel):
    batch: list[CompletedCall]


class Read(BaseModel):
    project_id: str
    id: str


class Filter(BaseModel):
    trace_ids: list[str] | None = None


class SortBy(BaseModel):
    field: str
    direction: Literal["asc", "desc"]


class Query(BaseModel):
    project_id: str
    limit: int | None = None
    filter: Filter | None = None
    sort_by: list[SortBy] | None = None
    query: dict[str, Any] | None = None


class Call(BaseModel):
    project_id: str
    id: str
    trace_id: str
    parent_id: str | None
    op_name: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    exception: str | None
    attributes: dict[str, Any]
    inputs: dict[str, Any]
    output: Any
    summary: dict[str, Any] | None
    display_name: str | None
    thread_id: str | None
    turn_id: str | None
    wb_user_id: str | None
    wb_run_id: str | None
    wb_run_step: int | None
    wb_run_step_end: int | None
    deleted_at: dt.datetime | None


app = FastAPI()
local = threading.local()
writing = threading.Lock()


def connection() -> sqlite3.Connection:
    if not hasattr(local, "connection"):
        local.connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        local.connection.execute("PRAGMA journal_mode = WAL")
        local.connection.execute("PRAGMA synchronous = FULL")
    found: sqlite3.Connection = local.connection
    return found


def write(events: list[StartedCall | EndedCall]) -> None:
    with writing:
        connection().execute("BEGIN IMMEDIATE")
        for event in events:
            values = event.model_dump(mode="json")
            for name in ("attributes", "inputs", "output", "summary"):
                if name in values:
                    values[name] = json.dumps(values[name])
            for name in ("started_at", "ended_at"):  # as texts that sort by time
                if name in values:
                    values[name] = getattr(event, name).astimezone(dt.UTC).isoformat(timespec="microseconds")
            names = list(values)
            sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {"project_id", "id"})
            connection().execute(
                f"INSERT INTO calls ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
                f"ON CONFLICT (project_id, id) DO UPDATE SET {sets}",
                list(values.values()),
            )
        connection().execute("COMMIT")


def identified(start: StartedCall) -> StartedCall:
    start.id = start.id or str(uuid.uuid4())
    start.trace_id = start.trace_id or str(uuid.uuid4())
    return start


def call_of(row: tuple[Any, ...]) -> Call:
    values = dict(zip(COLUMNS, row, strict=True))
    for name in ("attributes", "inputs", "output", "summary"):
        values[name] = None if values[name] is None else json.loads(values[name])
    return Call(**values)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/call/start")
def call_start(body: Start) -> dict[str, str | None]:
    write([identified(body.start)])
    return {"id": body.start.id, "trace_id": body.start.trace_id}


@app.post("/call/end")
def call_end(body: End) -> dict[str, str]:
    write([body.end])
    return {}


@app.post("/call/upsert_batch")
def upsert_batch(body: Batch) -> dict[str, list[dict[str, Any]]]:
    events = [identified(item.req.start) if isinstance(item, StartMode) else item.req.end for item in body.batch]
    write(events)
    return {"res": [{"id": e.id, "trace_id": e.trace_id} if isinstance(e, StartedCall) else {} for e in events]}


@app.post("/v2/{entity}/{project}/calls/complete")
def complete(body: CompleteBatch, entity: str, project: str) -> dict[str, str]:
    assert all(call.project_id == f"{entity}/{project}" for call in body.batch)
    write([identified(call) for call in body.batch])
    return {}


@app.post("/call/read")
def read(body: Read) -> dict[str, Call | None]:
    sql = f"SELECT {', '.join(COLUMNS)} FROM calls WHERE project_id = ? AND id = ?"
    row = connection().execute(sql, (body.project_id, body.id)).fetchone()
    return {"call": row and call_of(row)}


@app.post("/calls/stream_query")
def stream(body: Query) -> StreamingResponse:
    where, bound = ["project_id = ?"], [body.project_id]
    if body.filter and body.filter.trace_ids:
        where.append(f"trace_id IN ({', '.join('?' * len(body.filter.trace_ids))})")
        bound += body.filter.trace_ids
    if body.query:
        field, literal = body.query["$expr"]["$eq"]
        where.append("json_extract(inputs, ?) = ?")
        bound += ["$." + field["$getField"].removeprefix("inputs."), literal["$literal"]]
    orders = []
    for key in body.sort_by or [SortBy(field="started_at", direction="asc")]:
        path = key.field.startswith("inputs.")
        name = "json_extract(inputs, ?)" if path else key.field
        bound += ["$." + key.field.removeprefix("inputs.")] if path else []
        orders.append(f"{name} {key.direction}")
    sql = f"SELECT {', '.join(COLUMNS)} FROM calls WHERE {' AND '.join(where)} ORDER BY {', '.join(orders)}, id LIMIT ?"
    rows = connection().execute(sql, [*bound, body.limit or -1]).fetchall()

    def lines() -> Iterator[str]:
        for row in rows:
            yield call_of(row).model_dump_json() + "\n"

    return StreamingResponse(lines(), media_type="application/jsonl")


if __name__ == "__main__":
    connection().executescript(TABLES)
    uvicorn.run(app, port=int(sys.argv[2]), log_level="error", access_log=False)
