"""The application: every route, on one open database."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from db.engines import Database, parse_url, preparing
from db.migrate import bring_up_to_date
from db.search_index import prepare_search
from db.subject_indexes import index_subjects
from db.upkeep import Upkeep
from db.write_queue import WriteLimits
from graph.limits import Limits as DocumentLimits
from graph.schema import schema
from resolvers.callers import LOCAL
from resolvers.completions.provider import Provider
from resolvers.context import Context
from resolvers.evaluations.run import end_interrupted
from resolvers.followers import Follower, Followers
from resolvers.jobs import Jobs
from resolvers.live.hub import Hub
from resolvers.metrics.engines.sandbox import Sandbox
from resolvers.metrics.production.intake import MetricFollower
from resolvers.metrics.production.work import MetricWorker
from resolvers.path_indexes import follow_path_indexes
from resolvers.queues.take import QueueFollower
from resolvers.search.index import TextWriter
from rest_compat.dialects import Dialect, routes
from rest_compat.dialects import Limits as BodyLimits
from rest_compat.explain import explain_route
from rest_compat.honeyhive.dialect import HoneyHiveDialect
from rest_compat.otlp.grpc import PortTakenError, is_installed, start_grpc
from rest_compat.wandb import schema as wandb_schema
from rest_compat.weave.dialect import WeaveDialect
from server.graphql.trusted import TrustedDocuments, load
from server.graphql_app import GraphQLApp
from server.metrics import Metrics
from server.pages import page_routes
from server.path_indexes import index_paths
from server.rest_page import rest_page_routes
from server.routing import looked_up
from server.served_schema import mapped_entities, served_schema
from server.settings import Settings

__all__ = ["create_app"]

log = logging.getLogger("tracegraph.server")


def followers_of(settings: Settings) -> tuple[Follower, ...]:
    """What this server does by itself when calls change."""
    return MetricFollower(settings.metric_backlog), QueueFollower()


@dataclass(slots=True)
class Resources:
    """What requests share; open from start-up to shut-down."""

    database: Database | None = None
    provider: Provider | None = None
    jobs: Jobs = field(default_factory=Jobs)
    live: Hub | None = None
    sandbox: Sandbox | None = None
    search: bool = False

    async def context(self, _connection: HTTPConnection) -> Context:
        """The context of one request."""
        return self.server_context()

    def server_context(self) -> Context:
        """The context of what the server does by itself."""
        assert self.database is not None, "requests come after start-up"
        return Context(
            self.database,
            LOCAL,
            provider=self.provider,
            jobs=self.jobs,
            live=self.live,
            sandbox=self.sandbox,
            search=self.search,
        )


def create_app(settings: Settings) -> Starlette:
    """The application of these settings. Its lifespan migrates and opens the database, and closes it.

    ``state.end_streams`` ends what would go on for ever, when the server is about to stop.
    """
    resources = Resources()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        resources.search = await run_in_threadpool(prepare, settings)
        resources.database = Database(
            settings.database_url,
            readers=settings.read_pool_size,
            direct_url=settings.database_direct_url,
            query_timeout=settings.query_timeout,
            write_limits=WriteLimits(settings.write_queue_requests, settings.write_queue_bytes),
        )
        resources.live = Hub(resources.database)
        resources.provider = provider_of(settings)
        resources.sandbox = Sandbox(
            seconds=settings.metric_timeout, memory=settings.metric_memory, workers=settings.metric_workers
        )
        try:
            # Of a process that was killed: nobody else says that they failed.
            await end_interrupted(Context(resources.database, LOCAL))
            followers = Followers(resources.server_context, resources.live, followers_of(settings))
            resources.jobs.start(followers.run(), "followers", cancel_on_close=True)
            resources.jobs.start(follow_path_indexes(resources.database), "indexes", cancel_on_close=True)
            worker = MetricWorker(resources.server_context, settings.metric_concurrency)
            resources.jobs.start(worker.run(), "metrics", cancel_on_close=True)
            if resources.search:
                resources.jobs.start(TextWriter(resources.server_context).run(), "search", cancel_on_close=True)
            async with looking_after(settings.database_url), taking_grpc(settings, resources.context):
                yield
        finally:
            resources.live.stop()
            await resources.live.close()
            await resources.jobs.close()
            await resources.sandbox.close()
            if resources.provider is not None:
                await resources.provider.close()
            await resources.database.close()
            resources.database = None

    graphql = GraphQLApp(
        served_schema(settings),
        resources.context,
        document_limits(settings),
        fallback=wandb_schema,
        trusted=trusted_documents(settings),
    )
    bodies = BodyLimits(body=settings.max_body_bytes, upload=settings.max_upload_bytes)
    metrics = Metrics()
    dialects: tuple[Dialect, ...] = (WeaveDialect(), HoneyHiveDialect(settings.honeyhive_project))
    endpoints = [endpoint for dialect in dialects for endpoint in dialect.endpoints]
    rest = [route for dialect in dialects for route in routes(dialect, schema, bodies, resources.context)]
    all_routes = [
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", graphql),
        *rest,
        explain_route(rest, frozenset(endpoint.path for endpoint in endpoints if endpoint.form), bodies.body),
        *rest_page_routes(endpoints),
        metrics.route(),
        *page_routes(),
    ]
    app = Starlette(
        lifespan=lifespan,
        routes=looked_up(all_routes),
        middleware=[Middleware(metrics.measuring, routes=all_routes)],
        exception_handlers={HTTPException: _as_json},
    )

    def end_streams() -> None:
        graphql.stop()
        if resources.live is not None:
            resources.live.stop()

    app.state.end_streams = end_streams
    return app


def prepare(settings: Settings) -> bool:
    """Make everything ready that the database has to have; returns whether it can be searched."""
    with preparing(settings.database_url) as engine:
        bring_up_to_date(engine)
        index_subjects(engine, [entity.subject for entity in mapped_entities(settings)])
        searched = settings.search == "on" and prepare_search(engine)
        index_paths(engine, settings.indexed_paths)
    return searched


@asynccontextmanager
async def looking_after(database_url: str) -> AsyncIterator[None]:
    """The tables of a database of PostgreSQL are looked after inside."""
    if parse_url(database_url).get_backend_name() != "postgresql":
        yield
        return
    upkeep = Upkeep(database_url)
    try:
        yield
    finally:
        await run_in_threadpool(upkeep.close)


@asynccontextmanager
async def taking_grpc(
    settings: Settings, context_of: Callable[[HTTPConnection], Awaitable[Context]]
) -> AsyncIterator[None]:
    """Spans are taken over gRPC inside, where the settings and what is installed provide for it."""
    if not settings.otlp_grpc_port or not is_installed():
        yield
        return
    port = settings.otlp_grpc_port
    try:
        server = await start_grpc(settings.host, port, schema, context_of, settings.max_body_bytes)
    except PortTakenError as error:
        # With several workers the first has it.
        level = logging.WARNING if settings.workers == 1 else logging.DEBUG
        log.log(level, "OTLP over gRPC is not taken: cannot listen on port %d: %s", port, error)
        yield
        return
    try:
        yield
    finally:
        await server.stop(settings.shutdown_grace)


def _as_json(_request: Request, error: Exception) -> Response:
    """Errors of routing, a path or a method that is not there, in the form that REST clients read."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)


