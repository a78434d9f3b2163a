"""What feedback may look like.

    type                     payload has          refs
    wandb.reaction.1         emoji, exactly one
    wandb.note.1             note, 1-1024 chars
    wandb.annotation.NAME    value                annotation_ref: an object NAME of the same project
    wandb.runnable.NAME      output               runnable_ref: an object or op NAME; call_ref, which an op needs
    wandb.agent_monitor                           runnable_ref, call_ref, trigger_ref, all of them
    anything else            anything

A payload is a JSON object of at most 1 MiB. Only the types above may have refs beside the one to their target.
"""

from dataclasses import dataclass
from typing import NoReturn

from db.feedback_types import AGENT_MONITOR, ANNOTATION, NOTE, REACTION, RUNNABLE
from db.json_text import JSONText, JSONValue, dump_json, parse_json
from db.text import utf8_size
from resolvers.callers import Caller
from resolvers.errors import InvalidInputError
from resolvers.feedback.reactions import reaction_names
from resolvers.refs import CallRef, ObjectRef, TableRef, parse_ref

__all__ = ["MAX_PAYLOAD_BYTES", "NewFeedback", "checked_payload"]

MAX_PAYLOAD_BYTES = 1 << 20
MAX_NOTE = 1024
MAX_TYPE = 256
# Ids and targets are in indexes, whose entries PostgreSQL holds to 2,704 bytes with the project beside them.
MAX_ID_BYTES = 256
MAX_REF_BYTES = 1280


@dataclass(frozen=True, slots=True)
class NewFeedback:
    """Feedback as it is given.

    ``target_ref`` names the call or object it is on. ``id`` is made by the server where the client sent none.
    ``details`` is a JSON object of what a scorer says beside the payload, None for nothing. ``wb_user_id`` None means
    the caller.
    """

    project: str
    target_ref: str
    feedback_type: str
    payload: JSONText
    id: str | None = None
    creator: str | None = None
    annotation_ref: str | None = None
    runnable_ref: str | None = None
    call_ref: str | None = None
    trigger_ref: str | None = None
    queue_id: str | None = None
    details: JSONText | None = None
    wb_user_id: str | None = None


def checked_payload(new: NewFeedback, caller: Caller) -> JSONText:
    """The payload to store for ``new``; reactions gain their emoji's names.

    Raises a Refusal that names the first thing that is wrong. What an annotation's value must be is said by an object
    and is not checked here (``resolvers.feedback.annotations``).
    """
    caller.require_write(new.project)
    _check_lengths(new)
    if isinstance(parse_ref(new.target_ref, ["target_ref"]), TableRef):
        raise InvalidInputError(f"Feedback is on a call or an object, {new.target_ref!r} is neither", ["target_ref"])
    _check_refs(new)
    _check_object("payload", new.payload)
    if new.details is not None:
        _check_object("details", new.details)
    return _check_payload(new)


def _check_object(name: str, text: JSONText) -> None:
    if not text.lstrip().startswith("{"):
        raise InvalidInputError(f"Feedback {name} must be a JSON object, not {text[:60]}", [name])
    size = utf8_size(text)
    if size > MAX_PAYLOAD_BYTES:
        raise InvalidInputError(f"Feedback {name} too large: {size} bytes, at most {MAX_PAYLOAD_BYTES}", [name])


def _check_lengths(new: NewFeedback) -> None:
    if not new.feedback_type:
        raise InvalidInputError("A feedback type cannot be empty", ["feedback_type"])
    if len(new.feedback_type) > MAX_TYPE:
        _too_long("feedback_type", new.feedback_type, MAX_TYPE, "characters")
    limits = {"id": MAX_ID_BYTES, "queue_id": MAX_ID_BYTES, "wb_user_id": MAX_ID_BYTES}
    refs = ("target_ref", "annotation_ref", "runnable_ref", "call_ref", "trigger_ref")
    for name, limit in {**limits, **dict.fromkeys(refs, MAX_REF_BYTES)}.items():
        value = getattr(new, name)
        if value and len(value.encode("utf-8", "surrogatepass")) > limit:
            _too_long(name, value, limit, "bytes of UTF-8")


def _too_long(name: str, value: str, limit: int, unit: str) -> NoReturn:
    raise InvalidInputError(f"{name} is too long, at most {limit} {unit}: {value[:60]!r}...", [name])


