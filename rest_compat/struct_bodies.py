"""Right bodies of models whose fields are all of known types, as the parser makes them.

Structs take the place of models that say so (``AS_READ``): they have the same fields, and the parser has seen that the
values are right. For a batch of events, pydantic tried for each of them which of two models it is, and made three
objects and six dictionaries; that took longer than all else that is done to a body.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from graph.json_text import MAX_DEPTH, JSONText, normalise_json
from rest_compat.depth import is_deeper
from rest_compat.json_fields import RawJSON

__all__ = ["Finish", "StructReader", "UnknownFormError", "of_each", "struct_reader", "unless_none"]

Finish = Callable[[Any], Any]

AROUND_TEXTS = 16
"""Levels; more than structs have around a value that is left as text."""


class _Form(NamedTuple):
    """How the values of a type are decoded."""

    type: Any
    """What msgspec decodes them to."""

    finish: Finish | None = None
    """What is done to a decoded value; None for nothing."""


class UnknownFormError(Exception):
    """A type that cannot be read in one go, or that needs more than to be decoded."""


class StructReader(NamedTuple):
    """Reads the bodies of one model."""

    decode: Callable[[bytes], Any]
    finish: Finish

    def read(self, body: bytes) -> Any:
        """What stands for the model; raises msgspec.MsgspecError, pydantic.ValidationError or RecursionError for what
        is to be read level by level. Values of fields that the model does not name may be nested as deep as the parser
        walks: nobody reads them."""
        return self.finish(self.decode(body))


@cache
def struct_reader(model: type[BaseModel]) -> StructReader | None:
    """What reads bodies of a model; None where structs cannot stand for it."""
    try:
        form = _struct(model)
    except UnknownFormError:
        return None
    return StructReader(msgspec.json.Decoder(form.type).decode, form.finish or _as_it_is)


def _form(annotation: Any) -> _Form:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _struct(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _marked(arguments[0], arguments[1:])
    if origin in {Union, UnionType}:
        return _union([member for member in arguments if member is not NoneType], optional=NoneType in arguments)
    if origin is list:
        item = _form(arguments[0])
        return _Form(list[item.type], None if item.finish is None else of_each(item.finish))  # type: ignore[name-defined]
    if origin is Literal:
        return _Form(annotation)
    if not (isinstance(annotation, type) and annotation in _SCALARS):
        raise UnknownFormError
    return _SCALARS[annotation]


def _marked(annotation: Any, marks: Iterable[Any]) -> _Form:
    """The form of a type about which something more is said."""
    marks = tuple(each for mark in marks for each in (mark.metadata if isinstance(mark, FieldInfo) else (mark,)))
    raw = next((mark for mark in marks if isinstance(mark, RawJSON)), None)
    if raw is not None:
        return _OBJECT_TEXT if raw.is_object else _TEXT
    if not marks:
        return _form(annotation)
    if annotation not in _SCALARS:
        raise UnknownFormError
    return _Form(_SCALARS[annotation].type, TypeAdapter(Annotated[annotation, *marks]).validator.validate_python)


def _union(members: list[Any], *, optional: bool) -> _Form:
    """One of several models, or a value or none."""
    form = _form(members[0]) if len(members) == 1 else _told_apart(members)
    if not optional:
        return form
    if form.type is msgspec.Raw:
        return _Form(msgspec.Raw, _text_or_none)
    return _Form(form.type | None, None if form.finish is None else unless_none(form.finish))


def _told_apart(members: list[Any]) -> _Form:
    """Models each of which has a word of its own in the same field."""
    if not all(isinstance(member, type) and issubclass(member, BaseModel) for member in members):
        raise UnknownFormError
    words = [{name: _word(field) for name, field in member.model_fields.items()} for member in members]
    for name in words[0]:
        own = [each.get(name) for each in words]
        if None not in own and len(set(own)) == len(members):
            forms = [_struct(member, {name: str(word)}) for member, word in zip(members, own, strict=True)]
            finishes = {form.type: form.finish or _as_it_is for form in forms}
            return _Form(Union[tuple(finishes)], _by_type(finishes))  # noqa: UP007 - of types that are found
    raise UnknownFormError


def _word(field: FieldInfo) -> str | None:
    """The one word that a field takes; None where it takes others."""
    values = get_args(field.annotation)
    one = field.alias is None and get_origin(field.annotation) is Literal and len(values) == 1
    return values[0] if one and isinstance(values[0], str) else None


def _struct(model: type[BaseModel], word: Mapping[str, str] | None = None) -> _Form:
    """The struct that stands for a model; ``word`` is the field, with its value, that tells it from the others of a
    union."""
    decorators = model.__pydantic_decorators__
    if (
        not getattr(model, "AS_READ", False)
        or decorators.model_validators
        or decorators.field_validators
        or any(_is_peculiar(field) for field in model.model_fields.values())
    ):
        raise UnknownFormError
    said = dict(word or {})
    fields = {name: field for name, field in model.model_fields.items() if name not in said}
    forms = {name: _marked(field.annotation, field.metadata) for name, field in fields.items()}
    type_ = msgspec.defstruct(
        model.__name__,
        [
            (name, forms[name].type) if field.is_required() else (name, forms[name].type, field.default)
            for name, field in fields.items()
        ],
        namespace={**{name: getattr(model, name) for name in model.__class_vars__}, **said},
        rename={name: field.alias for name, field in fields.items() if field.alias},
        kw_only=True,
        forbid_unknown_fields=model.model_config.get("extra") == "forbid",
        tag_field=next(iter(said), None),
        tag=next(iter(said.values()), None),
    )
    finishes = [(name, form.finish) for name, form in forms.items() if form.finish is not None]
    return _Form(type_, _of_fields(finishes) if finishes else None)


def _is_peculiar(field: FieldInfo) -> bool:
    """Whether there is more to the field than its type, its name and a default."""
    plain = field.is_required() or isinstance(field.default, str | int | float | None)
    return bool(field.discriminator or field.validate_default or not plain)


def _of_fields(finishes: list[tuple[str, Finish]]) -> Finish:
    def finished(struct: Any) -> Any:
        for name, finish in finishes:
            value = getattr(struct, name)
            if value is not None:  # the default of what may be missing
                setattr(struct, name, finish(value))
        return struct

    return finished


def of_each(finish: Finish) -> Finish:
    """Finishes lists."""
    return lambda values: [finish(value) for value in values]


def _by_type(finishes: Mapping[type, Finish]) -> Finish:
    return lambda value: finishes[type(value)](value)


def unless_none(finish: Finish) -> Finish:
    """Finishes what may be null."""
    return lambda value: None if value is None else finish(value)


def _as_it_is(value: Any) -> Any:
    return value


def _text(raw: msgspec.Raw) -> JSONText:
    encoded = bytes(raw)
    if is_deeper(encoded, MAX_DEPTH - AROUND_TEXTS):
        raise msgspec.ValidationError
    return normalise_json(encoded.decode())


def _object_text(raw: msgspec.Raw) -> JSONText:
    text = _text(raw)
    if text[0] != "{":
        raise msgspec.ValidationError
    return text


def _text_or_none(raw: msgspec.Raw) -> JSONText | None:
    text = _text(raw)
    return None if text == "null" else text


_TEXT, _OBJECT_TEXT = _Form(msgspec.Raw, _text), _Form(msgspec.Raw, _object_text)
_SCALARS = {
    str: _Form(str),
    bool: _Form(bool),
    int: _Form(int),
    float: _Form(float),
    # How times may be written is pydantic's to say.
    datetime: _Form(str, TypeAdapter(datetime).validator.validate_python),
}
