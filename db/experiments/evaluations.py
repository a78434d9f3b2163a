"""Weave evaluations as experiments: what a call of ``Evaluation.evaluate`` says of the run that it is.

The call's row is the source: the experiment is made when the call's start is recorded, and follows its end and its
renames, in the same transaction. So a deleted experiment stays deleted, whatever comes of its call.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, select, tuple_

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.chunks import chunked
from db.experiments.tables import experiments
from db.experiments.writes import insert_experiments, update_experiment
from db.json_text import JSONText, JSONValue, dump_json, parse_json
from db.objects.tables import objects

__all__ = ["is_evaluation", "record_evaluations"]

OP = "Evaluation.evaluate"
"""How the name of the op ends, without the digest of its version, in the SDKs of all languages."""

_STATUSES = {"running": "running", "success": "completed", "descendant_error": "completed", "error": "failed"}
"""An evaluation in which something failed and which ended well is complete."""

_AT_ONCE = 100
"""Evaluations whose inputs and outputs are in memory together."""

c, e, o = calls.c, experiments.c, objects.c


def is_evaluation(op_name: str | None) -> bool:
    """Whether a call of this op is a run of an evaluation."""
    if op_name is None or OP not in op_name:
        return False
    return op_name.rpartition("/")[2].partition(":")[0].endswith(OP)


def record_evaluations(
    connection: Connection, project_id: str, call_ids: Iterable[str], started: Collection[str], at: int
) -> None:
    """Bring the experiments of ``call_ids`` in line with the calls, and make those of the ``started`` among them.

    Inside a write transaction; three statements a hundred of them, and one an evaluation. Calls that are not shown are
    passed over.
    """
    for chunk in chunked(call_ids, _AT_ONCE):
        _record(connection, project_id, chunk, started, at)


_CALL = (
    c.id,
    c.trace_id,
    c.parent_id,
    c.display_name,
    c.status,
    c.started_at,
    c.ended_at,
    c.wb_user_id,
    c.inputs,
    c.output,
)
_KNOWN = (e.id, e.name, e.evaluation_ref, e.dataset_ref, e.metadata, e.evaluators)


def _record(
    connection: Connection, project_id: str, call_ids: Collection[str], started: Collection[str], at: int
) -> None:
    shown: Select[Any] = select(*_CALL).where(c.project_id == project_id, c.id.in_(call_ids), SHOWN)
    rows = connection.execute(shown).all()
    stored: Select[Any] = select(*_KNOWN).where(e.project_id == project_id, e.id.in_(call_ids))
    known: dict[str, Row[Any]] = {row.id: row for row in connection.execute(stored)}
    inputs = {row.id: _object(row.inputs) for row in rows}
    # An SDK publishes the evaluation beside its call, before it or after.
    unread = {
        row.id: inputs[row.id].get("self")
        for row in rows
        if row.id not in known or (known[row.id].dataset_ref is None and known[row.id].evaluators == "[]")
    }
    values = _evaluations(connection, project_id, {ref for ref in unread.values() if isinstance(ref, str)})
    new = []
    for row in rows:
        ref = unread.get(row.id)
        evaluation = ref if isinstance(ref, dict) else values.get(ref) if isinstance(ref, str) else None
        if row.id in known:
            update_experiment(connection, project_id, row.id, _changed(row, known[row.id], evaluation, inputs, at))
        elif row.id in started:
            new.append({"project_id": project_id, **_made(row, evaluation, inputs[row.id], at)})
    insert_experiments(connection, new)


def _evaluations(connection: Connection, project_id: str, refs: Collection[str]) -> Mapping[str, dict[str, JSONValue]]:
    """The values of the objects of this project that refs name, by ref."""
    scheme = f"weave:///{project_id}/object/"
    names = {ref: tuple(ref.removeprefix(scheme).split(":")) for ref in refs if ref.startswith(scheme)}
    keys = {name for name in names.values() if len(name) == 2}
    if not keys:
        return {}
    statement = select(o.object_id, o.digest, o.val).where(
        o.project_id == project_id, o.kind == "object", tuple_(o.object_id, o.digest).in_(sorted(keys))
    )
    found = {(row.object_id, row.digest): row.val for row in connection.execute(statement)}
    return {ref: _object(found[name]) for ref, name in names.items() if name in found}


def _made(row: Row[Any], evaluation: dict[str, JSONValue] | None, inputs: dict[str, Any], at: int) -> dict[str, Any]:
    """The experiment of a call."""
    return {
        "id": row.id,
        "origin": "weave",
        "evaluation_ref": _ref(inputs.get("self")),
        "model_ref": _ref(inputs.get("model")),
        "trace_id": row.trace_id,
        "nested": row.parent_id is not None,
        "created_by": row.wb_user_id,
        "created_at": row.started_at,
        "updated_at": at,
        "metadata": "{}",
        "passing_ranges": "{}",
        **_said(evaluation or {}, inputs, {}),
        **_stands(row, evaluation),
    }


def _changed(
    row: Row[Any], known: Row[Any], evaluation: dict[str, JSONValue] | None, inputs: Mapping[str, Any], at: int
) -> dict[str, Any]:
    """What a call that changed makes of its experiment."""
    said = {} if evaluation is None else _said(evaluation, inputs[row.id], _object(known.metadata))
    stands = _stands(row, evaluation)
    if row.display_name is None:
        stands["name"] = stands["name"] or known.name
    return {"updated_at": at, **said, **stands}


def _said(
    evaluation: dict[str, JSONValue], inputs: Mapping[str, Any], metadata: dict[str, JSONValue]
) -> dict[str, Any]:
    """What the evaluation's object says: its dataset, its scorers, how often it tries; ``metadata`` is kept."""
    own = evaluation.get("metadata")
    own = own if isinstance(own, dict) else {}
    scorers = evaluation.get("scorers") or own.get("scorers")
    configuration = {
        "evaluation": _ref(inputs.get("self")),
        "model": _ref(inputs.get("model")),
        "trials": evaluation.get("trials"),
    }
    return {
        "dataset_ref": _ref(evaluation.get("dataset")),
        "metadata": dump_json({**own, **metadata}),
        "evaluators": dump_json(scorers if isinstance(scorers, list) else []),
        "configuration": dump_json({name: value for name, value in configuration.items() if value is not None}),
    }


def _stands(row: Row[Any], evaluation: dict[str, JSONValue] | None) -> dict[str, Any]:
    """How the call stands, and what it gave."""
    name = None if evaluation is None else evaluation.get("name")
    return {
        "name": row.display_name or (name if isinstance(name, str) else None),
        "status": _STATUSES[row.status],
        "ended_at": row.ended_at,
        "results": _results(row.output),
    }


def _results(output: str | None) -> JSONText:
    """The summary that an evaluation gives back, which is an object, or an object around what another gives back."""
    if output is None or output == "null":
        return JSONText("{}")
    return JSONText(output) if output.lstrip().startswith("{") else JSONText(f'{{"output":{output}}}')


def _ref(value: JSONValue) -> str | None:
    return value if isinstance(value, str) and value.startswith("weave:///") else None


def _object(text: str | None) -> dict[str, JSONValue]:
    """The object that JSON text holds; an empty one where it holds none."""
    value = None if text is None else parse_json(text)
    return value if isinstance(value, dict) else {}
