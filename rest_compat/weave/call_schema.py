"""A call as Weave's ``CallSchema``: which columns it is made of, and how it is written."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from graph.encoding import Spliced, encode
from graph.json_text import dump_json, parse_json
from rest_compat.weave.cost_schema import costs_schema
from rest_compat.weave.feedback_schema import feedback_schema

__all__ = ["PLAIN", "beside", "call_schema", "name_of", "roots_of", "selection", "with_derived"]

# Column of CallSchema -> field of the graph, in the order of the schema. Starred in the documents: always there.
PLAIN = {
    "id": "callId",
    "project_id": "projectSlug",
    "op_name": "opName",
    "display_name": "displayName",
    "trace_id": "traceId",
    "parent_id": "parentId",
    "thread_id": "threadId",
    "turn_id": "turnId",
    "started_at": "startedAt",
    "attributes": "attributes",
    "inputs": "inputs",
    "ended_at": "endedAt",
    "exception": "exception",
    "output": "output",
    "summary": "summary",
    "wb_user_id": "wbUserId",
    "wb_run_id": "wbRunId",
    "wb_run_step": "wbRunStep",
    "wb_run_step_end": "wbRunStepEnd",
    "deleted_at": "deletedAt",
}
_ALWAYS = frozenset({"id", "project_id", "op_name", "trace_id", "started_at"})
_DERIVED_FROM = frozenset({"ended_at", "exception", "display_name"})
"""What ``summary.weave`` is made of comes with the summary."""

_PAYLOADS = ("attributes", "inputs", "output", "summary")
_EMPTY = Spliced("{}")


def selection(
    columns: Collection[str] | None,
    *,
    costs: bool = False,
    storage_size: bool = False,
    total_storage_size: bool = False,
) -> dict[str, bool]:
    """The variables of ``weave/call_fields`` that say what is read beside the plain columns; ``columns`` None is all.

    A column may be a path into a payload; the payload then comes whole.
    """
    roots = None if columns is None else {column.split(".")[0] for column in columns}
    return {
        **{name: roots is None or name in roots for name in _PAYLOADS},
        "costs": costs,
        "storageSize": storage_size,
        "totalStorageSize": total_storage_size,
    }


def roots_of(columns: Collection[str] | None) -> frozenset[str] | None:
    """The columns that are filled in where these are asked for, which may be paths; None for all."""
    if columns is None:
        return None
    roots = {column.split(".")[0] for column in columns} | _ALWAYS
    return frozenset(roots | _DERIVED_FROM if "summary" in roots else roots)


def call_schema(call: Mapping[str, Any], project_id: str, columns: Collection[str] | None = None) -> dict[str, Any]:
    """The CallSchema of a call of the graph.

    With ``columns``, others but the required ones are left at their defaults, and the summary holds what the server
    derives alone.
    """
    roots = roots_of(columns)
    written: dict[str, Any] = {}
    for name, field in PLAIN.items():
        wanted = roots is None or name in roots
        written[name] = call.get(field) if wanted else None
    for name in ("attributes", "inputs"):
        if written[name] is None:
            written[name] = _EMPTY
    written["summary"] = summary_with_derived(call, project_id)
    written["storage_size_bytes"] = call.get("storageSizeBytes")
    written["total_storage_size_bytes"] = call.get("totalStorageSizeBytes")
    return written


def summary_with_derived(call: Mapping[str, Any], project_id: str) -> Spliced:
    """The client's summary with what the server derives under ``weave``: status, latency, name, costs and
    feedback on request."""
    fragment = call.get("summary")
    text = "{}" if fragment is None else fragment.text
    derived = derived_summary(call)
    if call.get("cost"):
        derived["costs"] = costs_schema(call["cost"], project_id)
    if "feedback" in call:
        nodes = call["feedback"]["nodes"]
        derived["feedback"] = [feedback_schema(node, project_id, None) for node in nodes]
    return Spliced(with_derived(text, derived))


def with_derived(text: str, derived: dict[str, Any]) -> str:
    """The JSON text of a summary with ``weave`` in it, beside what the client has there."""
    if '"weave"' in text:
        parsed = parse_json(text)
        own = parsed.pop("weave", None)
        derived = {**(own if isinstance(own, dict) else {}), **derived}
        text = dump_json(parsed)
    return beside(text, encode(derived).decode())


def beside(text: str, weave: str) -> str:
    """The JSON text of an object with a member ``weave`` behind those that it has."""
    head = text.strip()[:-1].rstrip()
    comma = "" if head == "{" else ","
    return f'{head}{comma}"weave":{weave}}}'


_REF_NAME = re.compile(r"weave:///[^/]+/[^/]+/[^/]+/([^:/]+):")


def derived_summary(call: Mapping[str, Any]) -> dict[str, Any]:
    """``summary.weave``, after findings on the SDK: no latency while it runs; a display name in place of the name."""
    derived: dict[str, Any] = {"status": call["status"].lower()}
    if call.get("latencyMs") is not None:
        derived["latency_ms"] = int(call["latencyMs"])
    if call.get("displayName"):
        derived["display_name"] = call["displayName"]
    else:
        derived["trace_name"] = name_of(call["opName"])
    return derived


def name_of(op_name: str) -> str:
    """The name of the op that a ref points to; any other text as it is."""
    match = _REF_NAME.match(op_name)
    return match[1] if match else op_name
