"""OTLP over gRPC: the same operation as over HTTP. Needs the extra ``tracegraph[grpc]``."""

import logging
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from strawberry.schema import BaseSchema

from resolvers.context import Context
from resolvers.errors import Refusal, RefusalCode
from rest_compat.dialects import RefusedError, data_of
from rest_compat.registry import operation_of

if TYPE_CHECKING:
    import grpc.aio

__all__ = ["PortTakenError", "is_installed", "start_grpc"]

log = logging.getLogger("tracegraph.grpc")

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"

_CODES = {
    RefusalCode.FORBIDDEN: "PERMISSION_DENIED",
    RefusalCode.NOT_FOUND: "NOT_FOUND",
    RefusalCode.TOO_LARGE: "RESOURCE_EXHAUSTED",
    RefusalCode.UNAVAILABLE: "UNAVAILABLE",
}
"""Status codes of refusals that are not INVALID_ARGUMENT. Exporters send again after neither."""


class PortTakenError(Exception):
    """The port cannot be listened on; the message says why."""


def is_installed() -> bool:
    """Whether the extra is."""
    try:
        import grpc.aio  # noqa: F401 - optional, and slow to import
    except ImportError:
        return False
    return True


async def start_grpc(
    host: str,
    port: int,
    schema: BaseSchema,
    context_of: Callable[[HTTPConnection], Awaitable[Context]],
    max_bytes: int,
) -> "grpc.aio.Server":
    """A server that takes exports; ``port`` 0 takes a free one. Raises PortTakenError."""
    import grpc.aio
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    operation = operation_of("otlp/export", schema)  # type: ignore[arg-type]  # a schema is itself alone

    async def export(content: bytes, call: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        headers = [(_bytes(name), _bytes(value)) for name, value in call.invocation_metadata() or ()]
        connection = HTTPConnection({"type": "http", "headers": headers})
        project = connection.headers.get("project_id") or None
        variables = {"input": {"content": content, "encoding": "PROTOBUF", "project": project}}
        try:
            data = data_of(await operation.run(await context_of(connection), variables))
        except RefusedError as error:
            await call.abort(_status(error.problem.code), error.problem.message)
        except Refusal as refusal:
            await call.abort(_status(refusal.code), refusal.message)
        except Exception:
            log.exception("an export over gRPC failed")
            await call.abort(grpc.StatusCode.INTERNAL, "Internal server error")
        answer = ExportTraceServiceResponse()
        if rejected := data["otlpExport"]["rejectedSpans"]:
            answer.partial_success.rejected_spans = rejected
            answer.partial_success.error_message = data["otlpExport"]["errorMessage"] or ""
        return answer.SerializeToString()

    # Without this, a second server would share the port, and take every other export.
    options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", max_bytes)]
    server = grpc.aio.server(options=options)
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"Export": grpc.unary_unary_rpc_method_handler(export)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    _check_free(host, port)
    try:
        bound = server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except RuntimeError as error:
        raise PortTakenError(str(error)) from error
    await server.start()
    log.info("OTLP over gRPC is taken at %s, port %d", host, bound)
    return server


def _check_free(host: str, port: int) -> None:
    """Raise PortTakenError where somebody listens there: what gRPC says to that is no message for people."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server((str(address[0]), port), family=family).close()
    except OSError as error:
        raise PortTakenError(error.strerror or str(error)) from error


def _status(code: RefusalCode) -> "grpc.StatusCode":
    import grpc

    return getattr(grpc.StatusCode, _CODES.get(code, "INVALID_ARGUMENT"))  # type: ignore[no-any-return]


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")
