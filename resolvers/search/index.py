"""Writing what calls say, after they were recorded, for search to find it.

The writer follows the changes of every project, from the first on: what was recorded before there was search, or while
it was off, is read in the same way. It writes little at a time and rests between, most of the time while others write.

To write a text anew takes twice as long as to write it, so a call is written once where it can be: at the last of its
changes that there are, and, where it runs, a few seconds late, since its end may be near. Whoever searches meanwhile
reads the call itself.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from db.call_texts import TEXTS, TextPart, remove_parts, select_parts, write_parts
from db.calls.changes import CALL_CHANGES, call_changes, select_changed
from db.changes import START, Change, Changes, Position, select_changes
from db.followers import Following, move_follower, select_follower, select_followers, start_following
from db.pending_texts import select_behind, select_running, select_said, select_unread
from db.projects import select_heads
from db.search_index import settle_index
from db.watchdog import SlowStatementError
from resolvers.context import Context, now
from resolvers.search.texts import text_parts

__all__ = ["TextWriter"]

log = logging.getLogger("tracegraph.search")

BATCH = 1000  # changes
BATCH_BYTES = 1 << 20  # bytes of payloads of a batch, but for one call that has more
WRITE_CHARACTERS = 1 << 17  # of a transaction, that others wait for
MOST_PROJECTS = 100  # that are looked after in one round
LOOK = 1.0  # seconds between two looks
AGAIN = 5.0  # seconds after a failure
END_AWAITED = 10.0  # seconds since a call was first heard of, in which its end is waited for
MOST_AWAITING = 500  # calls that may wait with it, and
AWAITING_BYTES = 2 << 20  # bytes of their payloads: each search reads them
STOOD = 15.0  # seconds in which another process that writes has moved on, though it may wait for an end
REST_BUSY = 4.0  # how long it rests while others write, in times of what the batch before took
REST_IDLE = 0.5  # and while nobody does


class _Gone(NamedTuple):
    """A part that nothing takes the place of."""

    call_id: str
    part: int
    size: int


class _Batch(NamedTuple):
    """What comes next in a project."""

    following: Following
    parts: Sequence[_Gone | TextPart]
    end: Position
    head: int


class TextWriter:
    """Keeps the texts of one database up. Other processes may have one, too: each batch counts once."""

    def __init__(self, context: Callable[[], Context]) -> None:
        """``context`` makes a context of the server itself, with nothing loaded."""
        self._context = context
        self._overtaken = False
        """Whether another process moved on where this one wanted to: both had read the same."""

    async def run(self) -> None:
        """Write until cancelled. Of several processes one writes, and the others watch that it does."""
        while True:
            pause = LOOK
            try:
                if self._overtaken:
                    await self._watch()
                if await self.catch_up():
                    continue
            except Exception:
                log.exception("what calls say cannot be written for search")
                pause = AGAIN
            await asyncio.sleep(pause)

    async def catch_up(self) -> bool:
        """Write what there is, a batch of each project in turn; whether there were so many that others may wait."""
        database = self._context().database
        behind = await database.read(partial(select_behind, limit=MOST_PROJECTS))
        for project, begun in behind:
            if not begun:
                await database.write(partial(start_following, project_id=project, name=TEXTS, at=START), always=True)
        waiting = [project for project, _ in behind]
        has_written = False
        while waiting:
            waiting = [project for project in waiting if await self._write_batch(project) and not self._overtaken]
            has_written = has_written or bool(waiting)
        if has_written and not self._overtaken:
            # By a reader, as nobody's rows change. Where it is stopped, the texts are written nonetheless, and what is
            # left is done after the next ones.
            with suppress(SlowStatementError):
                await database.read(settle_index)
        return len(behind) == MOST_PROJECTS and not self._overtaken

    async def _watch(self) -> None:
        """Wait until texts wait to be written and nobody has written any for a while."""
        database = self._context().database
        before: list[Following] | None = None
        while True:
            behind = await database.read(partial(select_behind, limit=1))
            found = await database.read(partial(select_followers, names=[TEXTS]))
            if behind and found == before:
                self._overtaken = False
                return
            before = found
            await asyncio.sleep(STOOD)

    async def _write_batch(self, project: str) -> bool:
        """Write one batch; whether there is more."""
        database = self._context().database
        begun = time.monotonic()
        batch = await database.read(partial(_next, project=project))
        if batch is None:
            return False
        groups = list(_groups(batch.parts)) or [()]
        rest = 0.0
        for group in groups:
            await asyncio.sleep(rest)
            begun = time.monotonic() if rest else begun
            # The last one says that all of them are written.
            to = batch.end if group is groups[-1] else batch.following.position
            write = partial(_write, batch=batch, to=to, parts=group)
            if not await database.write(write, always=True):
                self._overtaken = True
                return False
            heads = await database.read(partial(select_heads, project_ids=[project]))
            rest = (time.monotonic() - begun) * (REST_IDLE if heads[project] == batch.head else REST_BUSY)
        await asyncio.sleep(rest)
        return True


def _next(connection: Connection, project: str) -> _Batch | None:
    """What is to be written; None where nothing happened, or the end of a call is waited for."""
    following = select_follower(connection, project, TEXTS)
    if following is None:
        return None
    head = select_heads(connection, [project])[project]
    if following.position.seq > head:
        return None
    kinds = call_changes(project, CALL_CHANGES, ())
    found = select_changes(connection, kinds, following.position, head, BATCH, BATCH_BYTES)
    if _may_wait(connection, project):
        awaiting = _first_awaiting(connection, project, found.changes)
        if awaiting == 0:
            return None
        if awaiting is not None:
            found = Changes(found.changes[:awaiting], found.changes[awaiting - 1].position)
    ids = {change.id for change in found.changes}
    # What changed behind this batch comes again there.
    ids -= select_changed(connection, project, ids, min(found.end.seq, head))
    parts = [part for said in select_said(connection, project, list(ids)) for part in text_parts(said)]
    replaced = {(part.call_id, part.part) for part in parts}
    found_before = (_Gone(*part) for part in select_parts(connection, project, ids))
    gone = [part for part in found_before if (part.call_id, part.part) not in replaced]
    return _Batch(following, [*gone, *parts], found.end, head)


def _may_wait(connection: Connection, project: str) -> bool:
    """Whether few calls wait to be written."""
    waiting = select_unread(connection, project, MOST_AWAITING).calls
    return len(waiting) < MOST_AWAITING and sum(size for _, size in waiting) <= AWAITING_BYTES


def _first_awaiting(connection: Connection, project: str, changes: Sequence[Change]) -> int | None:
    """The place of the first change of a call whose end is waited for."""
    at = now()
    since = at - int(END_AWAITED * 1_000_000)
    running = select_running(connection, project, {change.id for change in changes}, since, at)
    return next((place for place, change in enumerate(changes) if change.id in running), None)


def _groups(parts: Iterable[_Gone | TextPart]) -> Iterator[Sequence[_Gone | TextPart]]:
    """Parts that are written in one transaction, at least one."""
    group: list[_Gone | TextPart] = []
    size = 0
    for part in parts:
        length = part.size if isinstance(part, _Gone) else len(part.text)
        if group and size + length > WRITE_CHARACTERS:
            yield group
            group, size = [], 0
        group.append(part)
        size += length
    if group:
        yield group


def _write(connection: Connection, batch: _Batch, to: Position, parts: Sequence[_Gone | TextPart]) -> bool:
    """Write parts, where nobody else has moved on meanwhile.

    Calls that changed since the batch was read are left out: they come again behind it, or another process that read
    the same, and later, has written them already.
    """
    if not move_follower(connection, batch.following, to):
        return False
    project = batch.following.project
    changed = select_changed(connection, project, {part.call_id for part in parts}, batch.head)
    still = [part for part in parts if part.call_id not in changed]
    remove_parts(connection, project, [(part.call_id, part.part) for part in still if isinstance(part, _Gone)])
    write_parts(connection, project, [part for part in still if isinstance(part, TextPart)])
    return True
