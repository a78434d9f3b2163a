"""What is asked of a language model, and what of it is recorded."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.json_text import JSONText, JSONValue, dump_json
from resolvers.completions.prompts import fill_messages, prompt_messages
from resolvers.completions.provider import Provider, RequestOptions
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotConfiguredError

__all__ = ["CompletionRequest", "Prepared", "prepare", "provider_of", "usage_summary"]

NO_ATTRIBUTES = JSONText("{}")


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A chat completion that is wanted.

    ``parameters`` are those of OpenAI's API beside the model and the messages, unknown ones too, and Weave's
    ``timeout`` (seconds), ``extra_headers`` and ``api_version``. The messages of ``prompt``, the ref of a published
    one, come before ``messages``; ``template_vars`` fill both.
    """

    project: str
    model: str
    messages: Sequence[JSONValue] = ()
    parameters: Mapping[str, JSONValue] = field(default_factory=dict)
    prompt: str | None = None
    template_vars: Mapping[str, JSONValue] = field(default_factory=dict)
    track: bool = True
    """Whether a call is recorded. What follows is about it."""

    wb_user_id: str | None = None
    attributes: JSONText = NO_ATTRIBUTES
    trace_id: str | None = None
    parent_id: str | None = None
    session_id: str | None = None
    """Those of the recorded call, which begins a trace of its own unless it is told."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as the provider gets it, and as it is recorded."""

    body: dict[str, JSONValue]
    options: RequestOptions
    inputs: JSONText


# Neither sent as parameters nor recorded: they say how to ask, or are secrets of the sender.
_NOT_PARAMETERS = {
    "api_base",
    "api_key",
    "api_version",
    "base_url",
    "extra_headers",
    "stream",
    "timeout",
    "vertex_credentials",
}


def provider_of(context: Context) -> Provider:
    """The provider. Raises NotConfiguredError where there is none."""
    if context.provider is None:
        raise NotConfiguredError(
            "No provider of language models is configured: set --provider-base-url or --provider-api-key"
        )
    return context.provider


async def prepare(context: Context, request: CompletionRequest) -> Prepared:
    """Fill the templates and look at the parameters. Raises a Refusal for what cannot be asked."""
    if not request.model:
        raise InvalidInputError("A completion needs a model, not ''", ["model"])
    messages = list(request.messages)
    if request.prompt is not None:
        messages = [*await prompt_messages(context, request.prompt), *messages]
    if request.template_vars:
        messages = fill_messages(messages, request.template_vars)
    parameters = {
        name: value for name, value in request.parameters.items() if value is not None and name not in _NOT_PARAMETERS
    }
    body = {**parameters, "model": request.model, "messages": messages}
    asked = {"prompt": request.prompt, "template_vars": dict(request.template_vars) or None}
    inputs = {**body, **{name: value for name, value in asked.items() if value is not None}}
    return Prepared(body, _options(request.parameters), dump_json({"model": None, "messages": None} | inputs))


def _options(parameters: Mapping[str, JSONValue]) -> RequestOptions:
    headers = parameters.get("extra_headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise InvalidInputError("extra_headers must be an object of strings", ["parameters", "extra_headers"])
    version = parameters.get("api_version")
    return RequestOptions(
        headers, {"api-version": str(version)} if version else {}, _seconds(parameters.get("timeout"))
    )


def _seconds(timeout: JSONValue) -> float | None:
    if timeout is None:
        return None
    try:
        seconds = float(timeout)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InvalidInputError(f"timeout must be a number of seconds, not {timeout!r}", ["parameters", "timeout"])
    return seconds


def usage_summary(model: str, answer: Mapping[str, JSONValue] | None) -> JSONText:
    """The summary of a recorded call: usage by the model that was asked for."""
    usage = answer.get("usage") if answer else None
    return dump_json({"usage": {model: usage}} if isinstance(usage, dict) else {})
