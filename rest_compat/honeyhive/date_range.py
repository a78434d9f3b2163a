"""Date ranges of query strings: ``{"$gte": ..., "$lte": ...}`` as JSON text or as ``dateRange[$gte]=...``."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from rest_compat.honeyhive.models import Open
from rest_compat.parameters import JSONParameter

__all__ = ["DateRange", "DateRangeParameter", "Moment", "moment"]

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]\+?\d+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH).total_seconds() * 1000
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH).total_seconds() * 1000


def moment(value: object) -> int:
    """Microseconds since the epoch of ISO 8601 text, without a zone in UTC, or of Unix milliseconds, which may be text
    as well. Raises PydanticCustomError naming another value."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        try:
            given = datetime.fromisoformat(value)
        except ValueError:
            raise _invalid(value) from None
        since = given.replace(tzinfo=given.tzinfo or UTC) - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    number = float(value) if isinstance(value, str) else value
    if not isinstance(number, int | float) or isinstance(number, bool) or not _FIRST <= number <= _LAST:
        raise _invalid(value)
    return round(number * 1000)


def _invalid(value: object) -> PydanticCustomError:
    return PydanticCustomError(
        "date_invalid", "Input should be an ISO 8601 time or Unix milliseconds, not {value}", {"value": repr(value)}
    )


Moment = Annotated[int, BeforeValidator(moment)]
"""A time in a request, in microseconds since the epoch once it is read."""


class DateRange(Open):
    """Seed 003, AbsoluteDateRange; both ends are inclusive, and either may be missing."""

    after: Moment | None = Field(default=None, alias="$gte")
    until: Moment | None = Field(default=None, alias="$lte")


DateRangeParameter = Annotated[DateRange, JSONParameter]
"""A date range in a query string."""
