"""A call as an event of HoneyHive: its sections as JSON text, cut out of what is stored and not parsed.

``db.calls.event_fields`` finds events by the same rules; docs/honeyhive.md has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.calls.event_fields import EVENT_TYPES, OURS, SPAN, UNKNOWN_SOURCE, WRAPPED
from db.json_members import members_of
from db.json_text import JSONText, dump_json, parse_json
from resolvers.calls.sections import HONEYHIVE, SECTIONS

__all__ = ["EventView", "error_of", "event_type_of", "event_view", "outputs_of"]

EMPTY = JSONText("{}")


@dataclass(frozen=True, slots=True)
class EventView:
    """What the attributes of a call say of it as an event.

    ``sections`` has each of ``SECTIONS``; ``others`` what else a client of HoneyHive wrote, ``children_ids`` and
    ``event_type`` among it.
    """

    sections: dict[str, JSONText]
    source: str
    others: dict[str, JSONText]


def event_type_of(kind: str | None) -> str:
    """``model``, ``tool``, ``chain`` or ``session``."""
    return EVENT_TYPES.get(kind or "", "chain")


def error_of(exception: str | None, kind: str | None, message: str | None) -> str | None:
    """What ended a call: as it was recorded, but of the JSON that Weave's SDKs record the type and the message."""
    if exception is None or not exception.startswith("{") or message is None or message == exception:
        return exception
    return f"{kind}: {message}" if kind else message


def event_view(
    attributes: str | None, model: str | None = None, metadata: Mapping[str, Any] | None = None
) -> EventView:
    """The view of a call with these attributes; of one that was not recorded by HoneyHive's API, also of a span, the
    config has the model, and the metadata the attributes and ``metadata`` (tokens, cost)."""
    given = members_of(attributes)
    own = members_of(given.get(HONEYHIVE))
    sections = {name: own.pop(name, EMPTY) for name in SECTIONS}
    sections = {name: section if section.startswith("{") else EMPTY for name, section in sections.items()}
    source = own.pop("source", None)
    foreign = "event_type" not in own or SPAN in given
    if foreign and model is not None:
        sections["config"] = _filled(sections["config"], {"model": dump_json(model)})
    extra = {name: text for name, text in given.items() if name not in OURS}
    if foreign:
        extra = {**{name: dump_json(value) for name, value in (metadata or {}).items() if value is not None}, **extra}
    sections["metadata"] = _filled(sections["metadata"], extra)
    return EventView(sections, _text(source) or UNKNOWN_SOURCE, own)


def outputs_of(output: str | None) -> JSONText:
    """An output as the object that clients of HoneyHive expect."""
    if output is None or output == "null":
        return EMPTY
    return JSONText(output) if output.lstrip().startswith("{") else JSONText(f'{{"{WRAPPED}":{output}}}')


def _filled(section: JSONText, more: Mapping[str, JSONText]) -> JSONText:
    """The section with those of the members that it lacks, before its own."""
    if not more:
        return section
    own = members_of(section)
    missing = ",".join(f"{dump_json(name)}:{text}" for name, text in more.items() if name not in own)
    if not missing:
        return section
    return JSONText(f"{{{missing}}}" if not own else f"{{{missing},{section.lstrip()[1:]}")


def _text(value: JSONText | None) -> str | None:
    if value is None:
        return None
    parsed = parse_json(value)
    return parsed if isinstance(parsed, str) else None if parsed is None else str(value)
