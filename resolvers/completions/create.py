"""Asking a language model, and recording the question with its answer."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import NamedTuple

from db.json_text import JSONText, JSONValue, dump_json
from resolvers.calls.events import CallEnd, CallStart
from resolvers.calls.kinds import CallKind
from resolvers.calls.record import record_calls
from resolvers.completions.deltas import Accumulated
from resolvers.completions.requests import CompletionRequest, Prepared, prepare, provider_of, usage_summary
from resolvers.context import Context, now
from resolvers.errors import ProviderFailedError
from resolvers.ids import new_id

__all__ = ["COMPLETION_OP", "Answered", "CompletionChunk", "Record", "completion_create", "completion_stream"]

COMPLETION_OP = "weave.completions_create"


class Answered(NamedTuple):
    """What the provider answered: ``response`` is its JSON, or ``{"error": ...}`` with the same ``error``.

    ``call_id`` names the recorded call, None where it was not to be tracked.
    """

    response: dict[str, JSONValue]
    error: str | None
    call_id: str | None


class CompletionChunk(NamedTuple):
    """A part of an answer that is streamed. The first one has no ``chunk``; one with an ``error`` is the last."""

    call_id: str | None
    chunk: JSONText | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a call of the provider is recorded as, but for its result."""

    project: str
    op_name: str
    model: str
    inputs: JSONText
    attributes: JSONText
    wb_user_id: str | None
    trace_id: str | None = None
    parent_id: str | None = None
    session_id: str | None = None

    def start(self, context: Context, call_id: str, started_at: int) -> CallStart:
        """Its start."""
        return CallStart(
            project=self.project,
            id=call_id,
            trace_id=self.trace_id,
            parent_id=self.parent_id,
            session_id=self.session_id,
            op_name=self.op_name,
            started_at=started_at,
            attributes=self.attributes,
            inputs=self.inputs,
            kind=CallKind.LLM,
            wb_user_id=self.wb_user_id or context.caller.user_id,
        )

    def end(self, call_id: str, answer: Mapping[str, JSONValue] | None, error: str | None) -> CallEnd:
        """Its end."""
        output = dump_json(answer) if answer is not None else JSONText("null")
        return CallEnd(self.project, call_id, now(), output, usage_summary(self.model, answer), error)


def _record_of(request: CompletionRequest, prepared: Prepared) -> Record:
    return Record(
        project=request.project,
        op_name=COMPLETION_OP,
        model=request.model,
        inputs=prepared.inputs,
        attributes=request.attributes,
        wb_user_id=request.wb_user_id,
        trace_id=request.trace_id,
        parent_id=request.parent_id,
        session_id=request.session_id,
    )


async def completion_create(context: Context, request: CompletionRequest) -> Answered:
    """A completion, recorded with its usage.

    What the provider refuses is an answer too: the call is recorded with the exception. Raises a Refusal for what
    cannot be asked, NotConfiguredError without a provider.
    """
    context.caller.require_write(request.project)
    provider = provider_of(context)
    prepared = await prepare(context, request)
    started_at = now()
    error = None
    try:
        answer = await provider.complete(prepared.body, prepared.options)
    except ProviderFailedError as failure:
        error = failure.message
        answer = {"error": error}
    if not request.track:
        return Answered(answer, error, None)
    call = _record_of(request, prepared)
    call_id = new_id()
    await record_calls(context, [call.start(context, call_id, started_at), call.end(call_id, answer, error)])
    return Answered(answer, error, call_id)


async def completion_stream(context: Context, request: CompletionRequest) -> AsyncGenerator[CompletionChunk, None]:
    """A completion in chunks, recorded whole at its end, or as far as it came where the reader goes away.

    Raises as ``completion_create`` before there is a stream; later failures are its last chunk.
    """
    context.caller.require_write(request.project)
    provider_of(context)
    prepared = await prepare(context, request)
    call_id = None
    if request.track:
        call_id = new_id()
        # The start goes first: the stream tells its id, so that the call can be looked at meanwhile.
        await record_calls(context, [_record_of(request, prepared).start(context, call_id, now())])
    return _chunks(context, request, prepared, call_id)


async def _chunks(
    context: Context, request: CompletionRequest, prepared: Prepared, call_id: str | None
) -> AsyncGenerator[CompletionChunk, None]:
    so_far = Accumulated()
    # Without this most providers do not say what a stream used.
    body = {**prepared.body, "stream_options": prepared.body.get("stream_options") or {"include_usage": True}}
    error: str | None = "The reader of the stream went away before its end"
    try:
        yield CompletionChunk(call_id)
        try:
            async with aclosing(provider_of(context).stream(body, prepared.options)) as chunks:
                async for chunk in chunks:
                    so_far.add(chunk)
                    yield CompletionChunk(call_id, dump_json(chunk))
            error = None
        except ProviderFailedError as failure:
            error = failure.message
            yield CompletionChunk(call_id, None, error)
    finally:
        if call_id is not None:
            end = _record_of(request, prepared).end(call_id, so_far.completion(), error)
            # A task of its own: this one may be ending because it was cancelled.
            await context.jobs.start(_record(context, end), f"recording completion {call_id}")


async def _record(context: Context, end: CallEnd) -> None:
    await record_calls(context, [end])
