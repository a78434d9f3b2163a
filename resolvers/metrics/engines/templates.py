"""Placeholders of prompts: ``{{inputs.question}}`` stands for what the event has there."""

import re
from collections.abc import Callable, Mapping, Sequence

from db.json_text import JSONValue, dump_json
from resolvers.metrics.engines.result import MetricFailedError

__all__ = ["fill", "look_up", "shown"]

_SECTIONS = (
    "config",
    "duration",
    "end_time",
    "error",
    "event_id",
    "event_name",
    "event_type",
    "feedback",
    "ground_truth",
    "inputs",
    "metadata",
    "metrics",
    "outputs",
    "session_id",
    "start_time",
    "user_properties",
)
_PLACEHOLDER = re.compile(
    rf"\{{\{{\s*(?:event\.)?((?:{'|'.join(_SECTIONS)})(?:\.[^{{}}\s]+)?|event)\s*\}}\}}",
)


def fill(template: str, event: Mapping[str, JSONValue], put: Callable[[JSONValue], str]) -> str:
    """``template`` with each placeholder of an event's field replaced by ``put(value)``; other braces stay.

    Raises MetricFailedError for a field that the event has not.
    """

    def value(match: re.Match[str]) -> str:
        path = match[1]
        if path == "event":
            return put(dict(event))
        parts = path.split(".")
        if parts[0] == "ground_truth":
            parts.insert(0, "feedback")
        found, at = look_up(event, parts)
        if not found:
            raise MetricFailedError(f"The event has no {path}, which the criteria name")
        return put(at)

    return _PLACEHOLDER.sub(value, template)


def look_up(value: JSONValue, parts: Sequence[str]) -> tuple[bool, JSONValue]:
    """Whether there is something at a path, and what. Keys may have dots in them; numbers are places in lists."""
    if not parts:
        return True, value
    if isinstance(value, list):
        index = parts[0]
        if index.isascii() and index.isdigit() and len(index) < 10 and int(index) < len(value):
            return look_up(value[int(index)], parts[1:])
    elif isinstance(value, dict):
        for count in range(len(parts), 0, -1):
            key = ".".join(parts[:count])
            if key in value:
                found, at = look_up(value[key], parts[count:])
                if found:
                    return True, at
    return False, None


def shown(value: JSONValue, most: int) -> str:
    """A value as a prompt has it: a text as it is, anything else as JSON; no more than ``most`` characters."""
    text = value if isinstance(value, str) else str(dump_json(value))
    return text if len(text) <= most else f"{text[:most]}\n... ({len(text) - most} more characters are left out)"
