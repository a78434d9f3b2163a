"""Running an action on calls."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError

from db.json_text import JSONText, JSONValue, dump_json, parse_json
from db.rows import Row
from resolvers.actions.judge import judge_call
from resolvers.calls.read import calls_by_id
from resolvers.completions.requests import provider_of
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotFoundError, Refusal
from resolvers.feedback.record import feedback_create
from resolvers.feedback.validate import NewFeedback
from resolvers.objects.builtin.specs import ActionSpec, ContainsWordsActionConfig
from resolvers.objects.read import object_by_ref
from resolvers.refs import CallRef, ObjectRef, parse_ref

__all__ = ["MOST_CALLS", "ActionResult", "actions_execute"]

MOST_CALLS = 1000


class ActionResult(NamedTuple):
    """What became of one call: the feedback with the action's output, or why there is none."""

    call_id: str
    output: JSONText | None
    feedback_id: str | None
    refusal: Refusal | None


async def actions_execute(
    context: Context, project: str, action_ref: str, call_ids: Sequence[str], *, wb_user_id: str | None = None
) -> list[ActionResult]:
    """Run an action on each call, and give its result as feedback of type ``wandb.runnable.NAME``.

    Results are in the order of ``call_ids``, each call once. Nothing is run unless the action and all calls are there:
    raises InvalidInputError, NotFoundError naming what is not, NotConfiguredError for a judge without a provider.
    A judge that fails on one call leaves the feedback on the others as it is.
    """
    context.caller.require_write(project)
    if len(call_ids) > MOST_CALLS:
        raise InvalidInputError(f"Too many calls: {len(call_ids)}, at most {MOST_CALLS}", ["callIds"])
    name, ref, action = await _read_action(context, project, action_ref)
    if not isinstance(action.config, ContainsWordsActionConfig):
        provider_of(context)
    calls = await _read_calls(context, project, list(dict.fromkeys(call_ids)))

    async def run(call: Row) -> ActionResult:
        try:
            output, call_ref = await _run(context, project, action, call, wb_user_id)
            new = NewFeedback(
                project=project,
                target_ref=str(CallRef(project, call.call_id)),
                feedback_type=f"wandb.runnable.{name}",
                payload=dump_json({"output": output}),
                runnable_ref=ref,
                call_ref=call_ref,
                wb_user_id=wb_user_id,
            )
            given = await feedback_create(context, new)
        except Refusal as refusal:
            return ActionResult(call.call_id, None, None, refusal)
        return ActionResult(call.call_id, dump_json(output), given.id, None)

    return await asyncio.gather(*map(run, calls))


async def _read_action(context: Context, project: str, action_ref: str) -> tuple[str, str, ActionSpec]:
    """Name, ref with the digest, and specification of an action."""
    ref = parse_ref(action_ref, ["actionRef"])
    if not isinstance(ref, ObjectRef) or ref.kind != "object" or ref.path:
        raise InvalidInputError(f"{action_ref!r} is no ref of an object", ["actionRef"])
    if ref.project != project:
        raise InvalidInputError(f"Action {action_ref!r} is not of project {project!r}", ["actionRef"])
    columns = frozenset({"val", "ref"})
    row = await object_by_ref(context, project, "object", ref.object_id, ref.digest, columns=columns)
    try:
        return ref.object_id, row.ref, ActionSpec.model_validate(parse_json(row.val))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the value"
        raise InvalidInputError(f"{action_ref!r} is no ActionSpec: {where}: {first['msg']}", ["actionRef"]) from error


async def _read_calls(context: Context, project: str, call_ids: list[str]) -> list[Row]:
    columns = frozenset({"call_id", "inputs", "output"})
    calls = await calls_by_id(context, [(project, call_id) for call_id in call_ids], columns=columns)
    missing = [call_id for call_id, call in zip(call_ids, calls, strict=True) if call is None]
    if missing:
        names = ", ".join(map(repr, missing[:5])) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise NotFoundError(f"Calls not found in project {project!r}: {names}", ["callIds"])
    return [call for call in calls if call is not None]


async def _run(
    context: Context, project: str, action: ActionSpec, call: Row, wb_user_id: str | None
) -> tuple[JSONValue, str | None]:
    """The action's result, and the ref of the call in which it was made."""
    if isinstance(action.config, ContainsWordsActionConfig):
        return contains_words(call.output, action.config.target_words), None
    return await judge_call(context, project, action.config, call.inputs, call.output, wb_user_id)


def contains_words(output: JSONText | None, words: Sequence[str]) -> bool:
    """Whether any of ``words`` occurs in an output: in a string, or in the JSON of anything else, keys too."""
    value = None if output is None else parse_json(output)
    # Written anew: stored JSON may spell characters as escapes.
    text = value if isinstance(value, str) else str(dump_json(value))
    return any(word in text for word in words)
