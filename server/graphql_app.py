"""The GraphQL endpoint: queries and mutations by HTTP, subscriptions by server-sent events or WebSocket.

HTTP follows the GraphQL-over-HTTP specification, events the distinct-connections mode of graphql-sse, WebSockets
graphql-transport-ws.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Any

from graphql import GraphQLError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry import Schema
from strawberry.http.streaming import SSE_HEARTBEAT_INTERVAL, SSETransport, merge_stream_with_heartbeat
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from graph.errors import ErrorCode, FormattedError, internal_error, refused
from graph.limits import Documents, Limits, limited
from server.graphql.encoding import encode
from server.graphql.negotiation import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, accepted
from server.graphql.requests import Operation, Refused, read
from server.graphql.results import Payload, payload, request_id
from server.graphql.websocket import WebSocketView

__all__ = ["GraphQLApp"]

MUTATION, SUBSCRIPTION = OperationType.MUTATION, OperationType.SUBSCRIPTION
HEARTBEAT = ":\n\n"
HTTP_CODES = {401: ErrorCode.UNAUTHENTICATED, 403: ErrorCode.FORBIDDEN}
SUBSCRIBE_OTHERWISE = (
    f"A subscription needs a stream: accept {EVENT_STREAM}, or use a WebSocket (graphql-transport-ws)."
)

logger = logging.getLogger("tracegraph.graphql")


class GraphQLApp:
    """Serves `schema` to clients within `limits`.

    `context_factory` makes the context of a request, and of each operation on a WebSocket; an HTTPException that it
    raises becomes the answer. A document that is not valid in `schema` but is in `fallback` runs there. Pages of other
    origins may open WebSockets only if they are among `allowed_origins`.
    """

    def __init__(
        self,
        schema: Schema,
        context_factory: Callable[[HTTPConnection], Awaitable[Any]],
        limits: Limits | None = None,
        fallback: Schema | None = None,
        allowed_origins: Sequence[str] = (),
    ) -> None:
        self.limits = limits or Limits()
        self.context_factory = context_factory
        self.documents = Documents(schema, self.limits)
        self.schema = limited(schema, self.documents)
        self.fallback = limited(fallback, Documents(fallback, self.limits)) if fallback else None
        self.websocket = WebSocketView(self.schema, context_factory, allowed_origins)
        self.open_streams = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._converse(WebSocket(scope, receive, send))
        else:
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)

    async def _converse(self, websocket: WebSocket) -> None:
        if self.open_streams >= self.limits.max_streams:
            await websocket.close(1013)  # before it is accepted: the handshake is answered with 403
            return
        with self._stream():
            await self.websocket.serve(websocket)

    async def _answer(self, request: Request) -> Response:
        identifier = request_id(request)
        try:
            return await self._respond(request, identifier)
        except Refused as refusal:
            return _refusal(refusal.status, refused(refusal.message), refusal.headers)
        except HTTPException as error:
            code = HTTP_CODES.get(error.status_code, ErrorCode.BAD_REQUEST)
            return _refusal(error.status_code, refused(error.detail, code), error.headers)
        except Exception:
            logger.exception("request %s: the request failed", identifier)
            return _refusal(500, internal_error(identifier))

    async def _respond(self, request: Request, identifier: str) -> Response:
        forms = accepted(", ".join(request.headers.getlist("accept")))
        if request.method in ("GET", "POST") and forms.document is None and not forms.stream:
            raise Refused(406, f"Only {GRAPHQL_RESPONSE}, {JSON} and {EVENT_STREAM} can be answered.")
        asked = await read(request, self.limits)
        if isinstance(asked, list):
            if forms.document is None:
                raise Refused(406, f"A batch is answered with {GRAPHQL_RESPONSE} or {JSON}.")
            context = await self.context_factory(request)
            answers = await asyncio.gather(*(self._run(operation, context, identifier) for operation in asked))
            return _document([answer.content for answer in answers], 200, forms.document)
        kind = self._kind(asked)
        if request.method == "GET" and kind is MUTATION:
            raise Refused(405, "A mutation must be sent by POST.", {"allow": "POST"})
        context = await self.context_factory(request)
        if forms.stream and (forms.prefers_stream or kind is SUBSCRIPTION):
            return self._events(asked, context, identifier)
        if forms.document is None or kind is SUBSCRIPTION:
            raise Refused(400, SUBSCRIBE_OTHERWISE)
        answer = await self._run(asked, context, identifier)
        status = 200 if answer.executed or forms.document == JSON else 400
        return _document(answer.content, status, forms.document)

    def _kind(self, operation: Operation) -> OperationType | None:
        """What kind of operation it is; None where the document does not say, and then it is refused when it is run."""
        try:
            node = self.documents.prepare(operation.query).operation(operation.name)
        except GraphQLError:
            return None
        return OperationType(node.operation.value) if node else None

    async def _run(self, operation: Operation, context: object, identifier: str) -> Payload:
        """The answer to a query or mutation."""
        if self._kind(operation) is SUBSCRIPTION:
            return Payload({"errors": [refused(SUBSCRIBE_OTHERWISE)]}, executed=False)
        result = await _executed(self.schema, operation, context)
        if self.fallback and isinstance(result, PreExecutionError):
            other = await _executed(self.fallback, operation, context)
            if not isinstance(other, PreExecutionError):
                result = other
        return payload(result, identifier)

    def _events(self, operation: Operation, context: object, identifier: str) -> Response:
        """A stream of `next` events, then `complete`, with comments in the pauses to keep the connection open."""
        if self.open_streams >= self.limits.max_streams:
            raise Refused(503, f"{self.limits.max_streams} streams are open already.", {"retry-after": "5"})

        async def events() -> AsyncGenerator[str, None]:
            with self._stream():
                try:
                    results = await self.schema.stream(
                        operation.query,
                        variable_values=operation.variables,
                        context_value=context,
                        operation_name=operation.name,
                        operation_extensions=operation.extensions,
                    )
                    async with aclosing(results):
                        async for result in results:
                            assert isinstance(result, ExecutionResult)  # incremental delivery is off
                            yield _event("next", payload(result, identifier).content)
                except Exception:
                    logger.exception("request %s: the stream failed", identifier)
                    yield _event("next", {"errors": [internal_error(identifier)]})
                yield _event("complete")

        stream = merge_stream_with_heartbeat(
            events, lambda: HEARTBEAT, interval=SSE_HEARTBEAT_INTERVAL, send_initial_heartbeat=False
        )
        headers = {**SSETransport.headers, "content-type": f"{EVENT_STREAM}; charset=utf-8", "vary": "Accept"}
        return StreamingResponse(stream(), headers={name.lower(): value for name, value in headers.items()})

    @contextmanager
    def _stream(self) -> Iterator[None]:
        self.open_streams += 1
        try:
            yield
        finally:
            self.open_streams -= 1


async def _executed(schema: Schema, operation: Operation, context: object) -> ExecutionResult:
    try:
        return await schema.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.name,
            operation_extensions=operation.extensions,
        )
    except CannotGetOperationTypeError as error:
        message = error.as_http_error_reason()
        return PreExecutionError(data=None, errors=[GraphQLError(message, original_error=error)])


def _event(name: str, content: Mapping[str, object] | None = None) -> str:
    """An event with line feeds only, which every reader knows; spliced JSON text may hold line ends as space."""
    data = "" if content is None else encode(content).decode().replace("\n", " ").replace("\r", " ")
    return f"event: {name}\ndata: {data}\n\n"


def _document(content: object, status: int, media_type: str) -> Response:
    headers = {"content-type": f"{media_type}; charset=utf-8", "vary": "Accept"}
    return Response(encode(content), status, headers)


def _refusal(status: int, error: FormattedError, headers: Mapping[str, str] | None = None) -> Response:
    response = _document({"errors": [error]}, status, JSON)
    response.headers.update(headers or {})
    return response
