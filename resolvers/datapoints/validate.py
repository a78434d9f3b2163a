"""What a datapoint may be, and refusals that datasets and datapoints share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from db.json_text import JSONText
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.json_parts import is_list, is_object, items_of

__all__ = ["NewDatapoint", "check_id", "check_ids", "check_payloads", "missing", "payload_size"]

MAX_ID_BYTES = 256
"""Ids are in indexes, whose entries PostgreSQL holds to 2,704 bytes with the project beside them."""

MOST_SHOWN = 5
"""Ids that a refusal names."""

EMPTY_OBJECT, EMPTY_LIST = JSONText("{}"), JSONText("[]")


@dataclass(frozen=True, slots=True)
class NewDatapoint:
    """A datapoint as it is made. ``inputs``, ``ground_truth`` and ``metadata`` are JSON objects, ``history`` is a list
    of them; ``linked_call_id`` names the call it came from, which need not be there. ``id`` is made by the server where
    the client sent none."""

    inputs: JSONText = EMPTY_OBJECT
    history: JSONText = EMPTY_LIST
    ground_truth: JSONText | None = None
    metadata: JSONText | None = None
    linked_call_id: str | None = None
    dataset_ids: Sequence[str] = ()
    id: str | None = None


_OBJECTS = ("inputs", "ground_truth", "metadata")


def check_payloads(values: dict[str, Any], field: Sequence[str | int] = ()) -> None:
    """Raise InvalidInputError for a payload that is not of its form; payloads that are not among ``values`` may be."""
    for name in _OBJECTS:
        text: JSONText | None = values.get(name)
        if text is None:
            if name == "inputs" and name in values:
                raise InvalidInputError("inputs of a datapoint must be an object, not null", [*field, name])
        elif not is_object(text):
            raise InvalidInputError(f"{name} of a datapoint must be an object, not {text[:60]}", [*field, name])
    if "history" in values:
        _check_history(values["history"], [*field, "history"])


def _check_history(text: JSONText | None, field: Sequence[str | int]) -> None:
    if text is None or not is_list(text):
        shown = "null" if text is None else text[:60]
        raise InvalidInputError(f"history of a datapoint must be a list of objects, not {shown}", field)
    for index, item in enumerate(items_of(text)):
        if not is_object(item):
            raise InvalidInputError(
                f"history of a datapoint must be a list of objects, but its item {index} is {item[:60]}",
                [*field, index],
            )


def payload_size(values: Iterable[str | None]) -> int:
    """Bytes of JSON texts."""
    return sum(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")) for text in values if text)


def check_id(value: str, name: str, field: Sequence[str | int]) -> None:
    """Raise InvalidInputError for an id that is empty or too long; ``name`` says what it is an id of."""
    if not value:
        raise InvalidInputError(f"An id of a {name} cannot be empty", field)
    if len(value.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
        raise InvalidInputError(
            f"An id of a {name} has at most {MAX_ID_BYTES} bytes of UTF-8, not {value[:60]!r}...", field
        )


def check_ids(values: Iterable[str], name: str, field: Sequence[str | int]) -> None:
    """``check_id`` of each."""
    for index, value in enumerate(values):
        check_id(value, name, [*field, index])


def missing(name: str, ids: Sequence[str], project: str, field: Sequence[str | int]) -> NoReturn:
    """Raise NotFoundError: these are not there."""
    named = ", ".join(map(repr, ids[:MOST_SHOWN])) + (f" and {len(ids) - MOST_SHOWN} more" if ids[MOST_SHOWN:] else "")
    plural = "s" if len(ids) > 1 else ""
    raise NotFoundError(f"{name}{plural} {named} not found in project {project!r}", field)
