"""Calls as events of HoneyHive, for queries, orders and filters: ``event.metadata.cost``, ``event.event_type``.

A field is where ``rest_compat.honeyhive.event`` shows it: what a HoneyHive client wrote stands in
``attributes.honeyhive``; of a call that came another way, columns and payloads stand for it (docs/honeyhive.md).
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_
from sqlalchemy import Text as SQLText

from db.calls.reads import exception_message, latency_ms
from db.calls.tables import calls
from db.query.derived import trace_name
from db.query.expression import QueryError
from db.query.fields import MAX_PARTS, MAX_PATH, Field, FieldType, split_path
from db.query.json import json_node
from db.query.templates import apply

__all__ = ["EVENT_SECTIONS", "EVENT_TYPES", "OURS", "SPAN", "UNKNOWN_SOURCE", "WRAPPED", "event_field", "event_hook"]

c = calls.c

ROOT = "event"
EVENT_SECTIONS = (
    "config", "inputs", "outputs", "metadata", "metrics", "feedback", "user_properties",
)  # fmt: skip

EVENT_TYPES = {
    "SESSION": "session",
    "LLM": "model",
    "TOOL": "tool",
    "RETRIEVER": "tool",
    "EMBEDDING": "tool",
    "GUARDRAIL": "tool",
}
"""The type of an event by its kind, as HoneyHive's SDK types spans; any other is a chain."""

UNKNOWN_SOURCE = "unknown"
"""The source of an event that names none, as the document has it."""

WRAPPED = "result"
"""The key that an output which is no object stands under: HoneyHive's SDK puts it there by itself."""

SPAN = "otel_span"
"""The key of attributes that has the whole span of a call that came as one."""

OURS = ("honeyhive", "weave", SPAN)
"""Keys of attributes that are no metadata: what SDKs and the server keep there."""

_COUNTS = {
    "prompt_tokens": c.input_tokens,
    "completion_tokens": c.output_tokens,
    "total_tokens": c.total_tokens,
}

MOST_SPLITS = 4
"""Parts of a path up to which dots may be inside keys anywhere."""

MOST_ENDS = 7
"""Ways to read a longer path: that many of its last parts may be one key."""


def _payload(name: str) -> ColumnElement[Any]:
    return func.coalesce(c[f"{name}_query"], c[name])


ATTRIBUTES, INPUTS, OUTPUT = map(_payload, ("attributes", "inputs", "output"))


def _own(*parts: str) -> ColumnElement[Any]:
    """The node inside what HoneyHive's clients wrote."""
    return json_node(ATTRIBUTES, ["honeyhive", *parts])


_FOREIGN = or_(_own("event_type").is_(None), json_node(ATTRIBUTES, [SPAN, "name"]).is_not(None))
"""Whether the call was recorded by another than HoneyHive's API: also by instrumentation that its SDK only exports."""

_TYPE = case(EVENT_TYPES, value=c.kind, else_="chain")
_ERROR = case(
    (
        # JSON of Weave's SDKs, which is read as a line of text.
        and_(c.exception.like("{%"), c.exception_message.is_not(None)),
        func.coalesce(c.exception_type + ": ", "") + exception_message,
    ),
    else_=c.exception,
)

_FIELDS = {
    field.name: field
    for field in (
        Field("event_id", FieldType.TEXT, c.id, nullable=False),
        Field("session_id", FieldType.TEXT, func.coalesce(c.session_id, c.trace_id), nullable=False),
        Field("parent_id", FieldType.TEXT, c.parent_id),
        Field(
            "event_type",
            FieldType.TEXT,
            _TYPE,
            nullable=False,
            values=(*dict.fromkeys(EVENT_TYPES.values()), "chain"),
        ),
        Field("event_name", FieldType.TEXT, trace_name(c.display_name, c.op_name), nullable=False),
        Field(
            "source",
            FieldType.TEXT,
            func.coalesce(apply("json_to_text", _own("source")), literal(UNKNOWN_SOURCE, SQLText())),
            nullable=False,
        ),
        Field("error", FieldType.TEXT, _ERROR),
        Field("start_time", FieldType.TIME, c.started_at, nullable=False),
        Field("end_time", FieldType.TIME, c.ended_at),
        Field("duration", FieldType.FLOAT, latency_ms),
        Field("evaluation_id", FieldType.TEXT, c.experiment_id),
        Field("dataset_id", FieldType.TEXT, c.dataset_id),
        Field("datapoint_id", FieldType.TEXT, c.datapoint_id),
        Field("project_id", FieldType.TEXT, c.project_id, nullable=False),
    )
}


