"""A database of a million calls, made in minutes, for plans, profiles and the benchmark of growth.

    python -m bench.million FOLDER [--calls 1000000] [--search]
    python -m bench.million postgresql://... [--calls 10000000]

Seven tenths of the calls are in one hot project, ``big/hot``, the others in a thousand small ones, ``small/0000`` to
``small/0999``. Traces have 20 calls; two of the hot project, ``large-a`` and ``large-b``, have a hundredth and a tenth
of all: 10,000 and 100,000. Nothing of it is random: the same numbers make the same calls.

The first calls are recorded through the writer of the server. The rest is made of their rows by SQL, each with ids,
times, numbers and a word of its own (``bench.copies``), since recording a million takes an hour where this takes
minutes. ``--search`` writes what the calls say, too.
"""

import argparse
import asyncio
import random
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from bench.copies import EPOCH, SECOND, Copies, copies_in, rare
from db.call_texts import TEXTS, write_parts
from db.calls.tables import calls
from db.changes import beyond
from db.chunks import chunked
from db.engines import Database, engine_for, parse_url, preparing
from db.followers import start_following
from db.json_text import JSONText
from db.pending_texts import select_said
from db.projects import select_heads
from db.search_index import prepare_search
from resolvers.callers import LOCAL
from resolvers.calls.events import CallEnd, CallStart
from resolvers.calls.record import record_calls
from resolvers.context import Context
from resolvers.search.texts import text_parts
from server.serve import prepare_database

__all__ = ["COMMON", "HOT", "LARGE", "make", "rare", "small"]

HOT = "big/hot"
SMALL = 1000
"""Projects beside the hot one."""

TRACE = 20
BLOCK = 10_000
"""Calls of the hot project, and of a large trace, that are recorded; what is made of them has as many."""

BATCH = 500
KINDS = ("LLM", "TOOL", "AGENT", "CHAIN", "RETRIEVER")
FAILED = 200
"""One call of as many has failed."""

WORDS = 30_000
COMMON = "delivery"
"""A word that every second call says."""

LARGE = {"large-a": 100, "large-b": 10}
"""The large traces of the hot project, and which part of all calls each is. The id of the root is the trace's."""


def small(number: int) -> str:
    """A small project."""
    return f"small/{number:04}"


class Texts:
    """Texts of words as frequent as those of a language: few of them are half of what is said."""

    def __init__(self) -> None:
        source = random.Random("texts")
        letters = "etaoinshrdlucmfwypvbgk"
        likely = range(len(letters), 0, -1)
        words = ["".join(source.choices(letters, likely, k=3 + source.randrange(8))) for _ in range(WORDS)]
        weights = [1 / (10 + place) for place in range(WORDS)]
        self._some = [" ".join(source.choices(words, weights, k=90)) for _ in range(4096)]

    def of(self, number: int) -> tuple[str, str]:
        """What the call of this number was asked, about 1,000 bytes, and what it answered, about half of it."""
        asked = f"{self._some[number % 4096]} {rare(number)} {self._some[number * 7 % 4093][:400]}"
        answered = self._some[number * 13 % 4091]
        return asked, f"{answered} {COMMON}" if number % 2 else answered


