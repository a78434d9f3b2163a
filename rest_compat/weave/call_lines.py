"""Calls as Weave's ``CallSchema``, written straight from their rows (``graph.written``).

What is written is what ``rest_compat.weave.call_schema`` makes of the same calls as GraphQL gives them, byte for byte.
For each set of columns a function is made: a template that has the keys of the JSON object, and puts in the values of a
row. To make a dictionary of each call and have it written takes half as long again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from orjson import JSONEncodeError, dumps

from graph.encoding import encode
from graph.json_text import parse_json
from graph.scalars import json_of_time
from graph.written import Writer
from resolvers.calls.read import CallStatus
from rest_compat.weave.call_schema import PLAIN, beside, name_of, roots_of, with_derived

__all__ = ["call_writer"]

Write = Callable[[Sequence[Any]], list[bytes]]

_STATUSES = frozenset(map(str, CallStatus))
_NEEDED = ("callId", "projectSlug", "opName", "traceId", "startedAt", "status", "displayName", "latencyMs")
_EMPTY = {"attributes": "{{}}", "inputs": "{{}}"}
"""What stands for a payload that is not asked for, where it is not null."""

_FORMS = {
    "id": "text($)",
    "exception": "text($)",
    "started_at": "time($)",
    "ended_at": "time($)",
    **dict.fromkeys(("attributes", "inputs", "output", "wb_run_step", "wb_run_step_end"), "$"),
}
"""How columns are written whose values are no texts, or such that hardly two calls share."""

_FUNCTION = """
def write(rows):
    again, named = Remembered(text), Remembered(name)
    lines = []
    for {taken} in map(tuple, rows):
        if {wrong}:
            raise ValueError("a call without what every call has")
        lines.append(f'''{{{{{members}}}}}'''.encode())
    return lines
"""


def call_writer(columns: Collection[str] | None = None) -> Writer:
    """Writes calls with these columns of CallSchema, or with all."""
    roots = roots_of(columns)

    def write(rows: Sequence[Any], places: Mapping[str, int]) -> list[bytes]:
        return _writing(tuple(places.items()), len(rows[0]), roots)(rows)

    return write


@lru_cache(maxsize=256)
def _writing(places: tuple[tuple[str, int], ...], width: int, roots: frozenset[str] | None) -> Write:
    """What writes rows of this many values, those of fields of the graph at their places."""
    at = {field: f"v{place}" for field, place in places}
    if not at.keys() >= set(_NEEDED):
        raise ValueError("the operation does not select what every line needs")

    def value_of(name: str) -> str:
        # Of a call that was deleted nothing is shown.
        if name == "deleted_at" or PLAIN[name] not in at or not (roots is None or name in roots):
            return _EMPTY.get(name, "null")
        return _or_null(at[PLAIN[name]], _FORMS.get(name, "again[$]"))

    members = {name: value_of(name) for name in PLAIN}
    told = "None" if members["summary"] == "null" else at["summary"]
    status, latency, name, full_name = (at[field] for field in ("status", "latencyMs", "displayName", "opName"))
    members["summary"] = f"{{summary({told}, {status}, {latency}, named[{name}, {full_name}])}}"
    members["storage_size_bytes"] = _or_null(at["storageSizeBytes"], "$") if "storageSizeBytes" in at else "null"
    members["total_storage_size_bytes"] = "null"
    never_null = [at[field] for field in ("opName", "traceId", "startedAt", "attributes", "inputs") if field in at]
    source = _FUNCTION.format(
        taken="".join(f"v{place}, " for place in range(width)),
        wrong=" or ".join([f"{at['status']} not in statuses", *(f"{value} is None" for value in never_null)]),
        members=",".join(f'"{name}":{value}' for name, value in members.items()),
    )
    known: dict[str, Any] = {
        "name": _name,
        "Remembered": _Remembered,
        "statuses": _STATUSES,
        "summary": _summary,
        "text": _text,
        "time": json_of_time,
    }
    exec(source, known)  # noqa: S102 - names of our own, and numbers
    write: Write = known["write"]
    return write


def _or_null(value: str, form: str) -> str:
    """The part of an f-string that writes a value in this form."""
    return f'{{"null" if {value} is None else {form.replace("$", value)}}}'


def _text(value: str) -> str:
    try:
        return dumps(value).decode()
    except JSONEncodeError:  # a lone surrogate
        return encode(value).decode()


class _Remembered(dict[Any, str]):
    """What ``write`` gives for each value of some rows; made for them, as it costs less than one of ``functools``."""

    def __init__(self, write: Callable[[Any], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, value: Any) -> str:
        text = self[value] = self._write(value)
        return text


def _name(names: tuple[str | None, str]) -> str:
    """The member that says what the server calls a call, by its display name, if any, and that of its op."""
    display_name, op_name = names
    member, name = ("display_name", display_name) if display_name else ("trace_name", name_of(op_name))
    return f'"{member}":{_text(name)}'


def _summary(text: str | None, status: str, latency: float | None, named: str) -> str:
    """The client's summary with what the server derives in it."""
    took = "" if latency is None else f'"latency_ms":{int(latency)},'
    derived = f'{{"status":"{status}",{took}{named}}}'
    if text is None:
        return f'{{"weave":{derived}}}'
    return with_derived(text, parse_json(derived)) if '"weave"' in text else beside(text, derived)
