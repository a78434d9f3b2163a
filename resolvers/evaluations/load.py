"""Reading what an evaluation is made of. Only data runs here: code of clients never does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from db.json_text import JSONValue, parse_json
from resolvers.completions.prompts import messages_of, prompt_messages
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.objects.builtin.models import (
    LLMStructuredCompletionModel,
    LLMStructuredCompletionModelDefaultParams,
    Message,
)
from resolvers.objects.read import object_by_ref
from resolvers.refs import ObjectRef, TableRef, is_ref, parse_ref
from resolvers.tables.read import table_by_digest

__all__ = [
    "CompletionModel",
    "Dataset",
    "Evaluation",
    "Scorer",
    "count_rows",
    "load_evaluation",
    "load_model",
    "user_messages",
]

MODEL_CLASS = "LLMStructuredCompletionModel"
SCORER_CLASS = "LLMAsAJudgeScorer"
MOST_SCORERS = 100
MOST_TRIALS = 1000


@dataclass(frozen=True, slots=True)
class CompletionModel:
    """A model: what it says before the user does, and its parameters as the provider takes them."""

    ref: str
    model: str
    template: list[JSONValue]
    parameters: dict[str, JSONValue]
    predict_op: str | None


@dataclass(frozen=True, slots=True)
class Scorer:
    """A judge. ``column_map`` gives a variable of its prompt another column than that of its own name."""

    ref: str
    name: str
    model: CompletionModel
    prompt: str | list[JSONValue]
    column_map: dict[str, str]
    score_op: str | None
    summarize_op: str | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The table of a dataset; ``rows_ref`` is the place of the rows in its object."""

    rows_ref: str
    table: TableRef
    row_count: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation; ``ops`` has the refs of its methods that have one."""

    ref: str
    display_name: str | None
    trials: int
    scorers: list[Scorer]
    dataset: Dataset
    ops: dict[str, str]

    @property
    def total_rows(self) -> int:
        """Predictions that are made."""
        return self.dataset.row_count * self.trials


_Field = list[str | int]


@dataclass(frozen=True, slots=True)
class _Object:
    """A value and where it is: the ref of its object, or of a place in one."""

    value: dict[str, Any]
    ref: str
    object_id: str

    def op(self, name: str) -> str | None:
        """The op of one of its methods, which objects that an SDK published name."""
        value = self.value.get(name)
        return value if is_ref(value) else None


async def _object(context: Context, value: JSONValue, field: _Field, place: str = "") -> _Object:
    """What a ref names, or a value that stands at ``place`` itself. Raises a Refusal for what is no object."""
    if isinstance(value, dict):
        return _Object(value, place, "")
    if not is_ref(value):
        raise InvalidInputError(f"{place or 'It'} must be the ref of an object, not {value!r}", field)
    ref = parse_ref(value, field)
    if not isinstance(ref, ObjectRef) or ref.kind != "object" or ref.path:
        raise InvalidInputError(f"{value!r} is not made of data: it is no ref of an object", field)
    columns = frozenset({"val", "ref", "object_id"})
    row = await object_by_ref(context, ref.project, "object", ref.object_id, ref.digest, columns=columns)
    found = parse_json(row.val)
    if not isinstance(found, dict):
        raise InvalidInputError(f"{value!r} is no object of a class", field)
    return _Object(found, row.ref, row.object_id)


def _require_class(found: _Object, name: str, field: _Field) -> None:
    actual = found.value.get("_class_name", found.value.get("_type"))
    if actual != name:
        raise InvalidInputError(f"{found.ref!r} is of class {actual!r}, only {name} can be run", field)


async def load_evaluation(context: Context, evaluation_ref: str) -> Evaluation:
    """The evaluation that a ref names. Raises a Refusal for what is not there, or cannot be run without code."""
    field: _Field = ["evaluationRef"]
    found = await _object(context, evaluation_ref, field)
    value = found.value
    _require_class(found, "Evaluation", field)
    if value.get("preprocess_model_input") is not None:
        raise InvalidInputError(f"{found.ref!r} has a function in preprocess_model_input, which cannot be run", field)
    scorers = value.get("scorers") or []
    if not isinstance(scorers, list) or len(scorers) > MOST_SCORERS:
        raise InvalidInputError(f"{found.ref!r} must have a list of at most {MOST_SCORERS} scorers", field)
    places = [f"{found.ref}/attr/scorers/index/{index}" for index in range(len(scorers))]
    loaded = [await _load_scorer(context, scorer, place) for scorer, place in zip(scorers, places, strict=True)]
    names = [scorer.name for scorer in loaded]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidInputError(f"{found.ref!r} has two scorers of the name {twice!r}", field)
    dataset = await _dataset(context, found, field)
    name = value.get("evaluation_name")
    methods = ("evaluate", "predict_and_score", "summarize")
    return Evaluation(
        ref=found.ref,
        display_name=name if isinstance(name, str) else None,
        trials=_trials(found, field),
        scorers=loaded,
        dataset=dataset,
        ops={method: op for method in methods if (op := found.op(method)) is not None},
    )


async def count_rows(context: Context, evaluation_ref: JSONValue) -> int:
    """The predictions that an evaluation makes, of any models and scorers. Raises a Refusal where that is not to be
    seen."""
    field: _Field = ["evaluationRef"]
    found = await _object(context, evaluation_ref, field)
    return (await _dataset(context, found, field)).row_count * _trials(found, field)


def _trials(evaluation: _Object, field: _Field) -> int:
    trials = evaluation.value.get("trials", 1)
    if not isinstance(trials, int) or isinstance(trials, bool) or not 1 <= trials <= MOST_TRIALS:
        raise InvalidInputError(f"trials of {evaluation.ref!r} must be 1 to {MOST_TRIALS}, not {trials!r}", field)
    return trials


async def _dataset(context: Context, evaluation: _Object, field: _Field) -> Dataset:
    found = await _object(context, evaluation.value.get("dataset"), field, f"{evaluation.ref}/attr/dataset")
    rows = found.value.get("rows")
    table = parse_ref(rows, field) if isinstance(rows, str) and is_ref(rows) else None
    if not isinstance(table, TableRef):
        raise InvalidInputError(f"{found.ref!r} is no dataset: its rows are no table", field)
    row = await table_by_digest(context, table.project, table.digest, columns=frozenset({"row_count"}))
    return Dataset(f"{found.ref}/attr/rows", table, row.row_count)


async def load_model(context: Context, model_ref: JSONValue, field: _Field, place: str = "") -> CompletionModel:
    """The model that a ref names. Raises a Refusal for what is not there, or is no model made of data."""
    found = await _object(context, model_ref, field, place)
    _require_class(found, MODEL_CLASS, field)
    known = {name: item for name, item in found.value.items() if name in LLMStructuredCompletionModel.model_fields}
    if is_ref(known.get("default_params")):
        known["default_params"] = (await _object(context, known["default_params"], field)).value
    try:
        model = LLMStructuredCompletionModel.model_validate({**known, "ref": None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidInputError(f"{found.ref!r} is no {MODEL_CLASS}: {where}: {first['msg']}", field) from error
    if is_ref(model.llm_model_id):
        raise InvalidInputError(
            f"{found.ref!r} runs at a provider of its own, {model.llm_model_id!r}; models run at the server's", field
        )
    params = model.default_params
    return CompletionModel(
        ref=found.ref,
        model=model.llm_model_id,
        template=await _template(context, params),
        parameters=_parameters(params),
        predict_op=found.op("predict"),
    )


async def _template(context: Context, params: LLMStructuredCompletionModelDefaultParams) -> list[JSONValue]:
    if params.prompt is not None:
        return await prompt_messages(context, params.prompt)
    return [message.model_dump(exclude_none=True) for message in params.messages_template or ()]


_SENT_AS = {"n_times": "n"}
_NOT_SENT = {"messages_template", "prompt", "response_format"}


def _parameters(params: LLMStructuredCompletionModelDefaultParams) -> dict[str, JSONValue]:
    given = params.model_dump(exclude_none=True, exclude=_NOT_SENT)
    sent = {_SENT_AS.get(name, name): value for name, value in given.items() if value != []}
    # A schema would have to come with "json_schema", and models have no place for one.
    if params.response_format in {"json_object", "text"}:
        sent["response_format"] = {"type": params.response_format}
    return sent


async def _load_scorer(context: Context, scorer: JSONValue, place: str) -> Scorer:
    field: _Field = ["evaluationRef"]
    found = await _object(context, scorer, field, place)
    _require_class(found, SCORER_CLASS, field)
    value = found.value
    model = await load_model(context, value.get("model"), field, f"{found.ref}/attr/model")
    prompt = value.get("scoring_prompt")
    if isinstance(prompt, str) and is_ref(prompt):
        prompt = await prompt_messages(context, prompt)
    elif not isinstance(prompt, str):
        prompt = messages_of(prompt, found.ref)
    name = value.get("name")
    column_map = value.get("column_map") or {}
    if not isinstance(column_map, Mapping) or not all(isinstance(item, str) for item in column_map.values()):
        raise InvalidInputError(f"column_map of {found.ref!r} must be an object of column names", field)
    return Scorer(
        ref=found.ref,
        name=name if isinstance(name, str) and name else SCORER_CLASS,
        model=model,
        prompt=prompt,
        column_map=dict(column_map),
        score_op=found.op("score"),
        summarize_op=found.op("summarize"),
    )


def user_messages(value: JSONValue) -> list[JSONValue]:
    """What a user says, as messages: a text, a message, or a list of these. Raises InvalidInputError naming others."""
    items = value if isinstance(value, list) else [value]
    messages: list[JSONValue] = []
    for item in items:
        if isinstance(item, str):
            messages.append({"role": "user", "content": item})
        elif isinstance(item, dict):
            try:
                messages.append(Message.model_validate(item).model_dump(exclude_none=True))
            except ValidationError as error:
                raise InvalidInputError(f"user_input has no message {str(item)[:200]}") from error
        else:
            raise InvalidInputError(f"user_input must be a text or messages, not {value!r}")
    return messages
