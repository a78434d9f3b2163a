"""Threads with statistics of their turns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_compat.registry import Endpoint, Request, Stream, Variables, first_page
from rest_compat.weave.models import SortBy, Strict, microseconds, order_by

__all__ = ["ENDPOINTS"]


class ThreadsQueryFilter(Strict):
    """Seed 001."""

    after_datetime: datetime | None = None
    before_datetime: datetime | None = None
    thread_ids: list[str] | None = None


class ThreadsQueryReq(Strict):
    """Seed 001."""

    project_id: str
    filter: ThreadsQueryFilter | None = None
    limit: int | None = None
    offset: int | None = None
    sort_by: list[SortBy] | None = None


_LAST_UPDATED_FIRST = [{"field": "last_updated", "direction": "DESC"}]


def _page(request: Request) -> Variables:
    body: ThreadsQueryReq = request.body
    chosen = body.filter or ThreadsQueryFilter()
    return {
        "project": body.project_id,
        "filter": {
            "threadIds": chosen.thread_ids,
            "startTimeAfter": chosen.after_datetime and microseconds(chosen.after_datetime),
            "updatedBefore": chosen.before_datetime and microseconds(chosen.before_datetime),
            # ThreadSchema has no null for the times of its turns (docs/threads.md).
            "hasEndedTurns": True,
        },
        "orderBy": order_by(body.sort_by) or _LAST_UPDATED_FIRST,
        **first_page(request),
    }


def _line(thread: Mapping[str, Any], _request: Request) -> dict[str, Any]:
    """ThreadSchema of seed 001."""
    return {
        "thread_id": thread["threadId"],
        "turn_count": thread["turnCount"],
        "start_time": thread["startTime"],
        "last_updated": thread["lastUpdated"],
        "first_turn_id": thread["firstTurnId"],
        "last_turn_id": thread["lastTurnId"],
        "p50_turn_duration_ms": thread["p50TurnDurationMs"],
        "p99_turn_duration_ms": thread["p99TurnDurationMs"],
    }


ENDPOINTS = [
    Endpoint(
        "/threads/stream_query",
        "weave/threads_page",
        "Threads with statistics of their turns, as JSON lines.",
        model=ThreadsQueryReq,
        variables=_page,
        stream=Stream(connection=lambda data: data["project"]["threads"], line=_line),
    ),
]
