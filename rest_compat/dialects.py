"""Running endpoints: request in, operation, answer out, errors in the shape of the dialect."""

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from graphql import ExecutionResult, GraphQLError
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from strawberry.schema import BaseSchema

from graph.encoding import encode
from graph.operations import Operation
from graph.written import Writers, Written
from resolvers.away import answerable
from resolvers.context import Context
from resolvers.errors import Refusal, RefusalCode
from rest_compat.bodies import InvalidBodyError, decode_body
from rest_compat.explain import asks_to_explain, explanation
from rest_compat.forms import read_form
from rest_compat.pace import Pace
from rest_compat.parameters import decode_parameters
from rest_compat.reading import BodyTooLargeError, check_length, counted, read_body
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, following_page, limit_of, load_operations

__all__ = [
    "Dialect",
    "Limits",
    "Problem",
    "RefusedError",
    "UnsupportedBodyError",
    "data_of",
    "encode",
    "routes",
]

log = logging.getLogger("tracegraph.rest")


LINES_AT_ONCE = 200
"""Lines that are made of what GraphQL gives before other requests get a turn."""

PIECE_BYTES = 1 << 18  # of a stream, sent at once
RETRY_AFTER = "1"
"""Seconds after which what was unavailable may be there again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that a JSON body and an uploaded file may have."""

    body: int
    upload: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as it comes out of an operation, from ``userErrors`` or ``errors``."""

    code: RefusalCode
    message: str
    field: Sequence[str | int] = ()
    """Path into the operation's input."""

    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What else the answer says, such as ``deleted_at``."""


class Dialect(Protocol):
    """How one foreign API says no, and yes."""

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """All of its endpoints."""
        ...

    @property
    def project(self) -> str:
        """The project of requests that name none; empty where all do."""
        ...

    def invalid(self, error: InvalidBodyError) -> Response:
        """The answer to a malformed body."""
        ...

    def refused(self, problem: Problem) -> Response:
        """The answer to a refusal of meaning."""
        ...

    def too_large(self, limit: int) -> Response:
        """The answer to a body past the limit."""
        ...

    def unsupported(self, message: str) -> Response:
        """The answer to a body of a type or an encoding that the endpoint does not take."""
        ...

    def failed(self) -> Response:
        """The answer to a fault of ours."""
        ...


class UnsupportedBodyError(Exception):
    """The body is of a type, or in an encoding, that the endpoint does not take; the message names it."""


class RefusedError(Exception):
    """An operation answered with a refusal, or with what its endpoint has to refuse."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def routes(
    dialect: Dialect, schema: BaseSchema, limits: Limits, context_of: Callable[[HTTPRequest], Awaitable[Context]]
) -> list[Route]:
    """The routes of a dialect, its operations checked against the schema."""
    operations = load_operations(dialect.endpoints, schema)
    return [
        Route(
            endpoint.path,
            _handler(endpoint, operations[endpoint.operation], schema, dialect, limits, context_of),
            methods=[endpoint.method],
        )
        for endpoint in dialect.endpoints
    ]


def _handler(
    endpoint: Endpoint,
    operation: Operation,
    schema: BaseSchema,
    dialect: Dialect,
    limits: Limits,
    context_of: Callable[[HTTPRequest], Awaitable[Context]],
) -> Callable[[HTTPRequest], Awaitable[Response]]:
    async def answer_to(http: HTTPRequest) -> Response:
        try:
            explaining = asks_to_explain(http)
            request = await _read(http, endpoint, limits, dialect.project)
            context = await context_of(http)
            variables = endpoint.variables(request)
            if explaining:
                return await explanation(operation, schema, variables)
            if endpoint.line is not None:
                return await _subscribed(endpoint.line, operation, context, variables)
            writers = endpoint.writers(request)
            data = data_of(await operation.run(context, variables, writers))
            if endpoint.stream is not None:
                return await _streamed(endpoint.stream, writers, operation, context, request, variables, data)
            answer = endpoint.respond(data, request)
            if isinstance(answer, Response):
                return answer
            return Response(encode(answer), endpoint.status, media_type="application/json")
        except InvalidBodyError as error:
            return dialect.invalid(error)
        except BodyTooLargeError as error:
            return dialect.too_large(error.limit)
        except UnsupportedBodyError as error:
            return dialect.unsupported(str(error))
        except RefusedError as error:
            return dialect.refused(error.problem)
        except Refusal as refusal:
            return dialect.refused(Problem(refusal.code, refusal.message, refusal.field))
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:
            log.exception("%s %s failed", endpoint.method, endpoint.path)
            return dialect.failed()

    async def handle(http: HTTPRequest) -> Response:
        reader = counted(http, limits.upload if endpoint.form else limits.body)
        try:
            answer = await answer_to(reader)
        finally:
            await reader.close()  # with the files of a form
        if endpoint.refuse and answer.status_code >= 400:
            answer = endpoint.refuse(http, answer)
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            answer.headers["retry-after"] = RETRY_AFTER
        return answer

    return handle


