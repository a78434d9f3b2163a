"""Query strings: parameters to a validated model.

Clients write lists and objects in several ways, all of which are read: ``ids=a&ids=b``, ``ids[]=a&ids[]=b``,
``ids[0]=a``, ``range[$gte]=1``, and JSON text, or what Python writes of a dict (``JSONParameter``).
"""

import ast
import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, BeforeValidator
from pydantic_core import PydanticCustomError

from rest_compat.bodies import InvalidBodyError, check_depth, validate_model

__all__ = ["JSONParameter", "decode_parameters", "parse_parameter"]

M = TypeVar("M", bound=BaseModel)

_NAME = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")


def decode_parameters(items: Iterable[tuple[str, str]], model: type[M]) -> M:
    """The model that the parameters of a query string hold; raises InvalidBodyError.

    A parameter that is given more than once is a list; of one that cannot be a list the model says so.
    """
    values: dict[str, Any] = {}
    for key, value in items:
        match = _NAME.fullmatch(key)
        name, part = (match[1], match[2]) if match else (key, None)
        if part is not None and part and not part.isdigit():
            inner = values.setdefault(name, {})
            if isinstance(inner, dict):
                inner[part] = value
            continue
        before = values.get(name)
        if isinstance(before, list):
            before.append(value)
        elif name in values:
            values[name] = [before, value]
        else:
            values[name] = value if part is None else [value]
    for name, field in model.model_fields.items():
        given = values.get(field.alias or name)
        if isinstance(given, str) and _takes_lists(field.annotation):
            values[field.alias or name] = [given]
    return validate_model(values, model, "query")


def _takes_lists(annotation: Any) -> bool:
    """Whether a parameter is a plain list, of which one value may be all."""
    arguments = getattr(annotation, "__args__", ())
    return getattr(annotation, "__origin__", None) is list or any(map(_takes_lists, arguments))


def parse_parameter(value: Any) -> Any:
    """What JSON text holds, or what Python writes of a dict; any other value is itself. Raises PydanticCustomError."""
    if not isinstance(value, str):
        return value
    text = value.encode(errors="surrogatepass")
    try:
        check_depth(text)
    except InvalidBodyError as error:
        raise _invalid(error.errors[0]["ctx"]["error"]) from error
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if (written := _python_object(value)) is not None:
            return written
        raise _invalid(str(error)) from error


def _invalid(why: str) -> PydanticCustomError:
    return PydanticCustomError("json_invalid", "Invalid JSON: {why}", {"why": why})


def _python_object(text: str) -> Any:
    """The object in text that ``str`` makes of a dict, as HoneyHive's SDK sends one; None for other text."""
    if not text.startswith("{'"):
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


JSONParameter = BeforeValidator(parse_parameter)
"""In ``Annotated[T, JSONParameter]``: the parameter may be JSON text of a ``T``."""
