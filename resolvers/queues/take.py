"""What queues take by themselves: calls that match their filters.

A call counts once it has ended. One that is told at once and never said to end, as sessions and some events of
HoneyHive are, counts as soon as it is there. It is looked at again whenever it changes, since what filters ask for,
such as feedback and metrics, may come later.
"""

import logging
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_

from db.calls.fields import call_fields
from db.calls.reads import select_matching_ids
from db.calls.tables import calls
from db.changes import Change
from db.json_text import parse_json
from db.projects import lock
from db.query.compile import compile_query
from db.query.expression import Convert, GetField
from db.queues.items import insert_items, select_known_calls
from db.queues.reads import TakingQueue, select_taking_queues
from resolvers.calls.event_filters import event_filters_of, filters_expression
from resolvers.calls.kinds import CallKind
from resolvers.calls.pages import CallList
from resolvers.context import Context, now
from resolvers.errors import Refusal
from resolvers.followers import Work
from resolvers.live.follow import CallChange
from resolvers.queues.record import TAKING, new_items

__all__ = ["QueueFollower"]

log = logging.getLogger("tracegraph.queues")


class _Taken(NamedTuple):
    """Calls that a queue takes, in the order in which they changed."""

    queue: TakingQueue
    call_ids: Sequence[str]


class QueueFollower:
    """Looks at calls that changed for the queues that take them; a ``resolvers.followers.Follower``."""

    name = TAKING
    changes: Collection[CallChange] = (CallChange.STARTED, CallChange.ENDED, CallChange.UPDATED)

    async def handle(self, context: Context, project: str, changes: Sequence[Change]) -> Work | None:
        """One statement a queue that takes calls, and one more where it takes some of these."""
        call_ids = list(dict.fromkeys(change.id for change in changes))
        taken = await context.read(lambda connection: _find(connection, project, call_ids))
        return (lambda connection: _put(connection, project, taken)) if taken else None


def _find(connection: Connection, project: str, call_ids: Sequence[str]) -> list[_Taken]:
    found = []
    for queue in select_taking_queues(connection, project):
        matching = _matching(connection, project, queue, call_ids)
        # Also those that were taken out: they do not come back.
        matching -= select_known_calls(connection, project, queue.id, matching)
        if matching:
            found.append(_Taken(queue, [call_id for call_id in call_ids if call_id in matching]))
    return found


def _put(connection: Connection, project: str, taken: Sequence[_Taken]) -> None:
    at = now()
    position = lock(connection, project, at, changes=sum(len(each.call_ids) for each in taken))
    current = set(select_taking_queues(connection, project))
    for queue, call_ids in taken:
        if queue in current:  # as it was when the calls were found
            insert_items(connection, new_items(project, queue.id, call_ids, position, at, automatic=True), again=False)
            position += len(call_ids)


def _matching(connection: Connection, project: str, queue: TakingQueue, call_ids: Sequence[str]) -> set[str]:
    """Those of the calls that count since the queue takes calls, and match its filters."""
    try:
        expression = filters_expression(event_filters_of(parse_json(queue.filters)))
        where = CallList(project, query=expression).conditions()
    except Refusal as refusal:  # written by another version
        log.warning("queue %s of %s takes nothing: %s", queue.id, project, refusal.message)
        return set()
    return select_matching_ids(connection, call_ids, [*where, _counts_since(project, queue.since)])


def _counts_since(project: str, since: int) -> ColumnElement[bool]:
    c = calls.c
    told_whole = compile_query(Convert(GetField("attributes.honeyhive.event_type"), "exists"), call_fields(project))
    whole = or_(c.kind == CallKind.SESSION.value, told_whole)
    return or_(c.ended_seq > since, and_(c.ended_seq.is_(None), c.started_seq > since, whole))
