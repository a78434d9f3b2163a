"""What the graph costs: the endpoints of the benchmarks by hand, over the same storage and without GraphQL.

Starlette handlers that decode a body, call the same functions of ``resolvers`` and ``db`` that the graph calls, or
select the columns they need, and build the answer as a dict.

    python -m bench.handwritten DATABASE_URL PORT
"""

import datetime as dt
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import orjson
import uvicorn
from sqlalchemy import JSON, Select, cast, func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from db.calls.tables import calls
from db.engines import Database
from db.json_text import JSONText
from resolvers.callers import LOCAL
from resolvers.calls.events import CallEnd, CallEvent, CallStart
from resolvers.calls.record import record_calls
from resolvers.context import Context
from resolvers.objects.create import object_create
from resolvers.tables.create import table_create
from server.serve import prepare_database

PAGE = 1000
COLUMNS = (
    "id", "project_id", "op_name", "display_name", "trace_id", "parent_id", "thread_id", "turn_id", "started_at",
    "ended_at", "exception", "status", "wb_user_id", "wb_run_id", "wb_run_step", "wb_run_step_end", "attributes",
    "inputs", "output", "summary",
)  # fmt: skip
SELECTED = tuple(calls.c[name] for name in COLUMNS)


class Started(msgspec.Struct):
    project_id: str
    op_name: str
    started_at: msgspec.Raw
    attributes: msgspec.Raw
    inputs: msgspec.Raw
    id: str
    trace_id: str
    parent_id: str | None = None


class Ended(msgspec.Struct):
    project_id: str
    id: str
    ended_at: msgspec.Raw
    summary: msgspec.Raw
    output: msgspec.Raw = msgspec.Raw(b"null")
    exception: str | None = None


class Completed(Started, kw_only=True):
    ended_at: msgspec.Raw
    summary: msgspec.Raw
    output: msgspec.Raw = msgspec.Raw(b"null")
    exception: str | None = None


class StartBody(msgspec.Struct):
    start: Started


class EndBody(msgspec.Struct):
    end: Ended


class StartItem(msgspec.Struct, tag_field="mode", tag="start"):
    req: StartBody


class EndItem(msgspec.Struct, tag_field="mode", tag="end"):
    req: EndBody


class Batch(msgspec.Struct):
    batch: list[StartItem | EndItem]


class CompleteBatch(msgspec.Struct):
    batch: list[Completed]


_batch, _complete = msgspec.json.Decoder(Batch), msgspec.json.Decoder(CompleteBatch)
_start, _end = msgspec.json.Decoder(StartBody), msgspec.json.Decoder(EndBody)
_moment = msgspec.json.Decoder(dt.datetime)


def text(raw: msgspec.Raw) -> JSONText:
    return JSONText(bytes(raw).decode())


def microseconds(raw: msgspec.Raw) -> int:
    return int(_moment.decode(raw).timestamp() * 1_000_000)


def start_of(call: Started) -> CallStart:
    return CallStart(
        call.project_id,
        call.id,
        call.trace_id,
        call.parent_id,
        call.op_name,
        microseconds(call.started_at),
        text(call.attributes),
        text(call.inputs),
    )


def end_of(call: Ended | Completed) -> CallEnd:
    ended = microseconds(call.ended_at)
    return CallEnd(call.project_id, call.id, ended, text(call.output), text(call.summary), call.exception)


