"""A language model as the judge of a call."""

from db.json_text import JSONText, JSONValue, dump_json, parse_json
from resolvers.completions.create import completion_create
from resolvers.completions.requests import CompletionRequest
from resolvers.context import Context
from resolvers.errors import ProviderFailedError
from resolvers.objects.builtin.specs import LlmJudgeActionConfig
from resolvers.refs import CallRef

__all__ = ["content_of", "judge_call"]

_WRAPPED = "response"
"""The member of the answer for schemas that are of no object, which providers do not take by themselves."""


async def judge_call(
    context: Context,
    project: str,
    config: LlmJudgeActionConfig,
    inputs: JSONText,
    output: JSONText | None,
    wb_user_id: str | None,
) -> tuple[JSONValue, str | None]:
    """What the model says of a call's inputs and output, of the shape that ``config`` wants; and the ref of the
    recorded completion. Raises ProviderFailedError for no answer, or one of another shape."""
    wrapped = config.response_schema.get("type") != "object"
    schema = config.response_schema
    if wrapped:
        schema = {
            "type": "object",
            "properties": {_WRAPPED: config.response_schema},
            "required": [_WRAPPED],
            "additionalProperties": False,
        }
    judged = dump_json({"inputs": parse_json(inputs), "output": None if output is None else parse_json(output)})
    answered = await completion_create(
        context,
        CompletionRequest(
            project=project,
            model=config.model,
            messages=[{"role": "system", "content": config.prompt}, {"role": "user", "content": str(judged)}],
            parameters={
                "response_format": {"type": "json_schema", "json_schema": {"name": "response_format", "schema": schema}}
            },
            wb_user_id=wb_user_id,
        ),
    )
    if answered.error is not None:
        raise ProviderFailedError(answered.error)
    content = content_of(answered.response)
    call_ref = None if answered.call_id is None else str(CallRef(project, answered.call_id))
    if content is None:  # the model refused
        return None, call_ref
    try:
        verdict = parse_json(content)
        return verdict[_WRAPPED] if wrapped else verdict, call_ref
    except (ValueError, TypeError, KeyError) as error:
        raise ProviderFailedError(
            f"The judge's answer has not the shape that was asked for: {content[:200]!r}"
        ) from error


def content_of(response: dict[str, JSONValue]) -> str | None:
    """The text of a completion's first choice; None where it has none. Raises ProviderFailedError for no choice."""
    choices = response.get("choices")
    message = (
        choices[0].get("message") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    )
    if not isinstance(message, dict):
        raise ProviderFailedError(f"The provider's answer has no choice: {str(dump_json(response))[:200]}")
    content = message.get("content")
    return content if isinstance(content, str) else None
