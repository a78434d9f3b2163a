"""Buckets of time whose edges lie on the clock of a zone (docs/statistics.md)."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from resolvers.errors import InvalidInputError

__all__ = ["COARSEST", "DAY", "MAX_BUCKETS", "bucket_edges", "check_range", "chosen_granularity", "zone_of"]

MAX_BUCKETS = 10_000
SECOND = 1_000_000
DAY = 86_400
COARSEST = 366 * DAY
"""Seconds of the largest bucket."""

_LADDER = ((2 * 3600, 300), (12 * 3600, 3600), (3 * DAY, 6 * 3600), (14 * DAY, 12 * 3600))
"""Seconds of a range, and the granularity for ranges up to it."""

_LOOK = 3600 * SECOND
"""How far apart the offset of a zone is looked up; no zone changes its offset twice in that time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def _zone_names() -> frozenset[str]:
    # The machine's own zone is no IANA name, and another one on the next machine.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises InvalidInputError naming it where there is none."""
    if name not in _zone_names():
        shown = name if len(name) <= 100 else f"{name[:97]}..."
        raise InvalidInputError(
            f"Unknown time zone {shown!r}: expected an IANA name such as 'Europe/Berlin'", ["timezone"]
        )
    return ZoneInfo(name)


def check_range(start: int, end: int, granularity: int | None, longest_days: int) -> None:
    """Raise InvalidInputError for a range in microseconds that is none or too long, or a size that buckets have not."""
    seconds = (end - start) / SECOND
    if seconds < 0:
        raise InvalidInputError(f"The end of the range is {-seconds:.15g} s before its start", ["end"])
    if end - start > longest_days * DAY * SECOND:
        message = f"The range is {seconds:.15g} s long, at most {longest_days * DAY} ({longest_days:,} days) are taken"
        raise InvalidInputError(message, ["end"])
    if granularity is not None and not 1 <= granularity <= COARSEST:
        raise InvalidInputError(f"granularity must be from 1 to {COARSEST} seconds, not {granularity}", ["granularity"])


def chosen_granularity(start: int, end: int) -> int:
    """Seconds of a bucket for a range in microseconds, where nobody asked for another size."""
    return next((size for longest, size in _LADDER if end - start <= longest * SECOND), DAY)


def bucket_edges(start: int, end: int, granularity: int, zone: ZoneInfo) -> tuple[int, list[int]]:
    """The granularity used, and the edges of the buckets that [start, end) lies in, all in microseconds but it.

    The first edge is at ``start`` or before it, the last at ``end`` or behind it; there are no more than
    ``MAX_BUCKETS`` buckets: a finer granularity is raised. Raises InvalidInputError for times that no calendar has.
    """
    seconds = (end - start) / SECOND
    if seconds / granularity > MAX_BUCKETS:
        granularity = int(seconds / MAX_BUCKETS) + 1
    try:
        edges = list(_edges(start, end, granularity * SECOND, zone))
        while len(edges) - 1 > MAX_BUCKETS:  # the range is cut where the clock is, not where it starts
            granularity += 1
            edges = list(_edges(start, end, granularity * SECOND, zone))
    except OverflowError as error:
        raise InvalidInputError(
            f"No calendar has the times from {start} to {end} us in {zone.key}", ["start"]
        ) from error
    return granularity, edges


def _edges(start: int, end: int, size: int, zone: ZoneInfo) -> Iterator[int]:
    """A bucket begins when the clock on the wall shows a multiple of ``size`` that it has not shown before, counted
    from 1970-01-01 00:00. An hour that is set back comes again: then a bucket begins when it would be due and
    ``size`` has passed since the last one did, so that hours stay hours and days last until midnight."""
    last: int | None = None
    highest: int | None = None
    begun = False
    # The bucket of ``start`` began at most its size and a change of the clock before.
    for begin, stop, offset in _offsets(start - size - DAY * SECOND, end + size + DAY * SECOND, zone):
        number, phase = divmod(begin + offset, size)
        moment = begin
        while moment < stop:
            due = highest is None or number > highest
            again = phase == 0 and last is not None and moment - last >= size
            if due or again:
                if not begun and moment > start and last is not None:
                    begun = True
                    yield last
                    if last >= end:
                        return
                if begun:
                    yield moment
                    if moment >= end:
                        return
                last = moment
                highest = number if highest is None else max(highest, number)
            number += 1
            phase = 0
            moment = number * size - offset


def _offsets(begin: int, stop: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """The times from ``begin`` to ``stop``, cut where the zone changes its offset: begin, stop, offset."""
    offset = _offset(begin, zone)
    piece = moment = begin
    while moment < stop:
        following = min(moment + _LOOK, stop)
        if _offset(following, zone) != offset:
            change = _change(moment, following, offset, zone)
            yield piece, change, offset
            piece, offset = change, _offset(change, zone)
        moment = following
    yield piece, stop, offset


def _offset(moment: int, zone: ZoneInfo) -> int:
    local = (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)
    shift = local.utcoffset()
    assert shift is not None, "a zone has an offset at any time"
    return shift // timedelta(microseconds=1)


def _change(before: int, behind: int, offset: int, zone: ZoneInfo) -> int:
    """The first moment behind ``before`` at which the offset is not ``offset``; it is a whole second."""
    first = before // SECOND + 1
    seconds = range(first, behind // SECOND + 1)
    position = bisect_left(seconds, True, key=lambda second: _offset(second * SECOND, zone) != offset)
    return (first + position) * SECOND
