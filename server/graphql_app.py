"""The GraphQL endpoint: queries and mutations by HTTP, subscriptions by server-sent events or WebSocket.

HTTP follows the GraphQL-over-HTTP specification, events the distinct-connections mode of graphql-sse, WebSockets
graphql-transport-ws.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Any, TypeVar

from graphql import GraphQLError, OperationType
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry import Schema
from strawberry.http.streaming import SSE_HEARTBEAT_INTERVAL, SSETransport, merge_stream_with_heartbeat

from graph.admission import Admission, Admitted, Gate, refusal
from graph.caching import is_fixed
from graph.errors import ErrorCode, FormattedError, LimitExceededError, internal_error, refused
from graph.limits import Limits
from server.graphql.encoding import InParts, encode, encode_in_parts
from server.graphql.negotiation import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, accepted
from server.graphql.requests import Operation, Refused, read
from server.graphql.results import Payload, payload, request_id
from server.graphql.trusted import TrustedDocuments
from server.graphql.websocket import WebSocketView

__all__ = ["GraphQLApp"]

T = TypeVar("T")

MUTATION, SUBSCRIPTION = OperationType.MUTATION, OperationType.SUBSCRIPTION
HEARTBEAT = ":\n\n"
# Traces are private: only the asker's own cache may keep an answer, and not for whoever signs in there next.
KEPT = {"cache-control": "private, max-age=31536000, immutable", "vary": "Accept, Authorization, Cookie"}
NOT_KEPT = {"cache-control": "no-store", "vary": "Accept"}
HTTP_CODES = {401: ErrorCode.UNAUTHENTICATED, 403: ErrorCode.FORBIDDEN}
SUBSCRIBE_OTHERWISE = (
    f"A subscription needs a stream: accept {EVENT_STREAM}, or use a WebSocket (graphql-transport-ws)."
)

logger = logging.getLogger("tracegraph.graphql")


class GraphQLApp:
    """Serves `schema` to clients within `limits`.

    `context_factory` makes the context of a request, and of each operation on a WebSocket; an HTTPException that it
    raises becomes the answer. A document that is not valid in `schema` but is in `fallback` runs there. Pages of other
    origins may open WebSockets only if they are among `allowed_origins`. `trusted` has the documents that are named by
    a digest and says whether others may run; those of the fallback always may.
    """

    def __init__(
        self,
        schema: Schema,
        context_factory: Callable[[HTTPConnection], Awaitable[Any]],
        limits: Limits | None = None,
        fallback: Schema | None = None,
        allowed_origins: Sequence[str] = (),
        trusted: TrustedDocuments | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.context_factory = context_factory
        self.trusted = trusted or TrustedDocuments()
        self.gate = Gate(schema, self.limits)
        self.fallback = Gate(fallback, self.limits) if fallback else None
        self.websocket = WebSocketView(schema, self.admit, context_factory, self.limits, allowed_origins)
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
        given = request.headers.getlist("accept")
        forms = accepted(given[0] if len(given) == 1 else ", ".join(given))
        if request.method in ("GET", "POST") and forms.document is None and not forms.stream:
            raise Refused(406, f"Only {GRAPHQL_RESPONSE}, {JSON} and {EVENT_STREAM} can be answered.")
        asked = await read(request, self.limits)
        if isinstance(asked, list):
            if forms.document is None:
                raise Refused(406, f"A batch is answered with {GRAPHQL_RESPONSE} or {JSON}.")
            answers = await self._batch(request, asked, identifier)
            return _document([answer.content for answer in answers], 200, forms.document)
        admitted = await self.admit(asked)
        kind = admitted.kind if isinstance(admitted, Admitted) else None
        if request.method == "GET" and kind is MUTATION:
            raise Refused(405, "A mutation must be sent by POST.", {"allow": "POST"})
        context = await self.context_factory(request)
        if forms.stream and (forms.prefers_stream or kind is SUBSCRIPTION):
            return self._events(admitted, context, identifier)
        if forms.document is None or kind is SUBSCRIPTION:
            raise Refused(400, SUBSCRIBE_OTHERWISE)
        answer = await _unless_left(request, self._run(admitted, context, identifier), kind)
        status = 200 if answer.executed or forms.document == JSON else 400
        return _document(answer.content, status, forms.document, fixed=answer.fixed)

    async def admit(self, operation: Operation) -> Admission:
        """The operation, ready to run, or why it is refused; in the fallback where only that knows the document."""
        try:
            text = self.trusted.text(operation.query, operation.digest)
        except GraphQLError as error:
            return refusal([error])
        admission = await self.gate.admit(text, operation.variables, operation.name)
        trusted = self.trusted.trusts(text)
        if isinstance(admission, Admitted):
            return admission if trusted else _untrusted()
        if self.fallback is not None:
            other = await self.fallback.admit(text, operation.variables, operation.name)
            if isinstance(other, Admitted):
                return other
        return admission if trusted else _untrusted()

    async def _batch(self, request: Request, operations: Sequence[Operation], identifier: str) -> list[Payload]:
        """The answers to a batch, whose operations cost no more together than one may by itself."""
        admitted = [await self.admit(operation) for operation in operations]
        total = sum(each.cost.total for each in admitted if isinstance(each, Admitted))
        if total > (limit := self.limits.max_cost):
            message = f"The batch costs {total}; the limit is {limit}. Ask for less at a time."
            error = LimitExceededError(message, "cost", total, limit)
            admitted = [refusal([error])] * len(operations)
        shared = await self.context_factory(request)
        runs = []
        for each in admitted:
            own = isinstance(each, Admitted) and each.is_large
            runs.append(self._run(each, await self.context_factory(request) if own else shared, identifier))
        return await asyncio.gather(*runs)

    async def _run(self, admitted: Admission, context: object, identifier: str) -> Payload:
        """The answer to a query or mutation."""
        if not isinstance(admitted, Admitted):
            return payload(admitted, identifier)
        if admitted.kind is SUBSCRIPTION:
            return Payload({"errors": [refused(SUBSCRIBE_OTHERWISE)]}, executed=False)
        result = await admitted.execute(context)
        return payload(result, identifier, fixed=is_fixed(admitted, result))

    def _events(self, admitted: Admission, context: object, identifier: str) -> Response:
        """A stream of `next` events, then `complete`, with comments in the pauses to keep the connection open."""
        if self.open_streams >= self.limits.max_streams:
            raise Refused(503, f"{self.limits.max_streams} streams are open already.", {"retry-after": "5"})

        async def events() -> AsyncGenerator[str, None]:
            with self._stream():
                try:
                    if isinstance(admitted, Admitted):
                        async with aclosing(admitted.stream(context)) as results:
                            async for result in results:
                                yield _event("next", payload(result, identifier).content)
                    else:
                        yield _event("next", payload(admitted, identifier).content)
                except Exception:
                    logger.exception("request %s: the stream failed", identifier)
                    yield _event("next", {"errors": [internal_error(identifier)]})
                if not self.websocket.stopping:  # then the end comes without it, so that the client comes back
                    yield _event("complete")

        stream = merge_stream_with_heartbeat(
            events, lambda: HEARTBEAT, interval=SSE_HEARTBEAT_INTERVAL, send_initial_heartbeat=False
        )
        headers = {**SSETransport.headers, "content-type": f"{EVENT_STREAM}; charset=utf-8", "vary": "Accept"}
        return StreamingResponse(stream(), headers={name.lower(): value for name, value in headers.items()})

    def stop(self) -> None:
        """The server stops: streams that end from now on are not complete."""
        self.websocket.stopping = True

    @contextmanager
    def _stream(self) -> Iterator[None]:
        self.open_streams += 1
        try:
            yield
        finally:
            self.open_streams -= 1


def _untrusted() -> Admission:
    message = "Only trusted documents may be run here: send the `documentId` of one."
    return refusal([GraphQLError(message, extensions={"code": ErrorCode.TRUSTED_DOCUMENTS_ONLY.value})])


async def _unless_left(request: Request, work: Coroutine[Any, Any, T], kind: OperationType | None) -> T:
    """What `work` gives, which is cancelled where the client leaves before; a mutation is finished all the same."""
    if kind is MUTATION:
        return await work
    watch = _Watch(request)
    try:
        return await work
    except asyncio.CancelledError:
        if not watch.left:
            raise
        watch.task.uncancel()
        raise Refused(499, "The client left.") from None
    finally:
        watch.end()


class _Watch:
    """Cancels the task that makes it when the client leaves, unless that ended the watch before.

    It begins with the next turn of the event loop: work that never waits is not watched.
    """

    def __init__(self, request: Request) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self.left = False
        self._request = request
        self._over = False
        self._watching: asyncio.Future[None] | None = None
        self._begin = asyncio.get_running_loop().call_soon(self._watch)

    def _watch(self) -> None:
        self._watching = asyncio.ensure_future(_left(self._request))
        self._watching.add_done_callback(self._ended)

    def _ended(self, watching: asyncio.Future[None]) -> None:
        if not watching.cancelled() and not watching.exception() and not self._over:
            self.left = True
            self.task.cancel()

    def end(self) -> None:
        """The task goes on, whether the client is there or not."""
        self._over = True
        self._begin.cancel()
        if self._watching is not None:
            self._watching.cancel()


async def _left(request: Request) -> None:
    """Returns when the client has closed the connection; the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _event(name: str, content: Mapping[str, object] | None = None) -> str:
    """An event with line feeds only, which every reader knows; spliced JSON text may hold line ends as space."""
    data = "" if content is None else encode(content).decode().replace("\n", " ").replace("\r", " ")
    return f"event: {name}\ndata: {data}\n\n"


