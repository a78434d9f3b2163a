"""Measurements for Prometheus: requests, and the process itself. Each worker process counts its own."""

import time
from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Metrics"]

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The measurements of one application, and the route that gives them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "path", "status")
        self.requests = Counter(
            "tracegraph_requests", "Requests answered, by route and status.", labels, registry=self._registry
        )
        self.seconds = Histogram(
            "tracegraph_request_seconds",
            "Seconds until the last byte of an answer.",
            ("method", "path"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._known: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self.open = Gauge("tracegraph_open_requests", "Requests that are being answered.", registry=self._registry)

    def route(self) -> Route:
        """``GET /metrics``."""

        def answer(_request: Request) -> Response:
            # The default registry has what is known of the process: memory, descriptors, CPU.
            return Response(generate_latest(self._registry) + generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

        return Route("/metrics", answer)

    def measuring(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> ASGIApp:
        """``app``, whose endpoints are those of ``routes``, with its HTTP requests measured."""
        # The route's pattern: a path with ids in it would make a time series of every request.
        paths: dict[object, str] = {route.endpoint: route.path for route in routes if isinstance(route, Route)}

        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status = "500"

            async def send_measured(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = str(message["status"])
                await send(message)

            began = time.perf_counter()
            self.open.inc()
            try:
                await app(scope, receive, send_measured)
            finally:
                self.open.dec()
                path = paths.get(scope.get("endpoint"), "other")
                requests, seconds = self._of(scope["method"], path, status)
                requests.inc()
                seconds.observe(time.perf_counter() - began)

        return measured

    def _of(self, method: str, path: str, status: str) -> tuple[Counter, Histogram]:
        """What counts and what times such requests, looked up once each."""
        key = (method, path, status)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self.requests.labels(*key), self.seconds.labels(method, path)
        return known
