"""Request bodies: JSON to a validated model, with what is only stored left as text.

A body is taken apart level by level along its model. Fields that the model declares as ``RawJSON`` are cut out of it
as they were sent and never built, and so are fields that it does not name where it says ``EXTRA_AS_TEXT``; the rest
becomes Python values that pydantic validates, so its errors are those that the documents describe.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from pydantic import BaseModel, ValidationError

from graph.encoding import Spliced
from graph.json_text import (
    MAX_DEPTH,
    dump_json,
    normalise_json,
    pair_surrogates,
    quote_constants,
    unpair_surrogates,
)
from rest_compat.depth import depth_of, is_deeper
from rest_compat.json_fields import RawJSON
from rest_compat.quick_bodies import quick_reader

__all__ = ["InvalidBodyError", "check_depth", "decode_body", "validate_model"]

M = TypeVar("M", bound=BaseModel)

LONGEST_SHOWN = 200  # characters of an offending value that an error repeats


class InvalidBodyError(Exception):
    """A body that is not what the endpoint takes; ``errors`` have ``loc``, ``msg`` and ``type`` as documented."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(error["msg"]) for error in errors))
        self.errors = errors


def decode_body(body: bytes, model: type[M]) -> M:
    """The model that ``body`` holds; raises InvalidBodyError."""
    if not body:
        raise InvalidBodyError([{"type": "missing", "loc": ["body"], "msg": "Field required"}])
    try:
        text = "" if body.isascii() else body.decode()
    except UnicodeDecodeError as error:
        raise _not_json(f"not UTF-8 at byte {error.start}", error.start) from error
    reader = quick_reader(model)
    if reader is not None:
        # Whatever it cannot read is read below, or told what is wrong with it.
        with suppress(msgspec.MsgspecError, ValidationError, RecursionError):
            return cast("M", reader.read(body))
    check_depth(body)
    return validate_model(_decode(body, text or body.decode(), _plan(model)), model)


def validate_model(value: Any, model: type[M], where: str = "body") -> M:
    """``value``, out of this part of the request, as a model; raises InvalidBodyError."""
    try:
        # As FastAPI does it, whose messages the documents show.
        return model.model_validate(value, from_attributes=True)
    except ValidationError as error:
        raise InvalidBodyError([_described(item, where) for item in error.errors(include_url=False)]) from error


def _described(item: Any, where: str) -> dict[str, Any]:
    """One error of pydantic, with the offending value where it is short enough to read."""
    described: dict[str, Any] = {"type": item["type"], "loc": [where, *item["loc"]], "msg": item["msg"]}
    try:
        shown = dump_json(item["input"])
    except TypeError:
        return described
    if item["type"] != "missing" and len(shown) <= LONGEST_SHOWN:
        described["input"] = Spliced(shown)
    return described


def _not_json(why: str, position: int) -> InvalidBodyError:
    return InvalidBodyError(
        [{"type": "json_invalid", "loc": ["body", position], "msg": "JSON decode error", "ctx": {"error": why}}]
    )


def check_depth(body: bytes) -> None:
    """Refuse nesting that a later reader could not walk, before anything walks it; raises InvalidBodyError."""
    if is_deeper(body, MAX_DEPTH):
        raise _not_json(f"nested {depth_of(body)} levels deep, at most {MAX_DEPTH} are taken", 0)


# A plan says how to take a value apart: RAW leaves it as text, PLAIN builds it, a function goes a level down.
Plan = Callable[[Any], Any]


def _raw(value: Any) -> Any:
    return normalise_json(str(bytes(value), "utf-8")) if isinstance(value, msgspec.Raw) else dump_json(value)


def _plain(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def _object(fields: dict[str, Plan], others: Plan = _plain) -> Plan:
    def decode(value: Any) -> Any:
        if isinstance(value, msgspec.Raw):
            try:
                value = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
            except msgspec.ValidationError:
                return _plain(value)
        if not isinstance(value, dict):
            return value
        return {name: fields.get(name, others)(item) for name, item in value.items()}

    return decode


def _list(item_plan: Plan) -> Plan:
    def decode(value: Any) -> Any:
        if isinstance(value, msgspec.Raw):
            try:
                value = msgspec.json.decode(value, type=list[msgspec.Raw])
            except msgspec.ValidationError:
                return _plain(value)
        return [item_plan(item) for item in value] if isinstance(value, list) else value

    return decode


def _decode(body: bytes, text: str, plan: Plan) -> Any:
    try:
        return plan(msgspec.Raw(body))
    except msgspec.DecodeError:
        pass
    # Python's encoder writes NaN and Infinity, which are no JSON, and lone surrogates, which few parsers take.
    paired = pair_surrogates(quote_constants(text))
    try:
        return unpair_surrogates(plan(msgspec.Raw(paired.encode())))
    except msgspec.DecodeError:
        pass
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise _not_json(error.msg, error.pos) from error
    except ValueError as error:  # an integer of more digits than are converted
        raise _not_json(str(error), 0) from error
    raise _not_json("unreadable", 0)


@cache
def _plan(annotation: Any) -> Plan:
    """The plan of a type of a request model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kept = getattr(annotation, "EXTRA_AS_TEXT", False)
        fields = {(f.alias or name): _field_plan(f) for name, f in annotation.model_fields.items()}
        return _object(fields, _raw if kept else _plain)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if any(isinstance(mark, RawJSON) for mark in arguments[1:]):
            return _raw
        return _plan(arguments[0])
    if origin in {Union, UnionType}:
        members = [member for member in arguments if member is not NoneType]
        if len(members) == 1:
            return _optional(_plan(members[0]))
        return _union(members)
    if origin is list:
        return _list(_plan(arguments[0]))
    return _plain


def _field_plan(field: Any) -> Plan:
    if any(isinstance(mark, RawJSON) for mark in field.metadata):
        return _raw
    return _plan(field.annotation)


def _optional(plan: Plan) -> Plan:
    if plan is _plain:
        return plan

    def decode(value: Any) -> Any:
        if value is None or (isinstance(value, msgspec.Raw) and bytes(value) == b"null"):
            return None
        return plan(value)

    return decode


def _union(members: list[Any]) -> Plan:
    """Members that are models, told apart by pydantic: a field is taken apart as in the member that has it."""
    fields: dict[str, Plan] = {}
    for member in members:
        if not (isinstance(member, type) and issubclass(member, BaseModel)):
            return _plain
        for name, field in member.model_fields.items():
            fields.setdefault(
                field.alias or name, _either([m.model_fields[name] for m in members if name in m.model_fields])
            )
    return _object(fields)


def _either(fields: list[Any]) -> Plan:
    """The plan of a field that several members of a union have: their own models merged one level down."""
    annotations = list(dict.fromkeys(field.annotation for field in fields))
    if len(annotations) == 1:
        return _field_plan(fields[0])
    return _union(annotations)
