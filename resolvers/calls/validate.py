"""What a call may look like, whatever dialect it came in."""

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

from db.json_text import parse_json
from resolvers.callers import Caller
from resolvers.calls.events import CallEnd, CallEvent, CallPatch, CallRename, CallStart
from resolvers.calls.sections import SECTIONS
from resolvers.errors import InvalidInputError
from resolvers.refs import is_ref, parse_ref

__all__ = ["check_event"]

LONGEST_ID = 512
LONGEST_OP_NAME = 2048
LONGEST_DISPLAY_NAME = 1024

LONGEST_DURATION = (1 << 63) - 1
"""Microseconds."""

_IDS = ("id", "trace_id", "parent_id", "thread_id", "turn_id", "session_id", "wb_user_id", "wb_run_id")
_OBJECTS = ("attributes", "inputs", "summary")


def check_event(event: CallEvent, caller: Caller) -> None:
    """Raise a Refusal that names the first thing that is wrong with ``event``."""
    caller.require_write(event.project)
    names, values = _ids_of(event)
    for value in values:
        if value is not None and (len(value) > LONGEST_ID or "\x00" in value):
            _refuse_id(names[values.index(value)], value)
    if not event.id:
        raise InvalidInputError("A call id cannot be empty", ["id"])
    for name in _OBJECTS_OF[type(event)]:
        text: str = getattr(event, name)
        if not text.startswith("{") and not text.lstrip().startswith("{"):
            raise InvalidInputError(f"{name} must be a JSON object, not {_shown(text)}", [name])
    if isinstance(event, CallStart):
        _check_names(event)
    elif isinstance(event, CallPatch):
        _check_patch(event)
    elif isinstance(event, CallRename) and len(event.display_name) > LONGEST_DISPLAY_NAME:
        raise _too_long("display_name", event.display_name, LONGEST_DISPLAY_NAME)


_KINDS = (CallStart, CallEnd, CallRename, CallPatch)


def _present(kind: type[CallEvent], names: Iterable[str]) -> list[str]:
    there = {field.name for field in fields(kind)}
    return [name for name in names if name in there]


_IDS_OF = {kind: (names := _present(kind, _IDS), attrgetter("project", *names)) for kind in _KINDS}
_OBJECTS_OF = {kind: _present(kind, _OBJECTS) for kind in _KINDS}


def _ids_of(event: CallEvent) -> tuple[list[str], tuple[str | None, ...]]:
    """The names of its ids, and their values."""
    names, get = _IDS_OF[type(event)]
    return names, get(event)[1:]


def _refuse_id(name: str, value: str) -> None:
    if len(value) > LONGEST_ID:
        raise _too_long(name, value, LONGEST_ID)
    raise InvalidInputError(f"{name} cannot hold a NUL character: {value!r}", [name])


def _check_names(event: CallStart) -> None:
    if len(event.op_name) > LONGEST_OP_NAME:
        raise _too_long("op_name", event.op_name, LONGEST_OP_NAME)
    if is_ref(event.op_name) or event.op_name.startswith("weave-trace-internal:"):
        parse_ref(event.op_name, ["op_name"])
    if event.display_name is not None and len(event.display_name) > LONGEST_DISPLAY_NAME:
        raise _too_long("display_name", event.display_name, LONGEST_DISPLAY_NAME)


def _check_patch(patch: CallPatch) -> None:
    for name, value in {**patch.missing, **patch.newer}.items():
        if name in SECTIONS and not value.lstrip().startswith("{"):
            raise InvalidInputError(f"{name} must be a JSON object, not {_shown(value)}", [name])
    if patch.duration is not None and abs(patch.duration) > LONGEST_DURATION:
        raise InvalidInputError(
            f"duration must be within 292,000 years, not {patch.duration} microseconds", ["duration"]
        )


def _too_long(name: str, value: str, longest: int) -> InvalidInputError:
    return InvalidInputError(
        f"{name} is too long: {len(value)} characters, at most {longest}: {value[:60]!r}...", [name]
    )


def _shown(text: str) -> str:
    return repr(parse_json(text)) if len(text) < 60 else f"{text[:60]}..."
