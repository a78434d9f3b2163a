"""What a metric is run on."""

import re
from dataclasses import dataclass

from db.json_text import JSONText, JSONValue, dump_json, each_replaced, parse_json

__all__ = ["MetricEvent", "plain_text"]

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class MetricEvent:
    """An event in HoneyHive's words, as JSON text: an object with ``inputs``, ``outputs``, ``error``, ``metadata``,
    ``metrics``, ``feedback`` (``ground_truth`` in it), ``config``, ``user_properties``, ``event_type``, ``event_name``
    and whatever else it has."""

    text: JSONText

    @staticmethod
    def of(event: JSONValue) -> "MetricEvent":
        """The event of a parsed object."""
        return MetricEvent(dump_json(event))

    def parsed(self) -> dict[str, JSONValue]:
        """The object; empty for JSON that is none."""
        event = parse_json(self.text)
        return event if isinstance(event, dict) else {}

    def section(self, name: str) -> dict[str, JSONValue]:
        """An object of the event; empty where it has none of that name."""
        section = self.parsed().get(name)
        return section if isinstance(section, dict) else {}


def plain_text(text: str) -> str:
    """JSON text of the same value without halves of surrogate pairs, which are no characters; U+FFFD is in their
    place, as many programs have it."""
    if _SURROGATE.search(text) is None:
        return text.encode("utf-8", "replace").decode()
    return str(dump_json(each_replaced(parse_json(text), _whole)))


def _whole(value: JSONValue) -> JSONValue:
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value
