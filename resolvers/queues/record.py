"""Making, changing and deleting queues, and what people do with their items."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from db.followers import set_following
from db.json_text import dump_json
from db.projects import lock
from db.queues.items import insert_items, remove_items
from db.queues.reads import select_queue_to_change, select_taking_queues
from db.queues.writes import insert_queue, update_queue
from resolvers.calls.event_filters import EventFilter, filters_expression, plain_filters
from resolvers.calls.validate import LONGEST_ID
from resolvers.context import Context, now
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.ids import new_id
from resolvers.queues.states import ItemState

__all__ = [
    "TAKING",
    "NewQueue",
    "QueueChanges",
    "new_items",
    "queue_create",
    "queue_delete",
    "queue_not_found",
    "queue_update",
]

TAKING = "annotation-queues"
"""The follower that puts calls into queues (``resolvers.queues.take``)."""

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 1000
MOST_CALLS = 10_000
"""Calls that one write adds, or takes out."""


@dataclass(frozen=True, slots=True)
class NewQueue:
    """A queue as it is made. ``call_ids`` are its first items; what they name need not be there yet."""

    name: str
    description: str = ""
    filters: Sequence[EventFilter] = ()
    enabled: bool = True
    call_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class QueueChanges:
    """What becomes of a queue; None leaves things as they are."""

    name: str | None = None
    description: str | None = None
    filters: Sequence[EventFilter] | None = None
    enabled: bool | None = None
    add: Sequence[str] = ()
    """Calls to put last; those that are in it keep their place and their state."""

    remove: Sequence[str] = ()
    """Calls to take out; those that are not in it are passed over."""


async def queue_create(context: Context, project: str, new: NewQueue) -> str:
    """Make a queue; returns its id. Names need not be unique.

    Raises InvalidInputError for a value that cannot be.
    """
    context.caller.require_write(project)
    _check_texts(new.name, new.description)
    call_ids = _checked_ids(new.call_ids, "callIds")
    filters_expression(new.filters)
    at = now()
    row: dict[str, Any] = {
        "project_id": project,
        "id": new_id(),
        "name": new.name,
        "description": new.description,
        "enabled": new.enabled,
        "filters": dump_json(plain_filters(new.filters)),
        "created_at": at,
        "created_by": context.caller.user_id,
        "updated_at": None,
        "deleted_at": None,
    }

    def write(connection: Connection) -> None:
        first = lock(connection, project, at, changes=len(call_ids) + 1)
        taking = new.enabled and bool(new.filters)
        with _following(connection, project):
            insert_queue(connection, {**row, "taking_since": first if taking else None})
        insert_items(connection, new_items(project, row["id"], call_ids, first + 1, at, automatic=False), again=True)

    await context.database.write(write)
    return str(row["id"])


async def queue_update(context: Context, project: str, queue_id: str, changes: QueueChanges) -> None:
    """Change a queue. Filters count from now on, also those of a queue that is enabled now.

    Raises NotFoundError where it is not there, InvalidInputError for a value that cannot be.
    """
    context.caller.require_write(project)
    _check_texts(changes.name or "", changes.description or "")
    add, remove = _checked_ids(changes.add, "addCallIds"), _checked_ids(changes.remove, "removeCallIds")
    if both := sorted(set(add) & set(remove)):
        raise InvalidInputError(f"{both[0]!r} is both to be added and to be removed", ["removeCallIds"])
    filters = None
    if changes.filters is not None:
        filters_expression(changes.filters)
        filters = dump_json(plain_filters(changes.filters))
    at = now()
    given = {"name": changes.name, "description": changes.description, "enabled": changes.enabled, "filters": filters}
    values = {name: value for name, value in given.items() if value is not None}

    def write(connection: Connection) -> None:
        first = lock(connection, project, at, changes=len(add) + 1)
        before = select_queue_to_change(connection, project, queue_id)
        if before is None:
            raise queue_not_found(queue_id)  # inside, so that nothing is written
        after = {"enabled": before.enabled, "filters": before.filters, **values}
        taking = after["enabled"] and after["filters"] != "[]"
        goes_on = taking and before.taking_since is not None and after["filters"] == before.filters
        since = before.taking_since if goes_on else first if taking else None
        with _following(connection, project):
            update_queue(connection, project, queue_id, {**values, "taking_since": since, "updated_at": at})
        remove_items(connection, project, queue_id, remove)
        insert_items(connection, new_items(project, queue_id, add, first + 1, at, automatic=False), again=True)

    await context.database.write(write)


async def queue_delete(context: Context, project: str, queue_id: str) -> None:
    """Delete a queue: nobody sees it any more. Feedback that was given through it stays.

    Raises NotFoundError where it is not there.
    """
    context.caller.require_write(project)
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        if select_queue_to_change(connection, project, queue_id) is None:
            raise queue_not_found(queue_id)
        with _following(connection, project):
            update_queue(connection, project, queue_id, {"deleted_at": at, "taking_since": None})

    await context.database.write(write)


@contextmanager
def _following(connection: Connection, project: str) -> Iterator[None]:
    """Let the project be followed where one of its queues takes calls after what is done inside, and only then."""
    before = bool(select_taking_queues(connection, project))
    yield
    after = bool(select_taking_queues(connection, project))
    if before is not after:
        set_following(connection, project, TAKING, wanted=after)


def queue_not_found(queue_id: str) -> NotFoundError:
    """The refusal of what names a queue that is not there."""
    return NotFoundError(f"Queue not found: {queue_id!r}", ["queueId"])


def new_items(
    project: str, queue_id: str, call_ids: Iterable[str], position: int, at: int, *, automatic: bool
) -> list[dict[str, Any]]:
    """The rows of items that are added in this order, at positions from ``position`` on."""
    return [
        {
            "project_id": project,
            "id": new_id(),
            "queue_id": queue_id,
            "call_id": call_id,
            "position": position + index,
            "state": ItemState.PENDING.value,
            "automatic": automatic,
            "added_at": at,
            "completed_at": None,
            "completed_by": None,
        }
        for index, call_id in enumerate(call_ids)
    ]


def _check_texts(name: str, description: str) -> None:
    for what, text, longest in (("name", name, LONGEST_NAME), ("description", description, LONGEST_DESCRIPTION)):
        if len(text) > longest:
            raise InvalidInputError(
                f"{what} has {len(text)} characters, at most {longest} are taken: {text[:60]!r}...", [what]
            )


def _checked_ids(call_ids: Sequence[str], argument: str) -> list[str]:
    """Each id once, in order; raises InvalidInputError."""
    if len(call_ids) > MOST_CALLS:
        raise InvalidInputError(f"{argument} has {len(call_ids)} ids, at most {MOST_CALLS} are taken", [argument])
    for index, call_id in enumerate(call_ids):
        if not 1 <= len(call_id) <= LONGEST_ID or "\x00" in call_id:
            shown = repr(call_id) if len(call_id) <= LONGEST_ID else f"{call_id[:60]!r}..."
            raise InvalidInputError(
                f"The id of a call has 1 to {LONGEST_ID} characters, none of them NUL, unlike {shown}",
                [argument, index],
            )
    return list(dict.fromkeys(call_ids))
