"""The sections of HoneyHive's events, which stand in a call's attributes: ``attributes.honeyhive``.

Whatever dialect wrote them, what they say of runs, models and tokens counts as if the call had said it itself.
"""

import re
from collections.abc import Mapping
from typing import Any

from db.calls.links import LINKS
from db.json_members import members_of, object_of
from db.json_text import JSONText, JSONValue, dump_json, parse_json
from resolvers.calls.requests import model_name
from resolvers.calls.usage import NO_MODEL

__all__ = [
    "HONEYHIVE",
    "SECTIONS",
    "has_sections",
    "links_in",
    "merged",
    "summary_with",
    "usage_in",
    "user_in",
    "with_sections",
]

HONEYHIVE = "honeyhive"

SECTIONS = ("config", "metadata", "metrics", "feedback", "user_properties")
"""Objects whose keys are merged one by one."""

LONGEST_LINK = 512

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_COUNTS = {
    "prompt_tokens": ("prompt_tokens", "input_tokens"),
    "completion_tokens": ("completion_tokens", "output_tokens"),
    "total_tokens": ("total_tokens",),
    "cache_read_input_tokens": ("cache_read_input_tokens",),
    "cache_creation_input_tokens": ("cache_creation_input_tokens",),
}
"""Count of a summary's usage -> its names in ``metadata``, or in ``metadata.usage``; the first that is there counts."""

_NO_LINKS: Mapping[str, str | None] = dict.fromkeys(LINKS)

MODEL_KEYS = ("model", "model_name")


def has_sections(attributes: str) -> bool:
    """Whether there may be any, without parsing."""
    return f'"{HONEYHIVE}"' in attributes


def sections_of(attributes: str | None) -> dict[str, JSONText]:
    """The members of ``attributes.honeyhive``."""
    return members_of(members_of(attributes).get(HONEYHIVE))


def with_sections(attributes: JSONText, sections: Mapping[str, JSONText]) -> JSONText:
    """``attributes`` with ``honeyhive`` made of ``sections``."""
    return object_of({**members_of(attributes), HONEYHIVE: object_of(sections)})


def merged(attributes: str, newer: Mapping[str, JSONText], missing: Mapping[str, JSONText]) -> JSONText:
    """``attributes`` with the keys of ``newer`` sections put into theirs, over what is there; of ``missing`` with what
    is not there yet. What is no section is one value.

    The same text comes back where nothing changes.
    """
    before = sections_of(attributes)
    after = dict(before)
    for name, value in newer.items():
        after[name] = object_of({**members_of(after.get(name)), **members_of(value)}) if name in SECTIONS else value
    for name, value in missing.items():
        present = after.get(name)
        if present is None:
            after[name] = value
        elif name in SECTIONS and present.startswith("{") and members_of(value).keys() - members_of(present).keys():
            after[name] = object_of({**members_of(present), **_apart(value, present)})
    return JSONText(attributes) if after == before else with_sections(JSONText(attributes), after)


def _apart(value: JSONText, present: JSONText) -> dict[str, JSONText]:
    known = members_of(present)
    return {name: item for name, item in members_of(value).items() if name not in known}


def links_in(attributes: str | None) -> Mapping[str, str | None]:
    """The columns that mirror what ``metadata`` names: the run, its dataset and the datapoint."""
    if attributes is None or not has_sections(attributes):
        return _NO_LINKS
    metadata = _parsed(sections_of(attributes).get("metadata"))
    links = {column: _link(metadata.get(name)) for column, name in LINKS.items()}
    return {**links, "experiment_id": _canonical(links["experiment_id"])}


def _link(value: JSONValue) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_LINK and "\x00" not in value else None


def _canonical(run_id: str | None) -> str | None:
    """The id of a run as experiments have it: a UUID in small letters."""
    return run_id if run_id is None or _UUID.fullmatch(run_id) is None else run_id.lower()


def user_in(sections: Mapping[str, JSONText]) -> str | None:
    """The user that ``user_properties`` name; None where they name none, or by what can be no id."""
    return _link(_parsed(sections.get("user_properties")).get("user_id"))


def usage_in(attributes: str | None) -> dict[str, Any]:
    """``summary.usage`` as ``metadata`` reports it: the tokens of one model, which config or metadata name; empty
    where it counts none."""
    if attributes is None or '_tokens"' not in attributes or not has_sections(attributes):
        return {}
    sections = sections_of(attributes)
    metadata = _parsed(sections.get("metadata"))
    nested = metadata.get("usage")
    places = (metadata, nested if isinstance(nested, dict) else {})
    counts = {}
    for count, names in _COUNTS.items():
        found = [place[name] for place in places for name in names if _is_count(place.get(name))]
        if found:
            counts[count] = int(found[0])
    if not counts:
        return {}
    config = _parsed(sections.get("config"))
    named = (model_name(place.get(key)) for place in (config, metadata) for key in MODEL_KEYS)
    model = next((name for name in named if name), None)
    return {model or NO_MODEL: {"requests": 1, **counts}}


def _is_count(value: JSONValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 62


def _parsed(text: JSONText | None) -> Mapping[str, Any]:
    value = parse_json(text) if text is not None and text.startswith("{") else None
    return value if isinstance(value, dict) else {}


def summary_with(summary: str | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> JSONText | None:
    """A summary whose usage is ``after``, where it has none or the one that was worked out ``before``; None where it
    stays as it is, since the client counted itself."""
    value = parse_json(summary) if summary else {}
    value = value if isinstance(value, dict) else {}
    usage = value.get("usage")
    if not after or usage == after or (usage and usage != before):
        return None
    return dump_json({**value, "usage": after})
