"""What is indexed: a path inside a payload of calls, in one project or in all of them."""

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import ClauseElement, Column
from sqlalchemy.sql import visitors

from db.calls.tables import JSON_COLUMNS, calls
from db.query.expression import QueryError
from db.query.fields import split_path
from db.query.json import JsonNode, is_index, is_plain_path

__all__ = ["EVERY_PROJECT", "PathIndex", "can_be_indexed", "parse_path", "paths_in"]

EVERY_PROJECT = "*"
"""In the place of a project: all of them. No project can be called so."""

LONGEST_PATH = 500
"""Characters; the path is written several times into the statement that makes the index."""


@dataclass(frozen=True, slots=True, order=True)
class PathIndex:
    """An index of the values at ``path`` (``inputs.model``) in the calls of ``project``, or of ``EVERY_PROJECT``."""

    project: str
    path: str

    @property
    def column(self) -> str:
        """The payload."""
        return split_path(self.path)[0]

    @property
    def parts(self) -> tuple[str, ...]:
        """The way inside it."""
        return split_path(self.path)[1:]

    @property
    def name(self) -> str:
        """What the databases call it."""
        place = json.dumps([self.project, self.column, *self.parts])
        return "ix_calls_path_" + hashlib.sha256(place.encode()).hexdigest()[:16]


def parse_path(text: str) -> str:
    """``text`` where it is a path that can be indexed. Raises ``QueryError``, which names it."""
    column, *parts = split_path(text)
    if len(text) > LONGEST_PATH:
        raise QueryError(f"the path {text[:100] + '...'!r} is longer than {LONGEST_PATH} characters")
    if column not in JSON_COLUMNS or not parts:
        known = ", ".join(JSON_COLUMNS)
        raise QueryError(f"{text!r} cannot be indexed: it is no path below {known}, such as 'inputs.model'")
    if text.startswith("summary.weave.") and parts[1] in {"status", "latency_ms", "trace_name"}:
        raise QueryError(f"{text!r} cannot be indexed: it is computed and not found in the summary")
    if not is_plain_path(parts) or any(
        is_index(part, from_end=True) > is_index(part, from_end=False) for part in parts
    ):
        raise QueryError(
            f"{text!r} cannot be indexed: keys on an indexed path are of ASCII letters, digits, spaces and "
            "punctuation other than quotes, backslashes and &<>/; at most three are numbers, none of them negative"
        )
    return text


def can_be_indexed(path: str) -> bool:
    """Whether ``parse_path`` takes it."""
    try:
        parse_path(path)
    except QueryError:
        return False
    return True


def paths_in(statement: ClauseElement) -> list[str]:
    """The paths inside payloads of calls that the statement reads, as queries write them, each once."""
    found: dict[str, None] = {}
    for element in visitors.iterate(statement):
        if isinstance(element, JsonNode) and element.parts:
            columns = [part for part in visitors.iterate(element.text) if isinstance(part, Column)]
            column = next((part.name for part in columns if part.table is calls and part.name in JSON_COLUMNS), None)
            if column is not None:
                found[".".join([column, *(part.replace(".", "\\.") for part in element.parts)])] = None
    return list(found)
