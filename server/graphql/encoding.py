"""JSON at the GraphQL endpoint: numbers and strings as they were sent, stored JSON text spliced into answers."""

import json
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from graph.encoding import InParts, encode, encode_in_parts
from rest_compat.depth import is_deeper

__all__ = ["InParts", "MalformedJSONError", "decode", "encode", "encode_in_parts"]

MAX_DIGITS = 4300  # converting takes time with the square of their number
MAX_LEVELS = 700  # of lists and objects inside each other: more than JSON values may have, less than Python walks


class MalformedJSONError(ValueError):
    """The text is no JSON that we read."""


def decode(data: bytes | str) -> Any:
    """The value of a JSON text in UTF-8. Raises MalformedJSONError.

    NaN, Infinity and -Infinity, which Python programs send, become strings. A number past the range of a float is kept
    as an integer; one of more than 4,300 digits is refused, as are lists and objects nested 700 levels deep.
    """
    if is_deeper(data if isinstance(data, bytes) else data.encode(errors="replace"), MAX_LEVELS):
        raise MalformedJSONError("it is nested too deeply")
    # Whatever it cannot read is read below, or told what is wrong with it: where both read a text, they agree.
    with suppress(msgspec.MsgspecError, ValueError):
        return msgspec.json.decode(data)
    try:
        text = data if isinstance(data, str) else data.decode()
        return _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise MalformedJSONError(f"byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise MalformedJSONError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except ValueError as error:
        raise MalformedJSONError(f"it has a number of more than {MAX_DIGITS} digits") from error


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float | int:
    number = float(text)
    if number not in (float("inf"), float("-inf")):
        return number
    try:
        exact = Decimal(text)
    except InvalidOperation as error:  # more digits than even it can count
        raise ValueError(text) from error
    if exact.adjusted() >= MAX_DIGITS:
        raise ValueError(text)
    return int(exact)


_DECODER = json.JSONDecoder(parse_constant=str, parse_float=_float, parse_int=_integer)
