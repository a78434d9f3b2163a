"""The date ranges of events: absolute ones in the shapes that the document has, and relative ones."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from resolvers.context import now
from resolvers.times import TIMES
from rest_compat.honeyhive.date_range import DateRange, moment
from rest_compat.honeyhive.models import Strict
from rest_compat.parameters import JSONParameter
from rest_compat.registry import Variables

__all__ = ["EventRange", "SearchRange", "started_within"]

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_WORDS = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w"}
_RELATIVE = re.compile(rf"(\d{{1,5}})\s*([{''.join(_UNITS)}]|(?:{'|'.join(_WORDS)})s?)")


def _relative(value: str) -> str:
    if not _RELATIVE.fullmatch(value.strip().lower()):
        raise PydanticCustomError(
            "relative_invalid",
            "Input should be a number and a unit (s, m, h, d, w), such as 24h or 7d, not {value}",
            {"value": repr(value)},
        )
    return value.strip().lower()


class _Range(DateRange):
    """Seed 003, DateRange: AbsoluteDateRange or RelativeDateRange."""

    relative: Annotated[str, AfterValidator(_relative)] | None = None
    """The time until now: ``24h``, ``7 days``."""


EventRange = Annotated[_Range, JSONParameter]
"""A date range as older routes take it: an object, or JSON text of one."""


def _length(relative: str) -> int:
    """Microseconds."""
    match = _RELATIVE.fullmatch(relative)
    assert match is not None, "checked when it was read"
    unit = _UNITS[_WORDS.get(match[2].removesuffix("s"), match[2])]
    return int(match[1]) * (unit // timedelta(microseconds=1))


def _text_moment(value: Any) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "Input should be a valid string")
    return moment(value)


class SearchRange(Strict):
    """Seed 003, SearchEventsRequestDateRange."""

    start_time: Annotated[int, BeforeValidator(_text_moment)]
    end_time: Annotated[int, BeforeValidator(_text_moment)]


def started_within(chosen: _Range | SearchRange | None) -> Variables:
    """The members of a ``CallFilterInput`` that a date range is; both of its ends are inclusive."""
    if chosen is None:
        return {}
    first: int | None
    last: int | None
    if isinstance(chosen, SearchRange):
        first, last = chosen.start_time, chosen.end_time
    else:
        first, last = chosen.after, chosen.until
        if chosen.relative is not None:
            first = now() - _length(chosen.relative)
    before = None if last is None or last + 1 not in TIMES else last + 1
    return {"startedAfter": first, "startedBefore": before}
