"""Which subjects there are: users, and those that a setting maps from what calls carry.

A mapping is written ``Customer.id = attributes.customer.id``; several are separated by semicolons.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

from db.calls.tables import JSON_COLUMNS
from db.query.fields import split_path
from db.subjects import Subject
from db.users import USER

__all__ = ["USERS", "MappingError", "SubjectEntity", "parse_mappings"]

MOST_MAPPINGS = 20
LONGEST_PATH = 200

KeyType = Literal["ID", "String"]

_MAPPING = re.compile(r"([^.=]*)\.([^.:=]*)(?::([^=]*))?=(.*)", re.DOTALL)
_TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,63}")
_KEY_NAME = re.compile(r"[a-z][A-Za-z0-9_]{0,63}")
# What no encoder of JSON writes as an escape: other keys cannot be told in an expression that SQLite indexes.
_PART = re.compile(r"[A-Za-z0-9_$@:. -]+")


class MappingError(ValueError):
    """A mapping that cannot be; the message names it."""


@dataclass(frozen=True, slots=True)
class SubjectEntity:
    """A sort of subjects, and the field that is its key in the graph."""

    subject: Subject
    key: str = "id"
    key_type: KeyType = "ID"

    @property
    def noun(self) -> str:
        """The name of its type."""
        return self.subject.noun

    @property
    def field(self) -> str:
        """The name of the fields that give one of them: ``customer`` for ``Customer``."""
        return self.noun[:1].lower() + self.noun[1:]

    @property
    def list_field(self) -> str:
        """The name of the field that lists them: ``customers``."""
        if re.search(r"[^aeiou]y$", self.field):
            return f"{self.field[:-1]}ies"
        return f"{self.field}es" if re.search(r"(s|x|z|ch|sh)$", self.field) else f"{self.field}s"


USERS = SubjectEntity(USER)


def parse_mappings(text: str) -> tuple[SubjectEntity, ...]:
    """The mappings of a setting. Raises MappingError."""
    found = [_mapping(each.strip()) for each in text.split(";") if each.strip()]
    if len(found) > MOST_MAPPINGS:
        raise MappingError(f"{len(found)} entities are mapped, at most {MOST_MAPPINGS} can be")
    names = [each.noun for each in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise MappingError(f"{twice!r} is mapped twice")
    return tuple(found)


def _mapping(text: str) -> SubjectEntity:
    match = _MAPPING.fullmatch(text)
    if match is None:
        raise MappingError(f"{text!r} is no mapping, expected one like 'Customer.id = attributes.customer.id'")
    noun, key, key_type, path = (part and part.strip() for part in match.groups())
    if _TYPE_NAME.fullmatch(noun) is None:
        raise MappingError(f"{noun!r} in {text!r} is no name of a type: a capital, and up to 63 letters, digits and _")
    if _KEY_NAME.fullmatch(key) is None:
        raise MappingError(
            f"{key!r} in {text!r} is no name of a field: a small letter, and up to 63 letters, digits and _"
        )
    if key_type not in (None, "ID", "String"):
        raise MappingError(f"{key_type!r} in {text!r} is no type of a key, which are ID and String")
    column, *parts = split_path(path)
    if column not in JSON_COLUMNS:
        raise MappingError(f"{column!r} in {text!r} is nothing that calls carry, which is {', '.join(JSON_COLUMNS)}")
    if not parts or len(path) > LONGEST_PATH or not all(_PART.fullmatch(part) for part in parts):
        raise MappingError(
            f"{path!r} is no path that can be mapped: up to {LONGEST_PATH} characters, keys of ASCII letters, digits, "
            "spaces and _ $ @ : - with dots between them; a dot inside a key is written \\."
        )
    return SubjectEntity(Subject(noun, column, tuple(parts)), key, cast("KeyType", key_type or "ID"))
