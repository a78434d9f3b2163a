"""Health and versions."""

from rest_compat.registry import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS = [
    Endpoint(
        "/health",
        "weave/server_info",
        "Liveness check.",
        method="GET",
        respond=lambda data, _request: {"status": data["serverInfo"]["status"]},
    ),
    Endpoint(
        "/version",
        "weave/server_info",
        "Version of the server.",
        method="GET",
        respond=lambda data, _request: {"version": data["serverInfo"]["version"]},
    ),
    Endpoint(
        "/server_info",
        "weave/server_info",
        "The oldest Weave SDK that the server serves.",
        method="GET",
        respond=lambda data, _request: {
            "min_required_weave_python_version": data["serverInfo"]["minRequiredWeavePythonVersion"],
            "trace_server_version": data["serverInfo"]["traceServerVersion"],
        },
    ),
]
