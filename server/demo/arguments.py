"""The arguments of `tracegraph demo`."""

import argparse
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from resolvers.callers import check_slug
from resolvers.errors import Refusal

__all__ = ["ArgumentError", "Plan", "add_arguments", "plan_of"]

PROJECT = "demo/agent"
MOST_CALLS = 200_000
MOST_SEED = (1 << 31) - 1
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for. ``end`` is in microseconds since the epoch; None means that of the project's demo, or now.

    ``calls`` is the size of one more trace, 0 for none.
    """

    project: str
    seed: int | None = None
    end: int | None = None
    calls: int = 0


class ArgumentError(ValueError):
    """An argument that cannot be used; the message names it and its value."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command. They keep the text as given: ``plan_of`` reads it."""
    parser.add_argument(
        "--project", default=PROJECT, metavar="SLUG", help=f"the project to fill, entity/name [default {PROJECT}]"
    )
    parser.add_argument(
        "--calls", metavar="N", help=f"add a single trace of N calls, 1 to {MOST_CALLS:,}, to try a large tree"
    )
    parser.add_argument("--seed", metavar="N", help="another seed gives other ids and figures [default 0]")
    parser.add_argument(
        "--now",
        metavar="TIME",
        help="when the story ends, such as 2026-11-20T12:00:00Z; UTC without a zone [default the time of the run]",
    )


def plan_of(options: argparse.Namespace) -> Plan:
    """What the arguments ask for; raises ArgumentError."""
    try:
        project = check_slug(options.project)
    except Refusal as refusal:
        raise ArgumentError(f"--project: {refusal.message}") from refusal
    return Plan(
        project=project,
        seed=None if options.seed is None else _number("--seed", options.seed, 0, MOST_SEED),
        end=None if options.now is None else _time("--now", options.now),
        calls=0 if options.calls is None else _number("--calls", options.calls, 1, MOST_CALLS),
    )


def _number(flag: str, text: str, low: int, high: int) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,12}", text) else -1
    if not low <= number <= high:
        raise ArgumentError(f"{flag}: {text!r} is not a whole number from {low} to {high}")
    return number


def _time(flag: str, text: str) -> int:
    """Microseconds since the epoch."""
    try:
        given = datetime.fromisoformat(text)
        at = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    if at is None or not EARLIEST <= at <= LATEST:
        raise ArgumentError(f"{flag}: {text!r} is not a time from 1971 to 9999, such as 2026-11-20T12:00:00Z")
    return int(at.timestamp()) * 1_000_000 + at.microsecond
