"""Giving followers what they follow."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial

from sqlalchemy import Connection

from db.calls.changes import call_changes
from db.changes import Changes, select_changes
from db.followers import Following, move_follower, select_follower, select_followers
from db.projects import lock, select_heads
from resolvers.context import Context, now
from resolvers.followers.follower import Follower, Later, Work
from resolvers.live.hub import Hub

__all__ = ["BATCH", "Followers"]

log = logging.getLogger("tracegraph.followers")

BATCH = 200
LOOK = 1.0  # seconds between two looks at which projects are followed
AGAIN = 1.0  # seconds before a follower is asked again that had no room
LONGEST_PAUSE = 60.0  # seconds before one is asked again that failed and failed

ANY_SIZE = 1 << 62


class Followers:
    """The followers of one process. Others may have the same: each change is handled by one of them.

    One batch of one project is handled at a time, so that a backlog leaves the process to its requests.
    """

    def __init__(self, context: Callable[[], Context], hub: Hub, followers: Iterable[Follower]) -> None:
        """``context`` makes a context of the server itself, with nothing loaded."""
        self._context = context
        self._hub = hub
        self._followers = {follower.name: follower for follower in followers}
        self._followed: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Follow until cancelled, or until the hub stops."""
        try:
            while not self._hub.stopping:
                try:
                    found = await self._context().database.read(partial(select_followers, names=self._followers))
                except Exception as error:  # noqa: BLE001 - whatever it was, the next look may do
                    log.warning("projects that are followed cannot be looked for: %s", error)
                else:
                    self._follow({each.project for each in found})
                await asyncio.sleep(LOOK)
        finally:
            tasks = list(self._followed.values())
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def _follow(self, projects: set[str]) -> None:
        for project in self._followed.keys() - projects:
            self._followed.pop(project).cancel()
        for project in projects:
            task = self._followed.get(project)
            if task is None or task.done():
                self._followed[project] = asyncio.create_task(self._follow_project(project), name=f"follow {project}")

    async def _follow_project(self, project: str) -> None:
        failed = 0
        with self._hub.watch(project) as watch:
            while not self._hub.stopping:
                seen = watch.head
                try:
                    pause = None if await self._catch_up(project) else AGAIN
                    failed = 0
                except Exception:
                    log.exception("followers of %s failed", project)
                    failed += 1
                    pause = min(AGAIN * 2**failed, LONGEST_PAUSE)
                if pause is None:
                    await watch.reach(seen + 1)
                else:
                    await asyncio.sleep(pause)

    async def _catch_up(self, project: str) -> bool:
        """Handle what there is; False where some follower had no room for it."""
        caught_up = True
        for follower in self._followers.values():
            more = True
            while more and not self._hub.stopping:
                try:
                    async with self._turn:
                        more = await self._handle(project, follower)
                except Later:
                    more = caught_up = False
        return caught_up

    async def _handle(self, project: str, follower: Follower) -> bool:
        """Handle one batch; whether there may be more."""
        context = self._context()
        found = await context.read(partial(_next, project=project, follower=follower))
        if found is None:
            return False
        following, changes = found
        work = await follower.handle(context, project, changes.changes)
        await context.database.write(
            partial(_done, following=following, changes=changes, work=work, at=now()), always=True
        )
        return True


def _next(connection: Connection, project: str, follower: Follower) -> tuple[Following, Changes] | None:
    """Where the follower stands, and what comes then; None where there is nothing, or it follows no more."""
    following = select_follower(connection, project, follower.name)
    if following is None:
        return None
    head = select_heads(connection, [project])[project]
    if following.position.seq > head:
        return None
    kinds = call_changes(project, follower.changes, ())
    changes = select_changes(connection, kinds, following.position, head, BATCH, ANY_SIZE)
    return (following, changes) if changes.changes else None


def _done(connection: Connection, following: Following, changes: Changes, work: Work | None, at: int) -> None:
    if work is not None:
        # Before the position, as whoever begins or ends a following has it: locks in one order wait in no circle.
        lock(connection, following.project, at, changes=0)
    # Whoever moves the position has it until the commit; others wait here, and then do nothing.
    if move_follower(connection, following, changes.end) and work is not None:
        work(connection)