def calls_of(project: str, numbers: range, texts: Texts, large: str = "") -> Iterator[tuple[CallStart, CallEnd]]:
    """The calls of these numbers in traces of twenty, or all in the one named ``large``. Each has four below it."""
    ids = [large or _id(project, numbers.start), *(_id(project, number) for number in numbers[1:])]
    for place, number in enumerate(numbers):
        in_trace = place if large else place % TRACE
        root = place - in_trace
        asked, answered = texts.of(number)
        model = f"model-{number % 50}"
        began = EPOCH + number * SECOND
        usage = f'"usage":{{"{model}":{{"prompt_tokens":300,"completion_tokens":80,"requests":1}}}}'
        yield (
            CallStart(
                project,
                ids[place],
                ids[root],
                ids[root + (in_trace - 1) // 4] if in_trace else None,
                f"weave:///{project}/op/step-{number % 60}:{number % 3:043}",
                began,
                JSONText(f'{{"environment":"production","number":{number},"sdk":{{"name":"bench","version":"1.0"}}}}'),
                JSONText(
                    f'{{"model":"{model}","temperature":{(number * 7919 % 1000) / 1000},'
                    f'"prompt":"weave:///{project}/object/prompt:{number % 500:043}",'
                    f'"messages":[{{"role":"user","content":"{asked}"}}]}}'
                ),
                thread_id=f"thread-{number // 100}",
                turn_id=ids[root],
                session_id=f"session-{number // 400}",
                kind=KINDS[number % 5] if number % 2 else None,
                wb_user_id=f"user-{number % 200}",
                wb_run_id=f"run-{number // 5000}",
            ),
            CallEnd(
                project,
                ids[place],
                began + (5 + number % 900) * 1000,
                JSONText(f'{{"choices":[{{"message":{{"role":"assistant","content":"{answered}"}}}}]}}'),
                JSONText(f"{{{usage}}}" if number % 5 == 1 else "{}"),
                exception=None if number % FAILED else "ValueError: it was not so",
            ),
        )


def _id(project: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{project} {number}"))


async def record(database: Database, pairs: Iterator[tuple[CallStart, CallEnd]]) -> None:
    context = Context(database, LOCAL)
    while some := [event for pair in islice(pairs, BATCH) for event in pair]:
        await record_calls(context, some)


def write_texts(url: str) -> None:
    """Write what the recorded calls say, in one transaction."""
    engine = engine_for(parse_url(url), pool_size=1)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        for project in (HOT, small(0)):
            ids = connection.execute(select(calls.c.id).where(calls.c.project_id == project)).scalars()
            said = [each for some in chunked(ids) for each in select_said(connection, project, some)]
            parts = (part for each in sorted(said, key=lambda each: each.started_at) for part in text_parts(each))
            for some in chunked(parts):
                write_parts(connection, project, some)
            (head,) = select_heads(connection, [project]).values()
            start_following(connection, project, TEXTS, beyond(head))
        connection.commit()
    engine.dispose()


def make(place: str, amount: int, *, search: bool) -> str:
    """Make the database in a folder, for SQLite, or in an empty database of PostgreSQL; returns its URL. What is in a
    folder already is left as it is."""
    if "://" in place:
        url = place
    else:
        path = Path(place) / "tracegraph.db"
        path.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{path}"
        if path.exists():
            return url
    begun = time.monotonic()

    def say(what: str) -> None:
        sys.stderr.write(f"{what} after {time.monotonic() - begun:.0f} s\n")

    plan = Plan.of(amount)
    prepare_database(url)
    if search:
        with preparing(url) as engine:
            prepare_search(engine)
    asyncio.run(record_some(url, plan))
    if search:
        write_texts(url)
    say("recorded")
    with copies_in(url, search=search) as copies:
        for done in copied(copies, plan):
            say(f"{done:.0%}")
    say("done")
    return url


@dataclass(frozen=True)
class Plan:
    """How many calls there are to be: of a small project, of the hot one in traces of twenty, and in large traces, each
    with the number of its first."""

    small: int
    plain: int
    large: Mapping[str, range]

    @classmethod
    def of(cls, calls: int) -> "Plan":
        first, last = (calls // part for part in LARGE.values())
        plain = calls * 7 // 10 - first - last
        ranges = (range(plain, plain + first), range(plain + first, plain + first + last))
        return cls(calls * 3 // 10 // SMALL, plain, dict(zip(LARGE, ranges, strict=True)))

    @property
    def block(self) -> int:
        """The calls of the hot project that are recorded, in whole traces."""
        return min(BLOCK, self.plain) // TRACE * TRACE


async def record_some(url: str, plan: Plan) -> None:
    """Record what the rest is made of."""
    database = Database(url)
    texts = Texts()
    try:
        await record(database, calls_of(HOT, range(plan.block), texts))
        for name, numbers in plan.large.items():
            await record(database, calls_of(HOT, numbers[:BLOCK], texts, name))
        await record(database, calls_of(small(0), range(plan.small), texts))
    finally:
        await database.close()


def copied(copies: Copies, plan: Plan) -> Iterator[float]:
    """Make the rest; gives how much of it is done, now and then."""
    written = plan.block
    for number in range(1, SMALL):
        copies.make(range(plan.small), small(number), 0, of=small(0))
        # The hot project grows beside the small ones, so that neither lies alone in the file.
        while written < plan.plain * number // (SMALL - 1):
            written += copies.make(range(min(plan.block, plan.plain - written)), HOT, written, of=HOT)
        if number % (SMALL // 10) == 0:
            yield number / SMALL
    for name, numbers in plan.large.items():
        for done in range(BLOCK, len(numbers), BLOCK):
            copies.make(numbers[: min(BLOCK, len(numbers) - done)], HOT, done, of=HOT, trace=name)
    yield 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("place", help="a folder, or the URL of an empty database of PostgreSQL")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--search", action="store_true", help="write what the calls say, too")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        make(options.place, options.calls, search=options.search)
