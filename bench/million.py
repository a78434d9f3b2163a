"""A database of a million calls on SQLite, made in minutes, for plans, profiles and the benchmark of growth.

    python -m bench.million FOLDER [--calls 1000000] [--search]

Seven tenths of the calls are in one hot project, ``big/hot``, the others in a thousand small ones, ``small/0000`` to
``small/0999``. Traces have 20 calls; two of the hot project, ``large-a`` and ``large-b``, have a hundredth and a tenth
of all: 10,000 and 100,000. Nothing of it is random: the same numbers make the same calls.

The first calls are recorded through the writer of the server. The rest is made of their rows by SQL, each with ids,
times, numbers and a word of its own, since recording a million takes an hour where this takes minutes. ``--search``
writes what the calls say, too.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from db.call_texts import TEXTS, first_document, prepare_search, write_parts
from db.calls.tables import calls
from db.changes import beyond
from db.chunks import chunked
from db.engines import Database, engine_for, parse_url
from db.followers import start_following
from db.json_text import JSONText
from db.pending_texts import select_said
from db.projects import select_heads
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
EPOCH = 1_767_225_600_000_000
SECOND = 1_000_000
KINDS = ("LLM", "TOOL", "AGENT", "CHAIN", "RETRIEVER")
FAILED = 200
"""One call of as many has failed."""

WORDS = 30_000
COMMON = "delivery"
"""A word that every second call says."""

LARGE = {"large-a": 100, "large-b": 10}
"""The large traces of the hot project, and which part of all calls each is. The id of the root is the trace's."""


def rare(number: int) -> str:
    """A word that the call of this number alone says."""
    return f"order-{number:08}"


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
        connection.exec_driver_sql("BEGIN")
        for project in (HOT, small(0)):
            ids = connection.execute(select(calls.c.id).where(calls.c.project_id == project)).scalars()
            said = [each for some in chunked(ids) for each in select_said(connection, project, some)]
            parts = (part for each in sorted(said, key=lambda each: each.started_at) for part in text_parts(each))
            for some in chunked(parts):
                write_parts(connection, project, some)
            (head,) = select_heads(connection, [project]).values()
            start_following(connection, project, TEXTS, beyond(head))
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