def _check_refs(new: NewFeedback) -> None:
    kind = new.feedback_type
    if kind.startswith(ANNOTATION):
        annotation = _object_ref(new, "annotation_ref")
        _check_name(new, ANNOTATION, "annotation_ref", annotation)
        if annotation.kind != "object" or annotation.path:
            raise InvalidInputError(f"annotation_ref {new.annotation_ref!r} must name an object", ["annotation_ref"])
        if annotation.project != new.project:
            raise InvalidInputError(
                f"annotation_ref {new.annotation_ref!r} is not of project {new.project!r}", ["annotation_ref"]
            )
    elif new.annotation_ref:
        _not_allowed(new, "annotation_ref")
    elif kind.startswith(RUNNABLE):
        runnable = _object_ref(new, "runnable_ref")
        _check_name(new, RUNNABLE, "runnable_ref", runnable)
        if runnable.kind == "op" and not new.call_ref:
            _required(new, "call_ref")
    elif kind == AGENT_MONITOR:
        for name in ("runnable_ref", "call_ref", "trigger_ref"):
            if not getattr(new, name):
                _required(new, name)
    else:
        for name in ("runnable_ref", "call_ref", "trigger_ref"):
            if getattr(new, name):
                _not_allowed(new, name)
    if new.runnable_ref:
        _object_ref(new, "runnable_ref")
    if new.call_ref and not isinstance(parse_ref(new.call_ref, ["call_ref"]), CallRef):
        raise InvalidInputError(f"call_ref {new.call_ref!r} must name a call", ["call_ref"])
    if new.trigger_ref and _object_ref(new, "trigger_ref").kind != "object":
        raise InvalidInputError(f"trigger_ref {new.trigger_ref!r} must name an object", ["trigger_ref"])


def _object_ref(new: NewFeedback, name: str) -> ObjectRef:
    """The ref in a field that must be there and name an object or op."""
    text: str | None = getattr(new, name)
    if not text:
        _required(new, name)
    ref = parse_ref(text, [name])
    if not isinstance(ref, ObjectRef):
        raise InvalidInputError(f"{name} {text!r} must name an object or op", [name])
    return ref


def _check_name(new: NewFeedback, prefix: str, field: str, ref: ObjectRef) -> None:
    expected = f"{prefix}.{ref.object_id}"
    if new.feedback_type != expected:
        raise InvalidInputError(
            f"Feedback type {new.feedback_type!r} must end in the name that its {field} has: {expected!r}",
            ["feedback_type"],
        )


def _required(new: NewFeedback, name: str) -> NoReturn:
    raise InvalidInputError(f"{name} is required for feedback of type {new.feedback_type!r}", [name])


def _not_allowed(new: NewFeedback, name: str) -> NoReturn:
    raise InvalidInputError(f"{name} is not allowed for feedback of type {new.feedback_type!r}", [name])


def _check_payload(new: NewFeedback) -> JSONText:
    kind = new.feedback_type
    if kind == REACTION:
        payload = parse_json(new.payload)
        return dump_json({**payload, **reaction_names(_member_text(new, payload, "emoji"))})
    if kind == NOTE:
        note = _member_text(new, parse_json(new.payload), "note")
        if not 1 <= len(note) <= MAX_NOTE:
            raise InvalidInputError(f"A note has 1 to {MAX_NOTE} characters, not {len(note)}", ["payload", "note"])
    elif kind.startswith(ANNOTATION):
        _member(new, parse_json(new.payload), "value")
    elif kind.startswith(RUNNABLE):
        _member(new, parse_json(new.payload), "output")
    return new.payload


def _member(new: NewFeedback, payload: JSONValue, name: str) -> JSONValue:
    if name not in payload:
        raise InvalidInputError(f"The payload of feedback of type {new.feedback_type!r} needs {name!r}", ["payload"])
    return payload[name]


def _member_text(new: NewFeedback, payload: JSONValue, name: str) -> str:
    value = _member(new, payload, name)
    if not isinstance(value, str):
        raise InvalidInputError(
            f"{name!r} in the payload of feedback of type {new.feedback_type!r} is a string, not {str(value)[:60]}",
            ["payload", name],
        )
    return value