def event_hook(path: str) -> Field | None:
    """The field at a path of a query that begins with ``event.``; None for other paths."""
    head, dot, rest = path.partition(".")
    if head != ROOT or not dot:
        return None
    return event_field(rest)


def event_field(path: str) -> Field:
    """The field that HoneyHive calls ``path``: ``event_type``, ``metadata.run_id``. Raises ``QueryError``."""
    if len(path) > MAX_PATH:
        raise QueryError(f"the path {path[:100] + '...'!r} is longer than {MAX_PATH} characters")
    section, *parts = split_path(path)
    if section in EVENT_SECTIONS:
        if len(parts) >= MAX_PARTS:
            raise QueryError(f"the path {path[:100] + '...'!r} has more than {MAX_PARTS} parts")
        return _in_section(path, section, parts)
    if path in _FIELDS:
        return _FIELDS[path]
    known = [*_FIELDS, *EVENT_SECTIONS]
    close = get_close_matches(section, known, 1)
    raise QueryError(
        f"unknown field {path!r}; "
        + (f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}, and paths below the last seven")
    )


def _in_section(path: str, section: str, parts: Sequence[str]) -> Field:
    text, above = {"inputs": (INPUTS, ()), "outputs": (OUTPUT, ())}.get(section, (ATTRIBUTES, ("honeyhive", section)))
    ways = [(*above, *way) for way in _ways(parts)]
    others = list(_stand_ins(section, parts))
    if len(ways) == 1 and not others:
        return Field(path, FieldType.JSON, text, parts=ways[0])
    return Field(path, FieldType.JSON, func.coalesce(*(json_node(text, way) for way in ways), *others))


def _stand_ins(section: str, parts: Sequence[str]) -> Iterable[ColumnElement[Any]]:
    """What stands for what no client of HoneyHive wrote."""
    if section == "outputs" and parts and parts[0] == WRAPPED:
        yield case((apply("json_kind", json_node(OUTPUT, [])) != "object", json_node(OUTPUT, parts[1:])))
    if section == "config" and list(parts) == ["model"]:
        yield case((_FOREIGN, apply("text_to_json", c.model)))
    if section != "metadata" or not parts:
        return
    if parts[0] not in OURS and parts[0] not in MIRRORED:
        yield from (json_node(ATTRIBUTES, way) for way in _ways(parts))
    if len(parts) == 1 and parts[0] in _COUNTS:
        yield case((_FOREIGN, apply("integer_to_json", _COUNTS[parts[0]])))


MIRRORED = ("run_id", "dataset_id", "datapoint_id")
"""Members of the metadata that columns of a call say, too."""


def _ways(parts: Sequence[str]) -> list[list[str]]:
    """The keys that a dotted path may stand for: a key a part, or keys with dots in them, the most keys first."""
    count = len(parts)
    if count <= 1:
        return [list(parts)]
    if count <= MOST_SPLITS:
        cuts = [cut for size in range(count - 1, -1, -1) for cut in combinations(range(1, count), size)]
    else:
        # One dotted key at the end, of a few parts or of all: SQLite takes no more than a hundred alternatives.
        cuts = [*(tuple(range(1, end)) for end in range(count, max(count - MOST_ENDS, 1), -1)), ()]
    return [[".".join(parts[start:end]) for start, end in zip((0, *cut), (*cut, count), strict=True)] for cut in cuts]
