"""What attributes mean: the tables of the conventions, and what they find in a span.

Keys stand in the order in which they are tried; the first that has a value counts. OpenInference and the gen_ai
conventions (old and new spellings) are whole here. Inputs and output keep the name of the attribute that they came
from, as Weave's own server stores spans: ``inputs: {"input.value": ...}``.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from db.json_text import JSONText, JSONValue, dump_json, parse_json
from resolvers.calls.kinds import CallKind, kind_of_word
from resolvers.spans.lookup import Finder, Found
from resolvers.spans.nesting import at
from resolvers.spans.shapes import Keys, NamedKeys

__all__ = ["NOTHING", "described", "input_of", "kind_of_span", "model_of", "output_of", "usage_of"]

INPUTS = Keys(
    "ai.toolCall.args",
    "ai.prompt",
    "ai.value",
    "ai.values",
    "gen_ai.prompt",
    "input.value",
    "mlflow.spanInputs",
    "gen_ai.input.messages",
    "pydantic_ai.all_messages",
    "traceloop.entity.input",
    "gcp.vertex.agent.tool_call_args",
    "gcp.vertex.agent.llm_request",
    "gen_ai.tool.call.arguments",
    "llm.input_messages",
    "llm.prompts",
    "tool.parameters",
    "reranker.query",
    "gen_ai.retrieval.query.text",
    "input",
    "inputs",
)

OUTPUTS = Keys(
    "ai.toolCall.result",
    "ai.embedding",
    "ai.embeddings",
    "ai.response",
    "gen_ai.completion",
    "output.value",
    "gen_ai.output.messages",
    "mlflow.spanOutputs",
    "final_result",
    "gen_ai.content.completion",
    "traceloop.entity.output",
    "gcp.vertex.agent.tool_response",
    "gcp.vertex.agent.llm_response",
    "gen_ai.tool.call.result",
    "llm.output_messages",
    "llm.choices",
    "retrieval.documents",
    "reranker.output_documents",
    "gen_ai.retrieval.documents",
    "embedding.embeddings",
    "output",
    "outputs",
)

USAGE = NamedKeys(
    input_tokens=("gen_ai.usage.input_tokens", "ai.usage.inputTokens"),
    prompt_tokens=(
        "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt",
        "llm.usage.prompt_tokens",
        "ai.usage.promptTokens",
        "ai.usage.tokens",
    ),
    output_tokens=("gen_ai.usage.output_tokens", "ai.usage.outputTokens"),
    completion_tokens=(
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
        "llm.usage.completion_tokens",
        "ai.usage.completionTokens",
    ),
    total_tokens=(
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "llm.token_count.total",
        "ai.usage.totalTokens",
    ),
    cache_read_input_tokens=(
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
        "ai.usage.cachedInputTokens",
    ),
    cache_creation_input_tokens=(
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    reasoning_tokens=(
        "gen_ai.usage.reasoning.output_tokens",
        "llm.token_count.completion_details.reasoning",
        "ai.usage.reasoningTokens",
    ),
)

DESCRIPTION = NamedKeys(
    system=("gen_ai.system_instructions", "gen_ai.system", "llm.system"),
    kind=("weave.span.kind", "traceloop.span.kind", "openinference.span.kind"),
    model=(
        "gen_ai.response.model",
        "gen_ai.request.model",
        "llm.response.model_name",
        "llm.model_name",
        "llm.request.model_name",
        "embedding.model_name",
        "reranker.model_name",
        "ai.model.id",
    ),
    provider=("gen_ai.provider.name", "llm.provider", "ai.model.provider"),
    model_parameters=("gen_ai.request", "llm.invocation_parameters"),
    operation_name=("gen_ai.operation.name",),
    response_id=("gen_ai.response.id",),
    finish_reasons=("gen_ai.response.finish_reasons",),
    agent_name=("gen_ai.agent.name", "agent.name"),
    agent_id=("gen_ai.agent.id",),
    tool_name=("gen_ai.tool.name", "tool.name"),
)
"""What a call's attributes say first, by the names that Weave gives it; the whole span follows as ``otel_span``."""

OPERATIONS = {
    "chat": CallKind.LLM,
    "text_completion": CallKind.LLM,
    "generate_content": CallKind.LLM,
    "embeddings": CallKind.EMBEDDING,
    "retrieval": CallKind.RETRIEVER,
    "execute_tool": CallKind.TOOL,
    "create_agent": CallKind.AGENT,
    "invoke_agent": CallKind.AGENT,
    "invoke_workflow": CallKind.CHAIN,
}
"""The values of ``gen_ai.operation.name``."""

OPENINFERENCE_KINDS = {"RERANKER": CallKind.RETRIEVER, "EVALUATOR": CallKind.SCORER, "UNKNOWN": None}
"""Those values of ``openinference.span.kind`` that are no kinds of ours by another name."""

REQUEST_TYPE = Keys("llm.request.type")
VERCEL_OPERATION = Keys("ai.operationId")

OPENLLMETRY_REQUESTS = {"embedding": CallKind.EMBEDDING, "rerank": CallKind.RETRIEVER}
"""Those values of ``llm.request.type`` that are no requests to language models."""

WRITTEN = frozenset(
    {"traceloop.entity.input", "traceloop.entity.output", "ai.toolCall.args", "ai.toolCall.result", "ai.value"}
)
"""What is JSON text even where it says a number or a text."""

