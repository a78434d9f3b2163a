"""Times: microseconds since the epoch, UTC."""

from datetime import UTC, datetime, timedelta

__all__ = ["TIMES"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

TIMES = range(
    (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND,
    (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND + 1,
)
"""Those of the years 1 to 9999: what cannot be written out must not be stored."""
