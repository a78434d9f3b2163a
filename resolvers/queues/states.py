"""The states of the items of queues."""

from enum import StrEnum

from db.queues.items import DONE, PENDING, SKIPPED

__all__ = ["ItemState"]


class ItemState(StrEnum):
    """How an item stands; the values are those of the column."""

    PENDING = PENDING
    DONE = DONE
    SKIPPED = SKIPPED
