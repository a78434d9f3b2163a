"""Buckets on the clock of a zone."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.buckets import MAX_BUCKETS, bucket_edges, chosen_granularity, zone_of
from resolvers.errors import InvalidInputError

HOUR, DAY = 3600, 86_400


def at(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1_000_000)


def clock(edge: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(edge / 1_000_000, zone).strftime("%d %H:%M%z")


@pytest.mark.parametrize(
    ("zone", "start", "end", "granularity", "edges"),
    [
        # Hours that are set back come twice.
        (
            "America/New_York",
            "2026-11-01T00:10:00-04:00",
            "2026-11-01T02:10:00-05:00",
            HOUR,
            ["01 00:00-0400", "01 01:00-0400", "01 01:00-0500", "01 02:00-0500", "01 03:00-0500"],
        ),
        # The hour that is left out is in no bucket; a bucket that would begin in it begins with the hour behind.
        (
            "America/New_York",
            "2026-03-08T00:00:00-05:00",
            "2026-03-08T06:00:00-04:00",
            2 * HOUR,
            ["08 00:00-0500", "08 03:00-0400", "08 04:00-0400", "08 06:00-0400"],
        ),
        # Days last from midnight to midnight: 25 hours, 23 hours.
        (
            "America/New_York",
            "2026-10-31T12:00:00-04:00",
            "2026-11-02T12:00:00-05:00",
            DAY,
            ["31 00:00-0400", "01 00:00-0400", "02 00:00-0500", "03 00:00-0500"],
        ),
        # A quarter of the day is an hour longer, and no bucket of one hour stands beside it.
        (
            "Atlantic/Azores",
            "2026-10-25T00:00:00+00:00",
            "2026-10-25T06:00:00-01:00",
            6 * HOUR,
            ["25 00:00+0000", "25 06:00-0100"],
        ),
        # Where midnight is left out the day begins at one o'clock.
        (
            "America/Santiago",
            "2026-09-05T12:00:00-04:00",
            "2026-09-06T12:00:00-03:00",
            DAY,
            ["05 00:00-0400", "06 01:00-0300", "07 00:00-0300"],
        ),
        # One minute of Sunday came again: it stays with Sunday, and Monday begins once.
        (
            "America/St_Johns",
            "2010-11-06T12:00:00-02:30",
            "2010-11-08T12:00:00-03:30",
            DAY,
            ["06 00:00-0230", "07 00:00-0230", "08 00:00-0330", "09 00:00-0330"],
        ),
        # Half an hour is set back.
        (
            "Australia/Lord_Howe",
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T03:00:00+10:30",
            HOUR,
            ["05 01:00+1100", "05 02:00+1030", "05 03:00+1030"],
        ),
        # What does not divide a day counts on from 1970.
        ("UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 7 * DAY, ["01 00:00+0000", "08 00:00+0000"]),
        # Nothing lies in no time, at an edge; elsewhere it lies in a bucket.
        ("Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 300, ["01 05:45+0545"]),
        ("Asia/Kathmandu", "2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z", 300, ["01 05:45+0545", "01 05:50+0545"]),
    ],
)
def test_edges_follow_the_clock(zone: str, start: str, end: str, granularity: int, edges: list[str]) -> None:
    place = zone_of(zone)
    used, found = bucket_edges(at(start), at(end), granularity, place)
    assert used == granularity
    assert [clock(edge, place) for edge in found] == edges


ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago"]


@settings(deadline=None)  # a busy machine is no failure
@given(
    start=st.integers(at("2024-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")),
    seconds=st.integers(0, 31 * DAY),
    granularity=st.sampled_from([1, 60, 300, 1800, 3600, 7000, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY]),
    zone=st.sampled_from(ZONES),
)
def test_buckets_cover_the_range_and_are_as_long_as_they_say(
    start: int, seconds: int, granularity: int, zone: str
) -> None:
    end = start + seconds * 1_000_000
    used, edges = bucket_edges(start, end, granularity, zone_of(zone))
    assert edges[0] <= start
    assert edges[-1] >= end
    assert len(edges) == 1 or (edges[1] > start and (edges[-2] < end or len(edges) == 2))
    assert len(edges) - 1 <= MAX_BUCKETS
    assert used >= granularity
    lengths = {(after - before) / 1_000_000 for before, after in pairwise(edges)}
    # A clock is set by an hour at most here.
    assert all(0 < length <= used + HOUR for length in lengths)
    if zone in {"UTC", "Asia/Kolkata"}:
        assert lengths <= {used}


def test_the_size_of_a_bucket_is_chosen_by_the_range() -> None:
    ranges = {2 * HOUR: 300, 12 * HOUR: 3600, 3 * DAY: 6 * HOUR, 14 * DAY: 12 * HOUR, 31 * DAY: DAY}
    assert {length: chosen_granularity(0, length * 1_000_000) for length in ranges} == ranges
    assert chosen_granularity(0, 2 * HOUR * 1_000_000 + 1) == 3600


def test_there_are_never_more_buckets_than_the_cap() -> None:
    start = at("2026-01-01T00:00:00Z")
    assert [
        (used, len(edges) - 1)
        for used, edges in (
            bucket_edges(start, start + 10_000_000_000, 1, ZoneInfo("UTC")),
            # One more, since neither end is an edge.
            bucket_edges(start + 500_000, start + 10_000_500_000, 1, ZoneInfo("UTC")),
            bucket_edges(start, start + 20_000_000_000, 1, ZoneInfo("UTC")),
        )
    ] == [(1, 10_000), (2, 5_001), (3, 6_667)]


@pytest.mark.parametrize("name", ["", "utc+1", "localtime", "/etc/localtime", "../UTC", "America", "a" * 200, "\0"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="Unknown time zone"):
        zone_of(name)


def test_times_past_the_calendar_are_refused() -> None:
    last = round(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1_000_000
    with pytest.raises(InvalidInputError, match="No calendar has the times"):
        bucket_edges(last, last, 60, ZoneInfo("UTC"))