async def _read(http: HTTPRequest, endpoint: Endpoint, limits: Limits, project: str) -> Request:
    parameters = endpoint.parameters
    query = None if parameters is None else decode_parameters(http.query_params.multi_items(), parameters)
    return Request(await _body(http, endpoint, limits), http.path_params, query, project)


async def _body(http: HTTPRequest, endpoint: Endpoint, limits: Limits) -> Any:
    if endpoint.read is not None:
        return await endpoint.read(http, limits.body)
    if endpoint.model is None:
        return None
    if endpoint.form:
        check_length(http, limits.upload)
        return await read_form(http, endpoint.model)
    return decode_body(await read_body(http, limits.body), endpoint.model)


def data_of(result: ExecutionResult) -> Data:
    """The data of a result without errors; raises RefusedError for a refusal, whatever else for a fault."""
    for error in result.errors or ():
        original = error.original_error
        if isinstance(original, Refusal):
            raise original
        if original is None or isinstance(original, GraphQLError):  # a variable that a scalar refused
            raise RefusedError(Problem(RefusalCode.INVALID_INPUT, error.message))
        raise answerable(original)
    data = result.data or {}
    for payload in data.values():
        if isinstance(payload, dict) and payload.get("userErrors"):
            first = payload["userErrors"][0]
            raise RefusedError(Problem(RefusalCode(first["code"]), first["message"], first["field"]))
    return data


async def _streamed(
    stream: Stream,
    writers: Writers,
    operation: Operation,
    context: Context,
    request: Request,
    variables: Variables,
    data: Data,
) -> Response:
    """The answer, page by page; the first page is there already, so every refusal came before the 200."""
    limit = limit_of(request)
    first = stream.connection(data)
    context = context.fresh()  # which holds nothing of the first page while others are sent

    async def items_of(connection: Mapping[str, Any], sent: int) -> list[bytes]:
        nodes = connection["nodes"] if limit is None else connection["nodes"][: limit - sent]
        if isinstance(connection["nodes"], Written):
            return nodes  # type: ignore[no-any-return]
        items: list[bytes] = []
        for node in nodes:
            items.append(encode(stream.line(node, request)))
            if len(items) % LINES_AT_ONCE == 0:
                await asyncio.sleep(0)  # others get their turn
        return items

    async def pages(items: list[bytes], following: Variables | None) -> AsyncIterator[list[bytes]]:
        sent = len(items)
        pace = Pace(lambda: context.database.is_awaited)
        if items:
            yield items
        # What was sent has been taken out of its list: a client that stops reading holds what it has not got alone.
        while following is not None:
            await pace.rest()
            current = {**following, **stream.later, "first": min(following["first"], pace.rows)}
            with pace.page():
                connection = stream.connection(data_of(await operation.run(context.fresh(), current, writers)))
            if connection is None:
                return
            items = await items_of(connection, sent)
            sent += len(items)
            following = following_page(connection, request, current, sent)
            del connection
            if items:
                yield items

    items = [] if first is None else await items_of(first, 0)
    following = None if first is None else following_page(first, request, variables, len(items))
    if following is not None:
        if stream.member is None:
            return StreamingResponse(_as_lines(pages(items, following)), media_type="application/jsonl")
        answer = _as_object(stream.member, stream.before(data), pages(items, following))
        return StreamingResponse(answer, media_type="application/json")
    # All is there, and a stream costs more than it.
    if stream.member is None:
        return Response(b"\n".join([*items, b""]), media_type="application/jsonl")
    opening = encode({**stream.before(data), stream.member: []}).removesuffix(b"]}")
    return Response(opening + b",".join(items) + b"]}", media_type="application/json")


async def _subscribed(
    line: Callable[[Data], Any], operation: Operation, context: Context, variables: Variables
) -> Response:
    """The events of a subscription as JSON lines; a refusal comes before the 200."""
    events = await operation.events(context, variables)
    if isinstance(events, ExecutionResult):
        data_of(events)
    assert not isinstance(events, ExecutionResult), "a subscription that is not refused has events"

    async def lines() -> AsyncIterator[bytes]:
        # Closed as soon as the client is gone, so that what makes the events stops.
        async with aclosing(events):
            async for event in events:
                if (item := line(data_of(event))) is not None:
                    yield encode(item) + b"\n"

    return StreamingResponse(lines(), media_type="application/jsonl")


async def _as_lines(pages: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    async for items in pages:
        async for piece in _pieces(items):
            yield b"\n".join([*piece, b""])


async def _pieces(items: list[bytes]) -> AsyncIterator[list[bytes]]:
    """Some of the items at a time, which are taken out of the list; other requests get their turn after each."""
    items.reverse()
    while items:
        piece = [items.pop()]
        size = len(piece[0])
        while items and size < PIECE_BYTES:
            piece.append(items.pop())
            size += len(piece[-1])
        yield piece
        await asyncio.sleep(0)


async def _as_object(member: str, before: Mapping[str, Any], pages: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    opening = encode({**before, member: []}).removesuffix(b"]}")
    separator = opening
    async for items in pages:
        async for piece in _pieces(items):
            yield separator + b",".join(piece)
            separator = b","
    yield (opening if separator is opening else b"") + b"]}"
