"""Messages with ``{variables}``, and the published prompts that hold them."""

import re
import string
from collections.abc import Mapping, Sequence
from typing import Any

from db.json_text import JSONValue, parse_json
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.refs.read import refs_read

__all__ = ["fill_messages", "fill_text", "prompt_messages"]


class _Template(string.Formatter):
    """Python's format strings, but no way from a value to its attributes: templates come from clients."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        name, bracket, rest = field_name.partition("[")
        if "." in name:
            raise InvalidInputError(f"A template cannot reach into a value: {{{field_name}}}", ["messages"])
        value = self.get_value(name, args, kwargs)
        while bracket:
            key, _, rest = rest.partition("]")
            try:
                value = value[int(key) if isinstance(value, list) else key]
            except (KeyError, IndexError, TypeError, ValueError):
                raise InvalidInputError(
                    f"A template asks for {{{field_name}}}, which is not there", ["messages"]
                ) from None
            bracket, rest = rest[:1], rest[1:]
        return value, name

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if key not in kwargs:
            known = ", ".join(sorted(map(str, kwargs))) or "none"
            raise InvalidInputError(f"A template asks for {{{key}}}; the variables are: {known}", ["messages"])
        return kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        # A width of a billion would be a text of a billion characters.
        if re.search(r"\d{4}", format_spec):
            raise InvalidInputError(f"A template formats with {format_spec[:20]!r}, at most 999 is taken", ["messages"])
        return str(super().format_field(value, format_spec))


_template = _Template()


def fill_text(text: str, variables: Mapping[str, JSONValue]) -> str:
    """``text`` with each ``{name}`` replaced; ``{{`` is a brace. Raises InvalidInputError for a name that is not there.

    Values are written as Python writes them, as they are by Weave's SDK.
    """
    try:
        return _template.vformat(text, (), variables)
    except ValueError as error:
        raise InvalidInputError(f"Not a template: {error}: {text[:80]!r}", ["messages"]) from error


def fill_messages(messages: Sequence[JSONValue], variables: Mapping[str, JSONValue]) -> list[JSONValue]:
    """Messages with the variables in all their texts replaced."""
    return [
        {name: _fill(value, variables) for name, value in message.items()} if isinstance(message, dict) else message
        for message in messages
    ]


def _fill(value: JSONValue, variables: Mapping[str, JSONValue]) -> JSONValue:
    """A member of a message: its text, or its parts. Objects in it, such as an image's address, are no templates."""
    if isinstance(value, str):
        return fill_text(value, variables)
    return fill_messages(value, variables) if isinstance(value, list) else value


async def prompt_messages(context: Context, ref: str) -> list[JSONValue]:
    """The messages of a published MessagesPrompt, or of a StringPrompt as one message of the system.

    Raises NotFoundError, and InvalidInputError for an object that is no prompt.
    """
    (text,) = await refs_read(context, [ref])
    if text is None:
        raise NotFoundError(f"Prompt {ref!r} was deleted", ["prompt"])
    value = parse_json(text)
    return messages_of(value, ref)


def messages_of(value: JSONValue, ref: str) -> list[JSONValue]:
    """The messages of the value of a prompt; raises InvalidInputError naming ``ref``."""
    if isinstance(value, dict):
        if isinstance(messages := value.get("messages"), list):
            return messages
        if isinstance(content := value.get("content"), str):
            return [{"role": "system", "content": content}]
    raise InvalidInputError(f"{ref!r} is no MessagesPrompt or StringPrompt", ["prompt"])
