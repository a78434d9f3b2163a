"""Asking a model made of data."""

import re
from collections.abc import Mapping, Sequence

from db.json_text import JSONValue, dump_json, parse_json
from resolvers.actions.judge import content_of
from resolvers.completions.create import completion_create
from resolvers.completions.requests import CompletionRequest
from resolvers.context import Context
from resolvers.errors import ProviderFailedError, Refusal
from resolvers.evaluations.load import CompletionModel
from resolvers.evaluations.ops import Ops
from resolvers.evaluations.spans import Span, exception_text

__all__ = ["fill_known", "predict", "variables_in"]

PREDICT_OP = "LLMStructuredCompletionModel.predict"

_VARIABLE = re.compile(r"\{(\w+)\}")


async def predict(
    context: Context, parent: Span, ops: Ops, model: CompletionModel, messages: list[JSONValue], inputs: JSONValue
) -> tuple[Span, JSONValue]:
    """What the model answers to its template and ``messages``, and the call of it.

    ``inputs`` is what the call is recorded with. The completion itself is a call of its own, with its usage, in a
    trace of its own as on Weave's servers; its attributes name this call. Raises a Refusal; the call ended with it.
    """
    span = parent.child(await ops.ref(PREDICT_OP, model.predict_op), inputs)
    meta = {"evaluate_model_worker": True, "predict_call": span.ref}
    try:
        answered = await completion_create(
            context,
            CompletionRequest(
                project=span.project,
                model=model.model,
                messages=messages,
                parameters=model.parameters,
                wb_user_id=span.wb_user_id,
                attributes=dump_json({"_weave_eval_meta": meta}),
            ),
        )
        if answered.error is not None:
            raise ProviderFailedError(answered.error)
        output = _output(answered.response, model.parameters.get("response_format"))
    except Refusal as refusal:
        span.end(exception=exception_text(type(refusal).__name__, refusal.message))
        raise
    span.end(output)
    return span, output


def _output(response: dict[str, JSONValue], response_format: JSONValue) -> JSONValue:
    content = content_of(response)
    if content is None:
        raise ProviderFailedError("The model answered without a text")
    if response_format != {"type": "json_object"}:
        return content
    try:
        return parse_json(content)
    except ValueError as error:
        raise ProviderFailedError(
            f"The model's answer is not the JSON that was asked for: {content[:200]!r}"
        ) from error


def fill_known(template: Sequence[JSONValue], row: Mapping[str, JSONValue]) -> list[JSONValue]:
    """The messages of a template with each ``{column}`` of the row replaced. All other braces stay as they are: a
    template may hold JSON."""

    def replace(match: re.Match[str]) -> str:
        return str(row[match[1]]) if match[1] in row else match[0]

    def filled(value: JSONValue) -> JSONValue:
        if isinstance(value, str):
            return _VARIABLE.sub(replace, value)
        return fill_known(value, row) if isinstance(value, list) else value

    return [
        {name: filled(value) for name, value in message.items()} if isinstance(message, dict) else message
        for message in template
    ]


def variables_in(template: Sequence[JSONValue]) -> set[str]:
    """The names that a template has in braces."""
    return set(_VARIABLE.findall(dump_json(list(template))))
