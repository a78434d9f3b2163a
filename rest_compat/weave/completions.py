"""Chat completions."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from graph.json_text import dump_json
from rest_compat.registry import Data, Endpoint, Request, Variables
from rest_compat.weave.models import Strict

__all__ = ["ENDPOINTS"]


class CompletionsCreateRequestInputs(BaseModel):
    """Seed 001. What it does not name is handed on to the provider: new parameters come with new models."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    model: str
    messages: list[Any] = Field(default_factory=list)
    timeout: float | str | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    stop: str | list[Any] | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    modalities: list[Any] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stream: bool | None = None
    logit_bias: dict[str, Any] | None = None
    user: str | None = None
    response_format: dict[str, Any] | None = None
    seed: int | None = None
    tools: list[Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    parallel_tool_calls: bool | None = None
    extra_headers: dict[str, Any] | None = None
    functions: list[Any] | None = None
    function_call: str | None = None
    api_version: str | None = None
    prompt: str | None = None
    """The ref of a prompt: what the SDKs from 0.52 on send, as ``template_vars``."""

    template_vars: dict[str, Any] | None = None


class CompletionsCreateReq(Strict):
    """Seed 001; the fields after the documented ones are what the SDKs from 0.52 on send. Of ``inference_route``, which
    would send the question to an address of the client's, only its absence is taken."""

    project_id: str
    inputs: CompletionsCreateRequestInputs
    wb_user_id: str | None = None
    track_llm_call: bool | None = True
    trace_id: str | None = None
    conversation_id: str | None = None
    conversation_name: str | None = None
    source: str | None = None
    parent_id: str | None = None
    inference_route: None = None


_OWN_ARGUMENTS = {"model", "messages", "prompt", "template_vars"}


def _input(request: Request) -> Variables:
    body: CompletionsCreateReq = request.body
    inputs = body.inputs
    parameters = inputs.model_dump(exclude=_OWN_ARGUMENTS, exclude_none=True)
    return {
        "input": {
            "project": body.project_id,
            "model": inputs.model,
            "messages": dump_json(inputs.messages),
            "parameters": dump_json(parameters),
            "prompt": inputs.prompt,
            "templateVars": None if inputs.template_vars is None else dump_json(inputs.template_vars),
            "track": body.track_llm_call is not False,
            "wbUserId": body.wb_user_id,
            "traceId": body.trace_id,
            "parentId": body.parent_id,
            "sessionId": body.conversation_id,
        }
    }


def _created(data: Data, _request: Request) -> dict[str, Any]:
    payload = data["completionCreate"]
    return {"response": payload["response"], "weave_call_id": payload["callId"]}


def _line(data: Data) -> Any:
    part = data["completionStream"]
    if part["error"] is not None:
        return {"error": part["error"]}
    if part["chunk"] is not None:
        return part["chunk"]
    # The first line of a stream that is not recorded would have nothing to say.
    return None if part["callId"] is None else {"_meta": {"weave_call_id": part["callId"]}}


ENDPOINTS = [
    Endpoint(
        "/completions/create",
        "weave/completion_create",
        "Ask a language model, and record the question and its answer as a call.",
        model=CompletionsCreateReq,
        variables=_input,
        respond=_created,
    ),
    Endpoint(
        "/completions/create_stream",
        "weave/completion_stream",
        "The same in chunks, as JSON lines; the first one names the call.",
        model=CompletionsCreateReq,
        variables=_input,
        line=_line,
    ),
]