def provider_of(settings: Settings) -> Provider | None:
    """The provider of language models; None where the settings name none."""
    if not settings.provider_base_url and not settings.provider_api_key:
        return None
    return Provider(
        settings.provider_base_url,
        settings.provider_api_key,
        timeout=settings.provider_timeout,
        retries=settings.provider_retries,
    )


def document_limits(settings: Settings) -> DocumentLimits:
    """The limits on GraphQL requests."""
    return DocumentLimits(
        max_body_bytes=settings.graphql_max_body_bytes,
        max_source_length=settings.graphql_max_source_length,
        max_tokens=settings.graphql_max_tokens,
        max_depth=settings.graphql_max_depth,
        max_aliases=settings.graphql_max_aliases,
        max_fields=settings.graphql_max_fields,
        max_cost=settings.graphql_max_cost,
        max_operations=settings.graphql_max_operations,
        max_root_fields=settings.graphql_max_root_fields,
        max_repetitions=settings.graphql_max_repetitions,
        max_batch=settings.graphql_max_batch,
        max_streams=settings.graphql_max_streams,
        max_streams_per_connection=settings.graphql_max_streams_per_connection,
    )


def trusted_documents(settings: Settings) -> TrustedDocuments:
    """The documents that clients may name by their digest; raises ManifestError."""
    if not settings.trusted_documents:
        return TrustedDocuments()
    return load(Path(settings.trusted_documents), required=settings.trusted_documents_mode == "required")
