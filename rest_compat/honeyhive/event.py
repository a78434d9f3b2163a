"""A call as an event: the document's ``LegacyEvent`` and ``PostSessionStartResponse``.

What a client of HoneyHive wrote comes back as it was sent, spliced and not parsed; of a call that came another way,
its columns and payloads make an event (``resolvers.calls.event_view``, docs/honeyhive.md).
"""

from collections.abc import Mapping
from typing import Any

from graph.encoding import Spliced
from graph.json_text import parse_json
from graph.scalars import parse_time
from resolvers.calls.event_view import EventView, error_of, event_type_of, event_view, outputs_of
from rest_compat.honeyhive.models import milliseconds

__all__ = ["event_of"]

_EMPTY = Spliced("{}")


def event_of(call: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a call that was selected with the fragment ``Event``, or with ``EventRow`` and some of its payloads,
    whose sections it then has.

    Members without a value are left out, as the document has no null for them; only ``error`` may be null.
    """
    entity, _, name = call["projectSlug"].partition("/")
    columns = {
        "project": name,
        "project_id": call["projectSlug"],
        "org_id": entity,
        "workspace_id": entity,
        "tenant": entity,
        "event_id": call["callId"],
        "session_id": call["sessionId"] or call["traceId"],
        "parent_id": call["parentId"],
        "event_type": event_type_of(call["kind"]),
        "event_name": call["name"],
        "error": error_of(call["exception"], call["exceptionType"], call["exceptionMessage"]),
        "start_time": _time(call["startedAt"]),
        "end_time": _time(call["endedAt"]),
        "duration": _whole(call["latencyMs"]),
    }
    event = {**_payloads(call), **columns}
    return {member: value for member, value in event.items() if value is not None or member == "error"}


def _payloads(call: Mapping[str, Any]) -> dict[str, Any]:
    payloads: dict[str, Any] = {}
    view: EventView | None = None
    if "attributes" in call:
        view = event_view(_text_of(call["attributes"]), call["model"], _measured(call))
        others = {name: Spliced(text) for name, text in view.others.items()}
        sections = {name: Spliced(text) for name, text in view.sections.items()}
        payloads |= {**others, **sections, "source": view.source}
    if "inputs" in call:
        payloads["inputs"] = call["inputs"] or _EMPTY
    if "output" in call:
        payloads["outputs"] = Spliced(outputs_of(_text_of(call["output"])))
    if "childIds" in call:
        payloads["children_ids"] = _children(call, view)
    else:
        payloads.pop("children_ids", None)
    return payloads


def _text_of(fragment: Spliced | None) -> str | None:
    return None if fragment is None else fragment.text


def _measured(call: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens and cost, by the names that HoneyHive has for them in the metadata."""
    usage, cost = call["usage"] or {}, call.get("cost") or {}
    return {
        "prompt_tokens": usage.get("inputTokens"),
        "completion_tokens": usage.get("outputTokens"),
        "total_tokens": usage.get("totalTokens"),
        "cost": cost.get("total"),
    }


def _children(call: Mapping[str, Any], view: EventView | None) -> list[str]:
    """The ids that a client gave, and then those of the calls that name it as their parent."""
    given = parse_json(view.others.get("children_ids", "[]")) if view else []
    ids = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    return list(dict.fromkeys([*ids, *call["childIds"]]))


def _time(written: str | None) -> float | int | None:
    """Unix milliseconds of a time of the graph."""
    return None if written is None else milliseconds(parse_time(written))


def _whole(milliseconds: float | None) -> float | int | None:
    return int(milliseconds) if milliseconds is not None and milliseconds.is_integer() else milliseconds
