"""The graphql-transport-ws protocol: strawberry's handler with its defects mended and a context for each operation."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry import Schema
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graph.errors import internal_error
from server.graphql.encoding import MalformedJSONError, decode, encode
from server.graphql.results import payload, request_id

__all__ = ["WebSocketView"]

INIT_TIMEOUT = timedelta(seconds=10)
MAX_OPERATIONS = 100  # at a time on one connection
MAX_REASON = 123  # bytes that fit into a close frame

logger = logging.getLogger("tracegraph.graphql")


class _Adapter(ASGIWebSocketAdapter):
    async def close(self, code: int, reason: str) -> None:
        fitting = reason.encode(errors="replace")[:MAX_REASON].decode(errors="ignore")
        await super().close(code, fitting)


class _Handler(BaseGraphQLTransportWSHandler[Any, None]):
    """Closes with 4400 on any malformed message, and answers every operation, one that does not parse included."""

    async def handle_message(self, message: Message) -> None:
        fault = _fault(message)
        if fault:
            await self.handle_invalid_message(fault)
        else:
            await super().handle_message(message)

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        adapter = cast("_Adapter", self.websocket)
        identifier = request_id(adapter.ws)
        try:
            context = await self.view.get_context(adapter.ws, response=adapter.ws)
            results = await self.schema.stream(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.operation_name,
            )
            async with aclosing(results):
                async for result in results:
                    assert isinstance(result, ExecutionResult)  # incremental delivery is off
                    content = payload(result, identifier).content
                    if isinstance(result, PreExecutionError):
                        await self._fail(operation, content["errors"])
                        return
                    message = {"id": operation.id, "type": "next", "payload": content}
                    await operation.send_operation_message(cast("Message", message))
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except Exception:
            logger.exception("request %s: the operation on the WebSocket failed", identifier)
            await self._fail(operation, [internal_error(identifier)])

    async def _fail(self, operation: Operation[Any, None], errors: Sequence[Mapping[str, object]]) -> None:
        message = {"id": operation.id, "type": "error", "payload": list(errors)}
        await operation.send_operation_message(cast("Message", message))


class WebSocketView(GraphQL[Any, None]):
    """Serves the WebSocket connections of the GraphQL endpoint."""

    graphql_transport_ws_handler_class = _Handler
    websocket_adapter_class = _Adapter

    def __init__(
        self,
        schema: Schema,
        context_factory: Callable[[HTTPConnection], Awaitable[Any]],
        allowed_origins: Sequence[str] = (),
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=INIT_TIMEOUT,
            max_subscriptions_per_connection=MAX_OPERATIONS,
            allowed_origins=allowed_origins,
        )
        self.context_factory = context_factory

    async def serve(self, websocket: WebSocket) -> None:
        """Answer the handshake and whatever is said until the connection ends."""
        try:
            context = await self.context_factory(websocket)
        except HTTPException:
            await self.reject_websocket(websocket)  # before it is accepted: the handshake is answered with 403
            return
        await self.run(websocket, context=context)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """A context for one operation: what it loads must not be what an earlier one saw."""
        return await self.context_factory(request)

    def decode_json(self, data: str | bytes) -> object:
        try:
            return decode(data)
        except MalformedJSONError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error

    def encode_json(self, data: object) -> str:
        return encode(data).decode()


def _fault(message: object) -> str | None:
    """What is wrong with the form of a message, or None."""
    if not isinstance(message, dict):
        return "A message must be an object"
    kind, body = message.get("type"), message.get("payload")
    if not isinstance(kind, str):
        return "A message needs a type, which is a string"
    if kind == "connection_init" and body is None:
        message.pop("payload", None)  # null means none, which the handler does not know
    if kind in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return f"A message of type {kind} needs an id, which is a string"
    if kind != "subscribe":
        return None
    if not isinstance(body, dict):
        return "The payload of subscribe must be an object"
    for name, types, noun in (
        ("query", str, "a string"),
        ("operationName", str | None, "a string"),
        ("variables", dict | None, "an object"),
        ("extensions", dict | None, "an object"),
    ):
        if not isinstance(body.get(name), types):
            return f"`{name}` of the payload must be {noun}"
    return None
