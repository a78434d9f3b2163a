"""Events that are too large to be prepared on the event loop are written as any others."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from db.calls.tables import calls
from db.json_text import JSONText
from db.refs import refs
from resolvers.calls import columns, record
from resolvers.calls.events import CallEnd, CallEvent, CallStart
from resolvers.calls.record import record_calls
from resolvers.context import Context

pytestmark = pytest.mark.anyio

REF = "weave:///team/app/object/name:digest"
START = CallStart(
    "team/app", "a", "t", None, "op", 1, JSONText('{"n":1e400}'), JSONText(f'{{"half":"\\ud83d","of":"{REF}"}}')
)
END = CallEnd("team/app", "a", 2, JSONText(f'["\\u0000","{REF}"]'), JSONText('{"usage":{"m":{"total_tokens":3}}}'))


async def written(context: Context, project: str) -> tuple[Sequence[Any], Sequence[Any]]:
    """The row of the call, and its refs, without what names the project or the time."""
    events: list[CallEvent] = [replace(START, project=project), replace(END, project=project)]
    await record_calls(context, events)
    names = [column for column in calls.c if column.name not in {"project_id", "created_at"}]

    def read(connection: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        row = connection.execute(select(*names).where(calls.c.project_id == project)).one()
        edges = connection.execute(select(refs.c.role, refs.c.target).where(refs.c.project_id == project)).all()
        return tuple(row), sorted(tuple(edge) for edge in edges)

    return await context.read(read)


async def test_they_are_worked_out_once_by_who_writes(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    said = columns._said

    def noted(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return said(*given)

    monkeypatch.setattr(columns, "_said", noted)
    small = await written(context, "team/small")
    assert threads == [threading.current_thread()] * 2
    threads.clear()
    monkeypatch.setattr(record, "MOST_PREPARED", 2000)
    assert await written(context, "team/large") == small
    assert len(threads) == 2
    assert threading.current_thread() not in threads
    assert [role for role, _ in small[1]] == ["inputs", "output"]
