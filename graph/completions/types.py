"""What is asked of a language model, and its answer."""

from typing import cast

import strawberry

from db.json_text import JSONText, JSONValue, parse_json
from graph.calls.types import Call
from graph.context import Info
from graph.fields import column, link
from graph.rows import load_call
from graph.scalars import JSON
from graph.user_errors import UserError
from resolvers.completions.requests import CompletionRequest
from resolvers.errors import InvalidInputError

__all__ = ["CompletionChunk", "CompletionCreateInput", "CompletionCreatePayload", "completion_request"]


@strawberry.input(description="A chat completion that is wanted of the server's provider.")
class CompletionCreateInput:
    """``resolvers.completions.requests.CompletionRequest``."""

    project: str = column("Slug of the project, `entity/name`, that the call is recorded in.")
    model: str = column("The model, by the provider's name for it.")
    messages: JSON = column("The conversation: a list of messages as OpenAI's API takes them.")
    parameters: JSON | None = column(
        "Further parameters of OpenAI's API, an object: `temperature`, `tools`, `response_format`... Beside them "
        "`timeout` in seconds (the server's setting is the longest), `extra_headers` and `api_version`. Headers and "
        "keys are not recorded.",
        default=None,
    )
    prompt: str | None = column("Ref of a published prompt whose messages come first.", default=None)
    template_vars: JSON | None = column("Values of the `{variables}` in the messages, an object.", default=None)
    track: bool = column("Whether a call is recorded.", default=True)
    wb_user_id: str | None = column("User in whose name it is recorded; the caller's where missing.", default=None)
    trace_id: str | None = column("Trace that the call is recorded in; one of its own where missing.", default=None)
    parent_id: str | None = column("Call that asks, in that trace.", default=None)
    session_id: str | None = column("Session that the call is part of.", default=None)


def completion_request(given: CompletionCreateInput) -> CompletionRequest:
    """What the resolvers take. Raises InvalidInputError for JSON of another shape."""
    messages = parse_json(given.messages)
    if not isinstance(messages, list):
        raise InvalidInputError(f"messages must be a list, not {given.messages[:80]}", ["messages"])
    return CompletionRequest(
        project=given.project,
        model=given.model,
        messages=messages,
        parameters=_object(given.parameters, "parameters"),
        prompt=given.prompt,
        template_vars=_object(given.template_vars, "templateVars"),
        track=given.track,
        wb_user_id=given.wb_user_id,
        trace_id=given.trace_id,
        parent_id=given.parent_id,
        session_id=given.session_id,
    )


def _object(text: JSON | None, name: str) -> dict[str, JSONValue]:
    value = {} if text is None else parse_json(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInputError(f"{name} must be an object, not {str(text)[:80]}", [name])
    return value


@strawberry.type(description="What the provider answered.")
class CompletionCreatePayload:
    """An answer, a failure of the provider, or a refusal of ours."""

    project: strawberry.Private[str]
    response: JSON | None = column(
        'The answer as the provider gave it; `{"error": ...}` where it failed, null where nothing was asked.'
    )
    error: str | None = column("What the provider, or the way to it, failed with; the call is recorded with it.")
    call_id: str | None = column("Id of the recorded call; null where none is.")
    user_errors: list[UserError] = column("Why nothing was asked; empty where the provider was.")

    @link("The recorded call; null where none is.")
    async def call(self, info: Info) -> Call | None:
        """Read only where it is asked for."""
        return await load_call(info, self.project, self.call_id)


@strawberry.type(description="A part of an answer that is streamed.")
class CompletionChunk:
    """``resolvers.completions.create.CompletionChunk``."""

    call_id: str | None = column("Id of the call that is being recorded; null where none is.")
    chunk: JSON | None = column("The chunk as the provider sent it; null in the first event, and in one with an error.")
    error: str | None = column("What the provider failed with; then it is the last event.")


def json_of(value: JSONText | None) -> JSON | None:
    """A JSON field's value."""
    return cast("JSON | None", value)