def answer(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def moment(time: int | None) -> str | None:
    if time is None:
        return None
    return dt.datetime.fromtimestamp(time / 1_000_000, dt.UTC).isoformat().replace("+00:00", "Z")


def spliced(stored: str | None) -> orjson.Fragment | None:
    return None if stored is None else orjson.Fragment(stored)


def call_schema(row: Any) -> dict[str, Any]:
    derived: dict[str, Any] = {"status": row.status}
    if row.ended_at is not None:
        derived["latency_ms"] = (row.ended_at - row.started_at) // 1000
    derived["trace_name"] = row.display_name or row.op_name
    summary = (row.summary or "{}")[:-1]
    comma = "" if summary == "{" else ","
    return {
        "id": row.id,
        "project_id": row.project_id,
        "op_name": row.op_name,
        "display_name": row.display_name,
        "trace_id": row.trace_id,
        "parent_id": row.parent_id,
        "thread_id": row.thread_id,
        "turn_id": row.turn_id,
        "started_at": moment(row.started_at),
        "attributes": spliced(row.attributes),
        "inputs": spliced(row.inputs),
        "ended_at": moment(row.ended_at),
        "exception": row.exception,
        "output": spliced(row.output),
        "summary": orjson.Fragment(f'{summary}{comma}"weave":{orjson.dumps(derived).decode()}}}'),
        "wb_user_id": row.wb_user_id,
        "wb_run_id": row.wb_run_id,
        "wb_run_step": row.wb_run_step,
        "wb_run_step_end": row.wb_run_step_end,
        "deleted_at": None,
    }


class Handlers:
    """The handlers, on one database."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, readers=8)

    def shown(self, project: str) -> Select[Any]:
        return select(*SELECTED).where(
            calls.c.project_id == project, calls.c.started_at.is_not(None), calls.c.deleted_at.is_(None)
        )

    async def rows(self, statement: Select[Any]) -> list[Any]:
        return await self.database.read(lambda connection: list(connection.execute(statement)))

    async def record(self, events: list[CallEvent]) -> None:
        await record_calls(Context(self.database, LOCAL), events)

    async def health(self, _request: Request) -> Response:
        return answer({"status": "ok"})

    async def start(self, request: Request) -> Response:
        call = _start.decode(await request.body()).start
        await self.record([start_of(call)])
        return answer({"id": call.id, "trace_id": call.trace_id})

    async def end(self, request: Request) -> Response:
        await self.record([end_of(_end.decode(await request.body()).end)])
        return answer({})

    async def upsert(self, request: Request) -> Response:
        items = _batch.decode(await request.body()).batch
        await self.record(
            [start_of(item.req.start) if isinstance(item, StartItem) else end_of(item.req.end) for item in items]
        )
        results = [
            {"id": item.req.start.id, "trace_id": item.req.start.trace_id} if isinstance(item, StartItem) else {}
            for item in items
        ]
        return answer({"res": results})

    async def complete(self, request: Request) -> Response:
        events: list[CallEvent] = []
        for call in _complete.decode(await request.body()).batch:
            events += (start_of(call), end_of(call))
        await self.record(events)
        return answer({})

    async def read(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        rows = await self.rows(self.shown(body["project_id"]).where(calls.c.id == body["id"]))
        return answer({"call": call_schema(rows[0]) if rows else None})

    async def stream(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        statement = self.shown(body["project_id"])
        if body.get("filter"):
            statement = statement.where(calls.c.trace_id.in_(body["filter"]["trace_ids"]))
        if body.get("query"):
            field, literal = body["query"]["$expr"]["$eq"]
            statement = statement.where(self.path(field["$getField"]) == literal["$literal"])
        keys = []
        for key in body.get("sort_by") or [{"field": "started_at", "direction": "asc"}]:
            name = key["field"]
            column = self.path(name) if name.startswith("inputs.") else calls.c[name]
            keys.append(column.desc() if key["direction"] == "desc" else column.asc())
        statement = statement.order_by(*keys, calls.c.id)
        limit = body.get("limit")
        if limit is not None:
            rows = await self.rows(statement.limit(limit))
            return Response(b"".join(orjson.dumps(call_schema(row)) + b"\n" for row in rows))
        return StreamingResponse(self.pages(statement), media_type="application/jsonl")

    def path(self, field: str) -> Any:
        inputs = func.coalesce(calls.c.inputs_query, calls.c.inputs)
        if self.database.dialect == "sqlite":
            return func.json_extract(inputs, "$." + field.removeprefix("inputs."))
        return func.json_extract_path_text(cast(inputs, JSON), *field.split(".")[1:])

    async def pages(self, statement: Select[Any]) -> AsyncIterator[bytes]:
        """Pages by the default order, so that no read stays open."""
        last = None
        while True:
            page = statement.limit(PAGE)
            if last is not None:
                begun = (calls.c.started_at > last.started_at) | (
                    (calls.c.started_at == last.started_at) & (calls.c.id > last.id)
                )
                page = page.where(calls.c.started_at >= last.started_at, begun)
            rows = await self.rows(page)
            if rows:
                yield b"".join(orjson.dumps(call_schema(row)) + b"\n" for row in rows)
            if len(rows) < PAGE:
                return
            last = rows[-1]

    async def object(self, request: Request) -> Response:
        body = orjson.loads(await request.body())["obj"]
        val = JSONText(orjson.dumps(body["val"]).decode())
        made = await object_create(Context(self.database, LOCAL), body["project_id"], body["object_id"], val)
        return answer({"digest": made.digest})

    async def table(self, request: Request) -> Response:
        body = orjson.loads(await request.body())["table"]
        rows = [JSONText(orjson.dumps(row).decode()) for row in body["rows"]]
        made = await table_create(Context(self.database, LOCAL), body["project_id"], rows)
        return answer({"digest": made.digest, "row_digests": made.row_digests})

    async def empty(self, request: Request) -> Response:
        """The handler that does nothing but what HTTP and JSON cost."""
        orjson.loads(await request.body())
        return answer({"data": {"__typename": "Query"}})


def application(url: str) -> Starlette:
    handlers = Handlers(url)
    posts: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/call/start": handlers.start,
        "/call/end": handlers.end,
        "/call/upsert_batch": handlers.upsert,
        "/v2/{entity}/{project}/calls/complete": handlers.complete,
        "/call/read": handlers.read,
        "/calls/stream_query": handlers.stream,
        "/obj/create": handlers.object,
        "/table/create": handlers.table,
        "/graphql": handlers.empty,
    }

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await handlers.database.close()

    routes = [Route("/health", handlers.health), *(Route(path, post, methods=["POST"]) for path, post in posts.items())]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    prepare_database(sys.argv[1])
    uvicorn.run(application(sys.argv[1]), port=int(sys.argv[2]), log_level="error", access_log=False)