# Instrumentations up to version 1.36 of the gen_ai conventions put messages into events of the span.
INPUT_EVENTS = {
    "gen_ai.content.prompt": "gen_ai.prompt",
    "gen_ai.system.message": "gen_ai.prompt",
    "gen_ai.user.message": "gen_ai.prompt",
    "gen_ai.assistant.message": "gen_ai.prompt",
    "gen_ai.tool.message": "gen_ai.prompt",
    "gen_ai.client.inference.operation.details": "gen_ai.input.messages",
}
OUTPUT_EVENTS = {
    "gen_ai.content.completion": "gen_ai.completion",
    "gen_ai.choice": "gen_ai.completion",
    "gen_ai.client.inference.operation.details": "gen_ai.output.messages",
}

Events = Sequence[tuple[str, Mapping[str, JSONValue]]]
"""Name and nested attributes of each event."""


NOTHING = JSONText("{}")
"""The inputs or the output of a span that says none."""


def input_of(attributes: Finder, events: Events) -> JSONText:
    """The inputs: ``{attribute: value}``, or the value itself of an attribute that is called input or inputs."""
    key, value = _said(attributes.first(INPUTS)) or _from_events(events, INPUT_EVENTS)
    return JSONText(value) if key in {"", "input", "inputs"} and value.startswith("{") else _named(key, value)


def output_of(attributes: Finder, events: Events) -> JSONText:
    """The output: ``{attribute: value}``, or the value itself of an attribute that is called output or outputs."""
    key, value = _said(attributes.first(OUTPUTS)) or _from_events(events, OUTPUT_EVENTS)
    return JSONText(value) if key in {"", "output", "outputs"} else _named(key, value)


def _said(found: Found | None) -> tuple[str, str] | None:
    return None if found is None else (found.key, found.text)


def _named(key: str, value: str) -> JSONText:
    """An object with one member; of what is always JSON text, with what that says."""
    if key in WRITTEN and value.startswith('"'):
        with suppress(ValueError, RecursionError):
            value = dump_json(parse_json(parse_json(value)))
    return JSONText(f'{{"{key}":{value}}}')


def _from_events(events: Events, names: Mapping[str, str]) -> tuple[str, str]:
    """The messages that events carry, and the attribute that they would be: one with all of them, or a message an
    event. ``NOTHING`` without a name where they carry none."""
    messages: list[JSONValue] = []
    for name, attributes in events:
        key = names.get(name)
        if key is None:
            continue
        whole = at(attributes, key)
        if whole is not None:
            return key, dump_json(whole)
        message = at(attributes, "gen_ai.event.content")
        if message is None:
            message = {part: value for part, value in attributes.items() if part != "gen_ai"}
        if message not in ("", {}):
            messages.append(message)
    keys = [names[name] for name, _ in events if name in names]
    return (keys[0], dump_json(messages)) if messages else ("", NOTHING)


def usage_of(attributes: Finder) -> dict[str, int]:
    """Token counts by their names in ``summary.usage``; the total is made where only its parts are said."""
    counts: dict[str, int] = {}
    for name, keys in attributes.named(USAGE):
        for value in attributes.values(keys):
            count = _count(value)
            if count is not None:
                counts[name] = count
                break
    if "total_tokens" not in counts:
        for parts in (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")):
            if all(part in counts for part in parts):
                counts["total_tokens"] = sum(counts[part] for part in parts)
    return counts


def _count(value: Any) -> int | None:
    """A count, whatever type it was sent as; None for what is none."""
    try:
        count = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return count if not isinstance(value, bool) and 0 <= count < 1 << 62 else None


def described(attributes: Finder) -> dict[str, Found]:
    """What the attributes of the call say of the span before the span itself."""
    found = {name: attributes.first(keys) for name, keys in attributes.named(DESCRIPTION)}
    return {name: value for name, value in found.items() if value is not None}


def model_of(description: Mapping[str, Found]) -> str | None:
    """The model in what ``described`` gave."""
    model = _value("model", description)
    if model is None and isinstance(parameters := _value("model_parameters", description), dict):
        model = parameters.get("model")
    return model if isinstance(model, str) and model else None


def _value(name: str, description: Mapping[str, Found]) -> JSONValue:
    found = description.get(name)
    return None if found is None else found.value


def kind_of_span(description: Mapping[str, Found], attributes: Finder) -> CallKind | None:
    """The kind that the span's own word stands for, or the operation of its convention; None where it says neither."""
    word = _value("kind", description)
    if isinstance(word, str):
        known = word.upper() in OPENINFERENCE_KINDS
        return OPENINFERENCE_KINDS[word.upper()] if known else kind_of_word(word)
    operation = _value("operation_name", description)
    if isinstance(operation, str):
        return OPERATIONS.get(operation, CallKind.OTHER)
    request = attributes.get(REQUEST_TYPE)
    if isinstance(request, str):
        return OPENLLMETRY_REQUESTS.get(request, CallKind.LLM)
    operation = attributes.get(VERCEL_OPERATION)
    return _vercel_kind(operation) if isinstance(operation, str) else None


def _vercel_kind(operation: str) -> CallKind:
    """The kind of an operation of Vercel's AI SDK: ``ai.generateText`` is what the program calls, which goes to models
    (``ai.generateText.doGenerate``) and to tools (``ai.toolCall``) as often as it takes."""
    name, _, inner = operation.removeprefix("ai.").partition(".")
    if name == "toolCall":
        return CallKind.TOOL
    if name.startswith("embed"):
        return CallKind.EMBEDDING if inner else CallKind.CHAIN
    if name.startswith("rerank"):
        return CallKind.RETRIEVER if inner else CallKind.CHAIN
    return CallKind.LLM if inner.startswith("do") else CallKind.CHAIN
