"""The graphql-transport-ws protocol: strawberry's handler with its defects mended and a context for each operation."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

from graphql import OperationType
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket
from strawberry import Schema
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage

from graph.admission import Admission, Admitted
from graph.errors import ErrorCode, FormattedError, internal_error, refused
from graph.limits import Limits
from server.graphql.encoding import MalformedJSONError, decode, encode
from server.graphql.requests import Operation as Asked
from server.graphql.requests import Refused, operation_of
from server.graphql.results import payload, request_id

__all__ = ["WebSocketView"]

INIT_TIMEOUT = timedelta(seconds=10)
AT_ONCE = 8  # queries and mutations of one connection that run at a time; the next wait, so that others have a turn
MAX_REASON = 123  # bytes that fit into a close frame

logger = logging.getLogger("tracegraph.graphql")


class _Adapter(ASGIWebSocketAdapter):
    async def close(self, code: int, reason: str) -> None:
        fitting = reason.encode(errors="replace")[:MAX_REASON].decode(errors="ignore")
        await super().close(code, fitting)


class _Operation(Operation[Any, None]):
    """An operation that runs on the connection, with the request that it was asked by."""

    __slots__ = ("asked",)

    def __init__(self, handler: "_Handler", identifier: str, asked: Asked) -> None:
        super().__init__(handler, identifier, asked.query or "", asked.variables, asked.name)
        self.asked = asked


class _Handler(BaseGraphQLTransportWSHandler[Any, None]):
    """Closes with 4400 on any malformed message, and answers every operation, one that does not parse included."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.turns = asyncio.Semaphore(AT_ONCE)

    async def handle(self) -> None:
        handlers = cast("WebSocketView", self.view).handlers
        handlers.add(self)
        try:
            await super().handle()
        finally:
            handlers.discard(self)

    async def handle_message(self, message: Message) -> None:
        fault = _fault(message)
        if fault:
            await self.handle_invalid_message(fault)
        else:
            await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if not self.connection_acknowledged:
            await self.websocket.close(code=4401, reason="Unauthorized")
            return
        identifier = message["id"]
        if identifier in self.operations:
            await self.websocket.close(code=4409, reason=f"Subscriber for {identifier} already exists")
            return
        try:
            asked = operation_of(message["payload"], "The payload of subscribe")
        except Refused as refusal:
            if message["payload"].get("query") == "":  # the message is well-formed, the document is not
                await self._refuse(identifier, refused(refusal.message))
            else:
                await self.handle_invalid_message(refusal.message)
            return
        if full := cast("WebSocketView", self.view).full(len(self.operations)):
            await self._refuse(identifier, refused(full, ErrorCode.LIMIT_EXCEEDED))
            return
        operation = self.operations[identifier] = _Operation(self, identifier, asked)
        operation.task = asyncio.create_task(self.run_operation(operation))
        operation.task.add_done_callback(self._task_done)

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        view = cast("WebSocketView", self.view)
        adapter = cast("_Adapter", self.websocket)
        identifier = request_id(adapter.ws)
        try:
            context = await view.context_factory(adapter.ws)
            async with self.turns:
                admitted = await view.admit(cast("_Operation", operation).asked)
                if not isinstance(admitted, Admitted):
                    await self._fail(operation, payload(admitted, identifier).content["errors"])
                    return
                if admitted.kind is not OperationType.SUBSCRIPTION:
                    await self._send_results(operation, admitted, context, identifier)
            if admitted.kind is OperationType.SUBSCRIPTION:
                await self._send_results(operation, admitted, context, identifier)
            if not view.stopping:  # then the connection is closed, so that the client takes it up again elsewhere
                await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except Exception:
            logger.exception("request %s: the operation on the WebSocket failed", identifier)
            await self._fail(operation, [internal_error(identifier)])

    async def _send_results(
        self, operation: Operation[Any, None], admitted: Admitted, context: object, identifier: str
    ) -> None:
        async with aclosing(admitted.stream(context)) as results:
            async for result in results:
                message = {"id": operation.id, "type": "next", "payload": payload(result, identifier).content}
                await operation.send_operation_message(cast("Message", message))

    async def _refuse(self, identifier: str, error: FormattedError) -> None:
        await self.send_message(cast("Message", {"id": identifier, "type": "error", "payload": [error]}))

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
        admit: Callable[[Asked], Awaitable[Admission]],
        context_factory: Callable[[HTTPConnection], Awaitable[Any]],
        limits: Limits,
        allowed_origins: Sequence[str] = (),
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=INIT_TIMEOUT,
            allowed_origins=allowed_origins,
        )
        self.admit = admit
        self.context_factory = context_factory
        self.limits = limits
        self.handlers: set[_Handler] = set()
        self.stopping = False

    def full(self, open_here: int) -> str | None:
        """Why no operation can be added on a connection that has so many, or None where one can."""
        if open_here >= self.limits.max_streams_per_connection:
            return f"{open_here} operations are open on this connection."
        open_in_all = sum(len(handler.operations) for handler in self.handlers)
        if open_in_all >= self.limits.max_streams:
            return f"{open_in_all} operations are open on all connections."
        return None

    async def serve(self, websocket: WebSocket) -> None:
        """Answer the handshake and whatever is said until the connection ends."""
        try:
            context = await self.context_factory(websocket)
        except HTTPException:
            await self.reject_websocket(websocket)  # before it is accepted: the handshake is answered with 403
            return
        await self.run(websocket, context=context)

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
    return None