def _document(content: object, status: int, media_type: str, *, fixed: bool = False) -> Response:
    body = encode_in_parts(content)
    response: Response
    if isinstance(body, bytes):
        response, size = Response(status_code=status), len(body)
        response.body = body
    else:
        response, size = _ResponseInParts(status, body), body.size
    kept = _RAW_HEADERS[media_type, fixed]
    response.raw_headers = [*kept, (b"content-length", str(size).encode())]
    return response


class _ResponseInParts(Response):
    """A response whose body is joined as it is sent, so that there is never a whole copy of a large one."""

    def __init__(self, status: int, parts: InParts) -> None:
        super().__init__(status_code=status)
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _raw_headers(media_type: str, *, fixed: bool) -> tuple[tuple[bytes, bytes], ...]:
    headers = {"content-type": f"{media_type}; charset=utf-8", **(KEPT if fixed else NOT_KEPT)}
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


_RAW_HEADERS = {
    (media_type, fixed): _raw_headers(media_type, fixed=fixed)
    for media_type in (JSON, GRAPHQL_RESPONSE)
    for fixed in (False, True)
}


def _refusal(status: int, error: FormattedError, headers: Mapping[str, str] | None = None) -> Response:
    response = _document({"errors": [error]}, status, JSON)
    response.headers.update(headers or {})
    return response
