"""Reading refs.

    weave:///ENTITY/PROJECT/call/ID
    weave:///ENTITY/PROJECT/object/NAME:DIGEST[/EDGE/VALUE]...
    weave:///ENTITY/PROJECT/op/NAME:DIGEST[/EDGE/VALUE]...
    weave:///ENTITY/PROJECT/table/DIGEST

An edge is ``attr`` or ``key`` with a name, ``index`` with a number, ``id`` with a row digest; values are
percent-encoded.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from db.json_text import JSONValue, parse_json
from resolvers.errors import InvalidInputError

__all__ = ["EDGES", "SCHEME", "CallRef", "ObjectRef", "Ref", "TableRef", "is_ref", "parse_ref", "refs_in"]

SCHEME = "weave:///"
_INTERNAL_SCHEME = "weave-trace-internal:///"
EDGES = ("attr", "key", "index", "id")


@dataclass(frozen=True, slots=True)
class CallRef:
    """A call."""

    project: str
    call_id: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.project}/call/{self.call_id}"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A version of an object or op (``kind``), or a place inside its value (``path``: pairs of edge and value)."""

    project: str
    kind: str
    object_id: str
    digest: str
    path: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        steps = "".join(f"/{edge}/{quote(value, safe='')}" for edge, value in self.path)
        return f"{SCHEME}{self.project}/{self.kind}/{self.object_id}:{self.digest}{steps}"


@dataclass(frozen=True, slots=True)
class TableRef:
    """A table of rows."""

    project: str
    digest: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.project}/table/{self.digest}"


Ref = CallRef | ObjectRef | TableRef


def is_ref(value: object) -> bool:
    """Whether a value is text that begins like a ref."""
    return isinstance(value, str) and value.startswith(SCHEME)


def parse_ref(text: str, field: Sequence[str | int] = ()) -> Ref:
    """The ref in ``text``. Raises InvalidInputError, about ``field``, that names the text and what is wrong with it."""

    def invalid(why: str) -> InvalidInputError:
        return InvalidInputError(f"Invalid ref {text!r}: {why}", field)

    if text.startswith(_INTERNAL_SCHEME):
        raise invalid(f"the scheme {_INTERNAL_SCHEME} belongs to servers; use {SCHEME}entity/project/...")
    if not text.startswith(SCHEME):
        raise invalid(f"it must start with {SCHEME}")
    parts = text.removeprefix(SCHEME).split("/")
    if len(parts) < 4 or not all(parts[:4]):
        raise invalid("expected entity/project/kind/name")
    project, kind, name, rest = "/".join(parts[:2]), parts[2], parts[3], parts[4:]
    if kind in {"call", "table"} and rest:
        raise invalid(f"a {kind} ref has nothing after its id")
    match kind:
        case "call":
            return CallRef(project, name)
        case "table":
            return TableRef(project, name)
        case "object" | "op":
            object_id, colon, digest = name.partition(":")
            if not colon or not object_id or not digest or ":" in digest:
                raise invalid("expected NAME:DIGEST")
            return ObjectRef(project, kind, object_id, digest, _path([] if rest == [""] else rest, invalid))
        case _:
            raise invalid(f"unknown kind {kind!r}, expected call, object, op or table")


def _path(parts: list[str], invalid: Callable[[str], InvalidInputError]) -> tuple[tuple[str, str], ...]:
    if len(parts) % 2:
        raise invalid(f"edge {parts[-1]!r} has no value")
    path = tuple((edge, unquote(value)) for edge, value in zip(parts[::2], parts[1::2], strict=True))
    for edge, value in path:
        if edge not in EDGES:
            raise invalid(f"unknown edge {edge!r}, expected one of {', '.join(EDGES)}")
        if edge == "index" and not re.fullmatch(r"-?\d{1,18}", value):
            raise invalid(f"{value!r} is no list index")
    return path


_SCHEME_NAME = "weave:"
_REF_STRING = re.compile(rf'"({re.escape(SCHEME)}(?:[^"\\]|\\.)*)"(?!\s*:)')


def refs_in(json_text: str) -> list[str]:
    """Every string of a JSON value that begins like a ref, once each, in order of appearance."""
    if _SCHEME_NAME not in json_text or (SCHEME not in json_text and "weave:\\/\\/\\/" not in json_text):
        return []
    if "\\/" in json_text:  # an encoder that escapes slashes hides refs from a search in the text
        return list(dict.fromkeys(_refs_in_value(parse_json(json_text))))
    found = dict.fromkeys(_REF_STRING.findall(json_text))
    return [str(parse_json(f'"{ref}"')) if "\\" in ref else ref for ref in found]


def _refs_in_value(value: JSONValue) -> Iterator[str]:
    unread = [value]
    while unread:
        item = unread.pop()
        if isinstance(item, dict):
            unread.extend(reversed(item.values()))
        elif isinstance(item, list):
            unread.extend(reversed(item))
        elif is_ref(item):
            yield item
