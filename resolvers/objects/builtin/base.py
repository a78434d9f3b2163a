"""What the built-in classes of objects are made of.

A stored object names its class and all bases of it, and its digest covers them: classes here carry the names, the
bases and the fields that Weave's own have, and nothing beside them.
"""

from typing import Any

import pydantic
from pydantic import ConfigDict

__all__ = ["BaseModel", "BaseModelStrict", "BaseObject", "check_schema", "dump"]


class BaseModel(pydantic.BaseModel):
    """Pydantic's, but for validators that are built when the first value needs them: few servers see such objects.

    It has the same name, and the two are one where bases are named.
    """

    model_config = ConfigDict(defer_build=True)


class BaseObject(BaseModel):
    """The base of all built-in classes but models."""

    name: str | None = None
    description: str | None = None


class BaseModelStrict(BaseModel):
    """The base of what a stored object shares with requests. What it does not know it leaves out."""


def dump(value: Any) -> Any:
    """A model, and those inside it, as Weave stores them: fields by alias between ``_type`` and the class's names."""
    if isinstance(value, BaseModel):
        model = type(value)
        fields = {info.alias or name: dump(getattr(value, name)) for name, info in model.model_fields.items()}
        bases = list(dict.fromkeys(base.__name__ for base in model.__mro__[1:-1]))
        return {"_type": model.__name__, **fields, "_class_name": model.__name__, "_bases": bases}
    if isinstance(value, dict):
        return {key: dump(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [dump(item) for item in value]
    return value


_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}
_LIMITS = ("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "maxLength", "minLength", "multipleOf")
_KEYWORDS: tuple[tuple[tuple[str, ...], Any, str], ...] = (
    (_LIMITS, int | float, "a number"),
    (("enum", "required"), list, "a list"),
    (("properties",), dict, "an object"),
)


def check_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` if its validation keywords have values that JSON Schema allows; raises ValueError naming the first
    that has not. Keywords not known here may hold anything."""
    named = schema.get("type", [])
    for name in [named] if isinstance(named, str) else named if isinstance(named, list) else [repr(named)]:
        if name not in _TYPES:
            raise ValueError(f"{name!r} is no JSON Schema type, expected one of {', '.join(sorted(_TYPES))}")
    for keyword, value in schema.items():
        for keywords, types, expected in _KEYWORDS:
            if keyword in keywords and (isinstance(value, bool) or not isinstance(value, types)):
                raise ValueError(f"{keyword!r} must be {expected}, not {value!r}")
    for below in (*schema.get("properties", {}).values(), schema.get("items")):
        if isinstance(below, dict):
            check_schema(below)
    return schema