class Copies:
    """Makes calls of calls that were recorded."""

    def __init__(self, connection: sqlite3.Connection, *, search: bool) -> None:
        self._connection = connection
        self._search = search
        columns = [row[1] for row in connection.execute("PRAGMA table_info(calls)")]
        self._columns = ", ".join(columns)
        own = {
            "project_id": ":project",
            "id": "tg_other(id, :shift)",
            "trace_id": "coalesce(:trace, tg_other(trace_id, :shift))",
            "parent_id": "coalesce(tg_other(parent_id, :shift), :top)",
            "turn_id": "coalesce(:trace, tg_other(turn_id, :shift))",
            "session_id": "'session-' || (((started_at - :epoch) / 1000000 + :shift) / 400)",
            "thread_id": "'thread-' || (((started_at - :epoch) / 1000000 + :shift) / 100)",
            "wb_run_id": "'run-' || (((started_at - :epoch) / 1000000 + :shift) / 5000)",
            "op_name": "replace(op_name, :from, :project)",
            "inputs": f"replace({self._renumbered('inputs')}, :from, :project)",
            **{name: f"{name} + :shift * 1000000" for name in ("started_at", "ended_at")},
            **{name: f"{name} + :passed" for name in ("change_seq", "started_seq", "ended_seq")},
        }
        self._values = ", ".join(own.get(name, name) for name in columns)
        connection.create_function("tg_other", 2, _other, deterministic=True)

    @staticmethod
    def _renumbered(text: str) -> str:
        number = "(started_at - :epoch) / 1000000"
        return f"replace({text}, printf('order-%08d', {number}), printf('order-%08d', {number} + :shift))"

    def make(self, numbers: range, project: str, shift: int, *, of: str = HOT, trace: str | None = None) -> int:
        """Copies of the calls of ``numbers``, with ``shift`` added; in the same project, or the one given, with traces
        of their own or all below the root of ``trace``; returns how many they are."""
        execute = self._connection.execute
        wanted: dict[str, object] = {
            "project": project,
            "from": of,
            "shift": shift,
            "epoch": EPOCH,
            "trace": trace,
            "top": trace,
            "first": EPOCH + numbers.start * SECOND,
            "last": EPOCH + (numbers.stop - 1) * SECOND,
        }
        where = "project_id = :from AND started_at BETWEEN :first AND :last"
        (wanted["passed"],) = execute(
            "SELECT (SELECT coalesce(max(change_seq), 0) FROM projects WHERE project_id = :project)"
            f" - (SELECT min(change_seq) - 1 FROM calls WHERE {where})",
            wanted,
        ).fetchone()
        made = execute(
            f"INSERT INTO calls ({self._columns}) SELECT {self._values} FROM calls WHERE {where} ORDER BY started_at",
            wanted,
        ).rowcount
        execute(
            "INSERT INTO refs (project_id, source_kind, source_id, role, target, base)"
            " SELECT :project, source_kind, tg_other(source_id, :shift), role, replace(target, :from, :project),"
            " replace(base, :from, :project) FROM refs WHERE project_id = :from AND source_id IN"
            f" (SELECT id FROM calls WHERE {where})",
            wanted,
        )
        execute(
            "INSERT INTO projects (project_id, change_seq, created_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET change_seq = change_seq + ?",
            [project, made, EPOCH, made],
        )
        if self._search:
            self._make_texts(wanted, project)
        self._connection.commit()
        return made

    def _make_texts(self, wanted: dict[str, object], project: str) -> None:
        execute = self._connection.execute
        # As first_document says, of calls that began a second apart.
        wanted |= {"document": first_document(project, EPOCH) + EPOCH // 512}
        execute(
            "INSERT INTO call_texts (project_id, call_id, part, whole, document, text)"
            " SELECT :project, tg_other(id, :shift), part, whole,"
            f" :document - (started_at + :shift * 1000000) / 512, {self._renumbered('text')}"
            " FROM calls JOIN call_texts ON call_texts.project_id = calls.project_id AND call_id = id"
            " WHERE calls.project_id = :from AND started_at BETWEEN :first AND :last ORDER BY started_at DESC",
            wanted,
        )
        execute(
            "INSERT INTO call_texts_index (rowid, text) SELECT document, text FROM call_texts WHERE document"
            " BETWEEN :document - (:last + :shift * 1000000) / 512 AND :document - (:first + :shift * 1000000) / 512"
            " ORDER BY document",
            wanted,
        )
        execute(
            "INSERT OR REPLACE INTO followers (project_id, name, seq, id, rank)"
            " SELECT project_id, 'texts', change_seq + 1, '', -1 FROM projects WHERE project_id = ?",
            [project],
        )


def _other(call_id: str | None, shift: int) -> str | None:
    """The id of a copy."""
    return call_id and str(uuid.UUID(bytes=blake2b(f"{call_id} {shift}".encode(), digest_size=16).digest()))


def make(folder: Path, amount: int, *, search: bool) -> str:
    """Make the database in ``folder``; returns its URL. What is there already is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tracegraph.db"
    url = f"sqlite:///{path}"
    if path.exists():
        return url
    begun = time.monotonic()
    plan = Plan.of(amount)
    prepare_database(url)
    if search:
        prepare_search(url)
    asyncio.run(record_some(url, plan))
    if search:
        write_texts(url)
    with closing(sqlite3.connect(path)) as connection:
        for pragma in ("synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        for done in copied(Copies(connection, search=search), plan):
            sys.stderr.write(f"{done:.0%} after {time.monotonic() - begun:.0f} s\n")
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
            written += copies.make(range(min(plan.block, plan.plain - written)), HOT, written)
        if number % (SMALL // 10) == 0:
            yield number / SMALL
    for name, numbers in plan.large.items():
        for done in range(BLOCK, len(numbers), BLOCK):
            copies.make(numbers[: min(BLOCK, len(numbers) - done)], HOT, done, trace=name)
    yield 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--search", action="store_true", help="write what the calls say, too")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        make(options.folder, options.calls, search=options.search)
