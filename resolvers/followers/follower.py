"""What a follower is."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from sqlalchemy import Connection

from db.changes import Change
from resolvers.context import Context
from resolvers.live.follow import CallChange

__all__ = ["Follower", "Later", "Work"]

Work = Callable[[Connection], None]
"""What is written for some changes. It runs in the transaction that notes them as handled, so both are done or none is;
it may run a second time after a conflict."""


class Later(Exception):  # noqa: N818 - no error: an answer
    """The follower has no room for more at the moment: it is asked again soon, from the same place."""


class Follower(Protocol):
    """Something that is done for changes of calls."""

    @property
    def name(self) -> str:
        """Under which it is registered; never changed, since its positions are kept under it."""

    @property
    def changes(self) -> Collection[CallChange]:
        """The kinds of change that it is given. ENDED comes once for each call."""

    async def handle(self, context: Context, project: str, changes: Sequence[Change]) -> Work | None:
        """What is to be written for these changes, at most ``BATCH`` of them; None for nothing.

        Whatever takes long is read and computed here, before there is a transaction. Several processes may handle the
        same changes at a time, and the work of one of them is done. ``Change.id`` is the call's; it may have been
        deleted since. What is raised, but for Later, is logged, and the same changes come again.
        """
