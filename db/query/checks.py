"""Constants that a field is compared with in the typed input of GraphQL.

What could only be a mistake is refused there, since it would select nothing, or everything, without a word. The REST
form stays as Weave has it (docs/query-language.md).
"""

from typing import Any

from db.query.expression import Operator, Path, QueryError
from db.query.numbers import number_of_text
from db.query.values import Kind, Value, convert_literal, time_literal

__all__ = ["checked"]


def checked(value: Value, name: Operator, known: Any, at: Path) -> Any:
    """The constant to compare ``value`` with, if ``known`` makes sense there: in the spelling of an enum, as a number
    where a text writes one. Raises ``QueryError``."""
    if not value.typed:
        return known
    if known is None:
        if name == "eq":
            return known
        raise _refused(value, "null has no order; with eq it finds what is null or missing", known, at)
    match value.kind:
        case Kind.TIME:
            time_literal(known, value.typed, at)
        case Kind.NUMBER:
            return _number(value, known, at)
        case Kind.BOOLEAN if not isinstance(convert_literal(known, "bool"), bool):
            raise _refused(value, "it is compared with true or false", known, at)
        case Kind.BOOLEAN:
            return convert_literal(known, "bool")
        case Kind.TEXT if value.values and name == "eq":
            return _one_of(value, known, at)
        case Kind.TEXT if isinstance(known, list | dict):
            raise _refused(value, "it is a text", known, at)
        case Kind.JSON if name != "eq":
            return _in_order(value, known, at)
    return known


def _number(value: Value, known: Any, at: Path) -> Any:
    if isinstance(known, int | float) and not isinstance(known, bool):
        return known
    number = number_of_text(known) if isinstance(known, str) else None
    if number is None:
        raise _refused(value, "it is a number and compared with numbers", known, at)
    return number


def _one_of(value: Value, known: Any, at: Path) -> str:
    found = [one for one in value.values if isinstance(known, str) and one.lower() == known.lower()]
    if not found:
        raise _refused(value, f"it is one of {', '.join(value.values)}", known, at)
    return found[0]


def _in_order(value: Value, known: Any, at: Path) -> Any:
    if isinstance(known, list | dict):
        raise _refused(value, "lists and objects have no order", known, at)
    if isinstance(known, str) and number_of_text(known) is not None:
        hint = "as a number, write it without quotes; as a text, convert the field to STRING"
        raise _refused(value, hint, known, at)
    return known


def _refused(value: Value, why: str, known: Any, at: Path) -> QueryError:
    shown = "null" if known is None else repr(known)
    return QueryError(f"{value.typed!r} cannot be compared with {shown[:100]}: {why}", at)
