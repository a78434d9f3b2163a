"""Weave's own routes over its own SQLite server, as its package has both; run in an environment with weave 0.51.59."""

import sys
from collections.abc import Iterator

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from weave.trace_server import trace_server_interface as tsi
from weave.trace_server.reference.generate import ServiceDependency, generate_routes
from weave.trace_server.sqlite_trace_server import SqliteTraceServer
from weave.trace_server.trace_service import ServerInfoRes


class Service:
    def __init__(self, path: str) -> None:
        self.trace_server_interface = SqliteTraceServer(path)
        self.trace_server_interface.setup_tables()

    def server_info(self) -> ServerInfoRes:
        return ServerInfoRes(min_required_weave_python_version="0.0.1")

    def read_root(self) -> dict[str, str]:
        return {"status": "ok"}


def application(service: Service) -> FastAPI:
    app = FastAPI()

    # The generated route hands the models over as they are, since whoever uses it brings a server that writes them.
    @app.post("/calls/stream_query")
    def stream(request: tsi.CallsQueryReq) -> StreamingResponse:
        def lines() -> Iterator[str]:
            for call in service.trace_server_interface.calls_query_stream(request):
                yield call.model_dump_json() + "\n"

        return StreamingResponse(lines(), media_type="application/jsonl")

    app.include_router(generate_routes(APIRouter(), ServiceDependency(service_factory=lambda _auth: service)))
    return app


if __name__ == "__main__":
    uvicorn.run(application(Service(sys.argv[1])), port=int(sys.argv[2]), log_level="error", access_log=False)
