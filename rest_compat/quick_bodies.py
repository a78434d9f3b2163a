"""Right bodies, read in one go: JSON to what a request model validates, with what is only stored left as text.

``rest_compat.bodies`` takes a body apart level by level, so that it can say what is wrong with one and take what
parsers refuse. Here one decoder reads the whole of it, for models that are built of known parts; whatever is not as
expected is given up, and read there. Models for which structs may stand (``rest_compat.struct_bodies``) are not made at
all; others are validated by pydantic.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial, reduce
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypedDict, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel

from graph.json_text import MAX_DEPTH, normalise_json
from rest_compat.depth import is_deeper
from rest_compat.json_fields import RawJSON
from rest_compat.struct_bodies import Finish, StructReader, UnknownFormError, of_each, struct_reader, unless_none

__all__ = ["QuickReader", "quick_reader"]


class _Form(NamedTuple):
    """How the values of a type are decoded."""

    type: Any
    """What msgspec decodes them to."""

    finish: Finish | None = None
    """What is done to a decoded value; None for nothing."""

    fields: Mapping[str, "_Form"] | None = None
    """Of an object."""

    closed: bool = False
    """Whether the model refuses fields that it does not name."""


class QuickReader(NamedTuple):
    """Reads the bodies of one model."""

    model: type[BaseModel]
    decode: Callable[[bytes], Any]
    finish: Finish | None

    def read(self, body: bytes) -> Any:
        """The model; raises msgspec.MsgspecError, pydantic.ValidationError, RecursionError or UnicodeDecodeError for
        what is to be read level by level."""
        if is_deeper(body, MAX_DEPTH):
            raise msgspec.ValidationError
        value = self.decode(body)
        return self.model.model_validate(value if self.finish is None else self.finish(value))


@cache
def quick_reader(model: type[BaseModel]) -> StructReader | QuickReader | None:
    """What reads bodies of a model; None where that is not to be done in one go."""
    struct = struct_reader(model)
    if struct is not None:
        return struct
    try:
        form = _form(model)
    except UnknownFormError:
        return None
    return QuickReader(model, msgspec.json.Decoder(form.type).decode, form.finish)


def _form(annotation: Any) -> _Form:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _TEXT if any(isinstance(mark, RawJSON) for mark in arguments[1:]) else _form(arguments[0])
    if origin in {Union, UnionType}:
        members = [_form(member) for member in arguments if member is not NoneType]
        form = reduce(_merged, members)
        return _optional(form) if NoneType in arguments else form
    if origin is list:
        return _list(_form(arguments[0]))
    return _PLAIN


def _model(model: type[BaseModel]) -> _Form:
    extra = model.model_config.get("extra", "ignore")
    if extra not in {"ignore", "forbid"} or model.__pydantic_decorators__.model_validators:
        raise UnknownFormError
    fields = {}
    for name, field in model.model_fields.items():
        raw = any(isinstance(mark, RawJSON) for mark in field.metadata)
        fields[field.alias or name] = _TEXT if raw else _form(field.annotation)
    return _object(fields, closed=extra == "forbid")


def _object(fields: Mapping[str, _Form], *, closed: bool) -> _Form:
    finishes = {name: form.finish for name, form in fields.items() if form.finish is not None}
    if closed:
        names = {f"field{index}": name for index, name in enumerate(fields)}
        shape: Any = msgspec.defstruct(
            "shape",
            [(field, fields[name].type, msgspec.UNSET) for field, name in names.items()],
            rename=names,
            forbid_unknown_fields=True,
        )
        return _Form(shape, partial(_finish_closed, tuple(names.items()), finishes), fields, closed)
    members = TypedDict("members", {name: form.type for name, form in fields.items()}, total=False)  # type: ignore[misc]
    return _Form(members, partial(_finish_open, finishes) if finishes else None, fields, closed)


def _list(item: _Form) -> _Form:
    if item is _PLAIN:
        return _PLAIN
    finish = None if item.finish is None else of_each(item.finish)
    return _Form(list[item.type], finish)  # type: ignore[name-defined]


def _optional(form: _Form) -> _Form:
    if form is _PLAIN:
        return form
    if form is _TEXT:
        return _Form(msgspec.Raw, _optional_text)
    return _Form(form.type | None, None if form.finish is None else unless_none(form.finish))


def _merged(first: _Form, second: _Form) -> _Form:
    """What decodes values of either of two types, which pydantic tells apart."""
    if first == second:
        return first
    if first.fields is None or second.fields is None or first.closed != second.closed:
        raise UnknownFormError
    both = {name: _merged(first.fields[name], second.fields[name]) for name in first.fields.keys() & second.fields}
    return _object({**first.fields, **second.fields, **both}, closed=first.closed)


def _text(raw: msgspec.Raw) -> Any:
    return normalise_json(str(raw, "utf-8"))


def _optional_text(raw: msgspec.Raw) -> Any:
    text = str(raw, "utf-8")
    return None if text == "null" else normalise_json(text)


def _finish_closed(names: Iterable[tuple[str, str]], finishes: Mapping[str, Finish], value: Any) -> dict[str, Any]:
    values = {}
    for field, name in names:
        member = getattr(value, field)
        if member is not msgspec.UNSET:
            values[name] = finishes[name](member) if name in finishes else member
    return values


def _finish_open(finishes: Mapping[str, Finish], values: dict[str, Any]) -> dict[str, Any]:
    for name, finish in finishes.items():
        if name in values:
            values[name] = finish(values[name])
    return values


_PLAIN = _Form(Any)
_TEXT = _Form(msgspec.Raw, _text)
