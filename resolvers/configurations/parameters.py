"""The parameters of a configuration: a JSON object that is kept as it was sent, with a few members that have a shape.

    call_type           "chat" or "completion"; required
    model               text, not empty; required
    hyperparameters     object
    responseFormat      object whose ``type`` is "text" or "json_object"
    selectedFunctions   list of objects with ``id`` and ``name``, and perhaps ``description`` and ``parameters``
    functionCallParams  "none", "auto" or "force"
    forceFunction       object
    template            text, or a list of messages, objects with ``role`` and ``content``

Any other member is taken as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

from db.json_text import JSONText, dump_json, parse_json
from resolvers.errors import InvalidInputError

__all__ = ["check_parameters"]

SHOWN = 60
"""Characters of a bad value that a refusal repeats."""

Check = Callable[[Any, list[str | int]], None]


def check_parameters(text: JSONText) -> str:
    """The model that ``text``, JSON, names; raises InvalidInputError naming the member that is not as it should be."""
    parameters: Any = parse_json(text)
    _members(parameters, ["parameters"], _MEMBERS, required=("call_type", "model"))
    model: str = parameters["model"]
    return model


def _refusal(what: str, value: Any, at: list[str | int]) -> InvalidInputError:
    text = dump_json(value)
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return InvalidInputError(f"{'.'.join(map(str, at))} must be {what}, not {shown}", at)


def _text(value: Any, at: list[str | int]) -> None:
    if not isinstance(value, str):
        raise _refusal("text", value, at)


def _name(value: Any, at: list[str | int]) -> None:
    if not isinstance(value, str) or not value:
        raise _refusal("text that is not empty", value, at)


def _object(value: Any, at: list[str | int]) -> None:
    if not isinstance(value, dict):
        raise _refusal("an object", value, at)


def _one_of(*values: str) -> Check:
    def check(value: Any, at: list[str | int]) -> None:
        if value not in values:
            raise _refusal(" or ".join(map(repr, values)), value, at)

    return check


def _members(value: Any, at: list[str | int], checks: Mapping[str, Check], required: tuple[str, ...]) -> None:
    _object(value, at)
    for name in required:
        if name not in value:
            raise InvalidInputError(f"{'.'.join(map(str, at))} must have {name}", [*at, name])
    for name, check in checks.items():
        if name in value:
            check(value[name], [*at, name])


def _shaped(checks: Mapping[str, Check], *required: str) -> Check:
    return lambda value, at: _members(value, at, checks, required)


def _list_of(item: Check) -> Check:
    def check(value: Any, at: list[str | int]) -> None:
        if not isinstance(value, list):
            raise _refusal("a list", value, at)
        for index, each in enumerate(value):
            item(each, [*at, index])

    return check


_MESSAGES = _list_of(_shaped({"role": _text, "content": _text}, "role", "content"))


def _template(value: Any, at: list[str | int]) -> None:
    if isinstance(value, list):
        _MESSAGES(value, at)
    elif not isinstance(value, str):
        raise _refusal("text or a list of messages", value, at)


_MEMBERS: dict[str, Check] = {
    "call_type": _one_of("chat", "completion"),
    "model": _name,
    "hyperparameters": _object,
    "responseFormat": _shaped({"type": _one_of("text", "json_object")}, "type"),
    "selectedFunctions": _list_of(
        _shaped({"id": _name, "name": _name, "description": _text, "parameters": _object}, "id", "name")
    ),
    "functionCallParams": _one_of("none", "auto", "force"),
    "forceFunction": _object,
    "template": _template,
}
