"""Items of queues that people have done, skip, or take up again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from db.queues.items import complete_items, select_items_by_key, set_item_state
from db.queues.reads import select_queue_to_change
from resolvers.context import Context, now
from resolvers.errors import ConflictError, NotFoundError
from resolvers.queues.record import queue_not_found
from resolvers.queues.states import ItemState
from resolvers.refs import CallRef, parse_ref

__all__ = ["complete_by_feedback", "item_put"]


async def item_put(context: Context, project: str, queue_id: str, call_id: str, state: ItemState) -> None:
    """Put an item into a state, in the caller's name. One that is in it already stays as it is, with who put it there.

    Raises NotFoundError where it is not there, ConflictError for skipping what is done.
    """
    context.caller.require_write(project)
    pending = state is ItemState.PENDING
    at, by = (None, None) if pending else (now(), context.caller.user_id)

    def write(connection: Connection) -> None:
        if select_queue_to_change(connection, project, queue_id) is None:
            raise queue_not_found(queue_id)
        key = (queue_id, call_id)
        item = select_items_by_key(connection, project, [key], ["state"]).get(key)
        if item is None:
            raise NotFoundError(f"Queue {queue_id!r} has no item for the call {call_id!r}", ["callId"])
        if state is ItemState.SKIPPED and item.state == ItemState.DONE:
            raise ConflictError(f"The call {call_id!r} is done in this queue; reopen it first", ["callId"])
        if item.state != state:
            set_item_state(connection, project, queue_id, call_id, state.value, at, by)

    await context.database.write(write)


def complete_by_feedback(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Items whose call gets feedback through their queue are done; ``rows`` are of new feedback."""
    done: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["queue_id"] is None:
            continue
        target = parse_ref(row["target_ref"])
        if isinstance(target, CallRef) and target.project == row["project_id"]:
            found = {"queue": row["queue_id"], "call": target.call_id}
            done[row["project_id"]].append({**found, "at": row["created_at"], "by": row["wb_user_id"]})
    for project, each in done.items():
        complete_items(connection, project, each)
