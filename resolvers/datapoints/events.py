"""Making the datapoint of a call, as an event of HoneyHive: by a mapping of its fields, or by default.

Fields are those of the event: ``inputs.x``, ``outputs.x``, ``metadata.x`` and so on, or a name alone, which is looked
for among the inputs first, of ground truth among the outputs. A section alone (``inputs``) stands for all its fields.
Keys with dots in them are found too.

Without a mapping the inputs are those of the event but for ``chat_history``, which is the history; the ground truth is
what the feedback calls so (``ground_truth``, ``ground_truths``), else the outputs.
"""

from collections.abc import Mapping, Sequence

from db.json_members import members_of, object_of
from db.json_text import JSONText, dump_json
from db.query.fields import split_path
from db.rows import Row
from resolvers.calls.event_view import error_of, event_type_of, event_view, outputs_of
from resolvers.calls.sections import SECTIONS
from resolvers.datapoints.mapping import FieldMapping, map_history, named
from resolvers.datapoints.validate import NewDatapoint
from resolvers.json_parts import is_object, value_at

__all__ = ["EVENT_COLUMNS", "datapoint_of_call"]

EVENT_COLUMNS = frozenset(
    {
        "trace_id",
        "session_id",
        "parent_id",
        "display_name",
        "op_name",
        "kind",
        "model",
        "exception",
        "exception_type",
        "exception_message",
        "attributes",
        "inputs",
        "output",
    }
)
"""The columns of a call that ``datapoint_of_call`` reads."""

_GIVEN = ("inputs", "outputs", "metadata", "feedback", "config", "user_properties", "metrics")
_WANTED = ("outputs", "feedback", "metadata", "inputs", "config", "user_properties", "metrics")
"""Where a name alone is looked for: what a program was given, and what it should give."""

_HISTORY = "chat_history"
_TRUTHS = ("ground_truth", "ground_truths")


def datapoint_of_call(row: Row, mapping: FieldMapping, dataset_ids: Sequence[str] = ()) -> NewDatapoint:
    """The datapoint of a call with ``EVENT_COLUMNS``, linked to it."""
    event = _event(row)
    if mapping:
        inputs = _mapped(event, mapping.inputs, _GIVEN)
        history = _mapped(event, mapping.history, _GIVEN)
        truth = _mapped(event, mapping.ground_truth, _WANTED)
    else:
        inputs = members_of(event["inputs"])
        history = {_HISTORY: inputs.pop(_HISTORY)} if _HISTORY in inputs else {}
        truth = _truth(event)
    return NewDatapoint(
        inputs=object_of(inputs),
        history=map_history(history),
        ground_truth=object_of(truth) if truth else None,
        linked_call_id=row.call_id,
        dataset_ids=dataset_ids,
    )


def _event(row: Row) -> dict[str, JSONText]:
    view = event_view(row.attributes, row.model)
    error = error_of(row.exception, row.exception_type, row.exception_message)
    texts = {
        "event_id": row.call_id,
        "session_id": row.session_id,
        "parent_id": row.parent_id,
        "event_name": row.display_name or row.op_name,
        "event_type": event_type_of(row.kind),
        "source": view.source,
        "error": error,
    }
    return {
        **{name: dump_json(text) for name, text in texts.items() if text is not None},
        "inputs": JSONText(row.inputs or "{}"),
        "outputs": outputs_of(row.output),
        **{name: view.sections[name] for name in SECTIONS},
    }


def _truth(event: Mapping[str, JSONText]) -> dict[str, JSONText]:
    feedback = members_of(event["feedback"])
    for name in _TRUTHS:
        value = feedback.get(name)
        if value is not None and value.strip() != "null":
            return members_of(value) if is_object(value) else {name: value}
    return members_of(event["outputs"])


def _mapped(event: Mapping[str, JSONText], paths: Sequence[str], sections: Sequence[str]) -> dict[str, JSONText]:
    found: dict[str, JSONText] = {}
    for path, name in named(paths).items():
        value = _find(event, path, sections)
        if value is None:
            continue
        if path in sections:
            found.update(members_of(value))
        else:
            found[name] = value
    return found


def _find(event: Mapping[str, JSONText], path: str, sections: Sequence[str]) -> JSONText | None:
    head, dot, rest = path.partition(".")
    if head in event:
        return _below(event[head], rest) if dot else event[head]
    return next((value for name in sections if (value := _below(event[name], path)) is not None), None)


def _below(section: JSONText, path: str) -> JSONText | None:
    """What a section has at a path: by the nested objects, or under a key that is spelled like the path."""
    if not is_object(section):
        return None
    nested = value_at(section, split_path(path))
    return members_of(section).get(path) if nested is None else nested
