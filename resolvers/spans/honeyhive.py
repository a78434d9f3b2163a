"""What HoneyHive's SDK says in the attributes of spans.

``honeyhive_inputs.a.0`` and its like are sections of an event, flattened; ``honeyhive_event_type`` and its like are its
fields; all else that a span of that SDK carries stands flat in the event's metadata (docs/opentelemetry.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.json_text import JSONText, JSONValue, dump_json
from resolvers.spans.nesting import nested

__all__ = ["HoneyHiveEvent", "honeyhive_event"]

SECTIONS = ("inputs", "outputs", "config", "metadata", "metrics", "feedback", "user_properties")
"""Each is ``honeyhive_NAME``, whole or flattened."""

FIELDS = {
    "honeyhive_event_type": "event_type",
    "honeyhive_event_name": "event_name",
    "honeyhive_event_id": "event_id",
    "honeyhive_error": "error",
    "honeyhive_session_id": "session_id",
    "honeyhive_session_name": "session_name",
    "honeyhive_source": "source",
    "honeyhive.session_id": "session_id",
    "honeyhive.session_name": "session_name",
    "honeyhive.session_auto_create": "session_auto_create",
    "honeyhive.source": "source",
    "traceloop.association.properties.session_id": "session_id",
    "traceloop.association.properties.source": "source",
}
"""The field of the event that an attribute is; of several attributes for one the first counts."""

ERROR_TYPE = "honeyhive_error_type"
"""The type of the error, which HoneyHive's users look for in the metadata."""

IGNORED = frozenset({"honeyhive_project", "honeyhive.project", "traceloop.association.properties.project"})
"""The project comes from the key."""


@dataclass(frozen=True, slots=True)
class HoneyHiveEvent:
    """A span as an event. Sections that the span has not are missing in ``sections``."""

    sections: Mapping[str, JSONValue]
    """``inputs`` and ``outputs`` of any form; the others are objects."""

    fields: Mapping[str, JSONValue]
    """The values of ``FIELDS``."""

    def text(self, name: str) -> str | None:
        """A field that is text; None where it is not there, empty or no text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None

    @property
    def session_id(self) -> str | None:
        """The session; a UUID in the form that HoneyHive's own answers have."""
        given = self.text("session_id")
        return given and canonical(given)

    @property
    def makes_session(self) -> bool:
        """Whether the session is to be made if it is not there."""
        return str(self.fields.get("session_auto_create", "")).lower() in {"true", "1"}

    @property
    def user_id(self) -> str | None:
        """The user that its properties name."""
        return self._named("user_properties", "user_id")

    @property
    def model(self) -> str | None:
        """The model that its configuration names."""
        return self._named("config", "model")

    def _named(self, section: str, name: str) -> str | None:
        inside = self.sections.get(section)
        value = inside.get(name) if isinstance(inside, dict) else None
        return value if isinstance(value, str) and value else None

    def inputs(self, found: JSONText) -> JSONText:
        """Its inputs, an object; ``found`` where it has none."""
        given = self.sections.get("inputs")
        if given is None:
            return found
        return dump_json(given if isinstance(given, dict) else {"inputs": given})

    def output(self, found: JSONText) -> JSONText:
        """Its outputs; ``found`` where it has none."""
        return dump_json(self.sections["outputs"]) if "outputs" in self.sections else found

    @property
    def exception(self) -> str | None:
        """The error, with its type where it does not say it itself."""
        error, kind = self.fields.get("error"), self._named("metadata", ERROR_TYPE)
        if error in (None, "", False):
            return None
        message = error if isinstance(error, str) else str(error)
        return message if kind is None or message.startswith(kind) else f"{kind}: {message}"

    @property
    def recorded(self) -> dict[str, JSONValue]:
        """What stands in ``attributes.honeyhive`` of the call: the sections it has no field for, and raw words."""
        kept: dict[str, JSONValue] = {name: self.fields[name] for name in ("event_type", "source") if self.text(name)}
        return kept | {name: value for name, value in self.sections.items() if name not in ("inputs", "outputs")}


def honeyhive_event(attributes: Mapping[str, JSONValue]) -> HoneyHiveEvent | None:
    """The event in a span's flat attributes; None of a span that HoneyHive's SDK has not touched."""
    # Most spans are told apart by one look at all of their keys.
    if "honeyhive" not in "\n".join(attributes):
        return None
    if not any(key.startswith(("honeyhive.", "honeyhive_")) for key in attributes):
        return None
    fields: dict[str, JSONValue] = {}
    for key, name in FIELDS.items():
        if key in attributes:
            fields.setdefault(name, attributes[key])
    rest = {key: value for key, value in attributes.items() if key not in FIELDS and key not in IGNORED}
    flat = {key: value for key, value in rest.items() if _is_section(key)}
    others = {key: value for key, value in rest.items() if key not in flat}
    tree = nested(flat)
    sections: dict[str, Any] = {}
    for name in SECTIONS:
        value = tree.pop(f"honeyhive_{name}", None)
        if isinstance(value, dict) or (value is not None and name in ("inputs", "outputs")):
            sections[name] = value
        elif value is not None:
            others[f"honeyhive_{name}"] = value
    # What leads through another key's plain value was left flat.
    metadata = {**others, **tree, **sections.get("metadata", {})}
    return HoneyHiveEvent({**sections, "metadata": metadata} if metadata else sections, fields)


def canonical(given: str) -> str:
    """A UUID in its canonical form; what is none stays as it is."""
    try:
        return str(UUID(given))
    except ValueError:
        return given


def _is_section(key: str) -> bool:
    return key.startswith("honeyhive_") and key.partition(".")[0].removeprefix("honeyhive_") in SECTIONS
