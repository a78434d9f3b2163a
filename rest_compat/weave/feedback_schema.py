"""Feedback as Weave's API writes it, and which parts of it a request asks for."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from graph.encoding import Spliced
from graph.json_text import dump_json, parse_json
from resolvers.errors import InvalidInputError

__all__ = ["check_fields", "feedback_schema", "selection"]

_PLAIN = {
    "id": "feedbackId",
    "weave_ref": "targetRef",
    "wb_user_id": "wbUserId",
    "creator": "creator",
    "created_at": "createdAt",
    "feedback_type": "feedbackType",
    "annotation_ref": "annotationRef",
    "runnable_ref": "runnableRef",
    "call_ref": "callRef",
    "trigger_ref": "triggerRef",
}
"""The documented fields and the graph's, but for the payload and the project."""

_KNOWN = {*_PLAIN, "project_id", "payload", "queue_id"}


def _is_payload(field: str) -> bool:
    return field == "payload" or field.startswith("payload.")


def check_fields(fields: Collection[str] | None) -> None:
    """Raise InvalidInputError for a field that feedback does not have."""
    for index, field in enumerate(fields or ()):
        if field not in _KNOWN and not _is_payload(field):
            raise InvalidInputError(
                f"unknown field {field!r}; known are {', '.join(sorted(_KNOWN))}", ["fields", index]
            )


def selection(fields: Collection[str] | None) -> dict[str, bool]:
    """The variables of ``weave/feedback_page`` that say which payloads are read; without ``fields`` all are."""
    return {"payload": not fields or any(map(_is_payload, fields)), "details": not fields}


def feedback_schema(node: Mapping[str, Any], project_id: str, fields: Collection[str] | None) -> dict[str, Any]:
    """Feedback with what ``fields`` name, under the names they give; without them, all that is documented.

    What the newer SDKs know beside is written only where it was said: the older ones refuse fields they do not know.
    """
    if fields:
        payload = parse_json(node["payload"].text) if any("." in field for field in fields) else None
        return {field: _value(node, project_id, field, payload) for field in fields}
    written = {name: node[field] for name, field in _PLAIN.items()}
    written |= {"project_id": project_id, "payload": node["payload"]}
    if node["queueId"] is not None:
        written["queue_id"] = node["queueId"]
    return written if node["details"] is None else {**written, **parse_json(node["details"].text)}


def _value(node: Mapping[str, Any], project_id: str, field: str, payload: Any) -> Any:
    match field:
        case "project_id":
            return project_id
        case "payload":
            return node["payload"]
        case "queue_id":
            return node["queueId"]
        case _ if field in _PLAIN:
            return node[_PLAIN[field]]
    value = payload
    for part in re.split(r"(?<!\\)\.", field)[1:]:
        value = _step(value, part.replace("\\.", "."))
    return Spliced(dump_json(value))


def _step(value: Any, part: str) -> Any:
    """What is at one part of a path; null where there is nothing, as in queries."""
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return None
