"""Events of calls in any order, at once and twice: nothing is lost and the rules of docs/calls.md say what stays."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import anyio
import httpx
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples

_projects = count()

IDS = ["a", "b", "c"]
PARENTS: dict[str, str | None] = {"a": None, "b": "a", "c": "b"}


@dataclass(frozen=True)
class Event:
    """One request about one call; ``variant`` tells apart what it says."""

    kind: str
    call_id: str
    variant: int


events = st.lists(
    st.builds(
        Event,
        kind=st.sampled_from(["start", "start", "end", "end", "update", "delete"]),
        call_id=st.sampled_from(IDS),
        variant=st.integers(0, 3),
    ),
    min_size=1,
    max_size=14,
)


def start_body(project: str, event: Event) -> dict[str, Any]:
    """A start whose every field depends on its variant, but for the tree, which is the same in all."""
    return {
        "project_id": project,
        "id": event.call_id,
        "op_name": f"op-{event.variant}",
        "trace_id": "trace",
        "parent_id": PARENTS[event.call_id],
        "display_name": f"started-{event.variant}",
        "started_at": f"2026-01-01T00:00:0{event.variant}Z",
        "attributes": {"variant": event.variant},
        "inputs": {"variant": event.variant},
    }


def end_body(project: str, event: Event) -> dict[str, Any]:
    """An end; odd variants failed."""
    return {
        "project_id": project,
        "id": event.call_id,
        "ended_at": f"2026-01-01T00:01:0{event.variant}Z",
        "output": {"variant": event.variant},
        "exception": f"failed-{event.variant}" if event.variant % 2 else None,
        "summary": {"variant": event.variant},
    }


async def send(client: httpx.AsyncClient, project: str, event: Event) -> None:
    """The request of an event, by the endpoint of its kind."""
    body: dict[str, Any]
    match event.kind:
        case "start":
            path, body = "/call/start", {"start": start_body(project, event)}
        case "end":
            path, body = "/call/end", {"end": end_body(project, event)}
        case "update":
            path = "/call/update"
            body = {"project_id": project, "call_id": event.call_id, "display_name": f"named-{event.variant}"}
        case _:
            path, body = "/calls/delete", {"project_id": project, "call_ids": [event.call_id]}
    response = await client.post(path, json=body)
    assert response.status_code == 200, (path, body, response.text)


@dataclass
class Model:
    """The rules, in plain Python: first start, last end, last update, deleted stays deleted."""

    start: int | None = None
    end: int | None = None
    name: int | None = None
    deleted: bool = False

    def shown(self, project: str, call_id: str) -> dict[str, Any] | None:
        """The columns that a reader sees; None where nothing is shown."""
        if self.start is None or self.deleted:
            return None
        start = start_body(project, Event("start", call_id, self.start))
        end = {} if self.end is None else end_body(project, Event("end", call_id, self.end))
        return {
            "op_name": start["op_name"],
            "display_name": start["display_name"] if self.name is None else f"named-{self.name}",
            "started_at": start["started_at"],
            "inputs": start["inputs"],
            "attributes": start["attributes"],
            "ended_at": end.get("ended_at"),
            "output": end.get("output"),
            "exception": end.get("exception"),
            "status": "running" if not end else "error" if end["exception"] else "success",
        }


@dataclass
class Models:
    """All calls of a project by the rules."""

    calls: dict[str, Model] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """What one event does."""
        if event.kind == "delete":
            self.delete(event.call_id)
            return
        model = self.calls.setdefault(event.call_id, Model())
        if model.deleted:
            return
        match event.kind:
            case "start":
                model.start = event.variant if model.start is None else model.start
            case "end":
                model.end = event.variant
            case _:
                model.name = event.variant

    def delete(self, call_id: str) -> None:
        """A call and the started calls below it: a call has no parent before its start."""
        if call_id in self.calls:
            self.calls[call_id].deleted = True
        for below, parent in PARENTS.items():
            model = self.calls.get(below)
            if parent == call_id and model is not None and model.start is not None and not model.deleted:
                self.delete(below)


async def read(client: httpx.AsyncClient, project: str) -> dict[str, dict[str, Any]]:
    """What a reader sees, by call."""
    response = await client.post("/calls/stream_query", json={"project_id": project})
    assert response.status_code == 200, response.text
    calls = [json.loads(line) for line in response.text.splitlines()]
    names = ("op_name", "display_name", "started_at", "inputs", "attributes", "ended_at", "output", "exception")
    return {
        call["id"]: {**{name: call[name] for name in names}, "status": call["summary"]["weave"]["status"]}
        for call in calls
    }


Run = Callable[..., Any]


properties = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@properties
@given(sequence=events)
def test_one_after_another(shared_client: httpx.AsyncClient, portal: BlockingPortal, sequence: list[Event]) -> None:
    project = f"order/p{next(_projects)}"
    models = Models()
    for event in sequence:
        portal.call(send, shared_client, project, event)
        models.take(event)
    expected = {call_id: model.shown(project, call_id) for call_id, model in models.calls.items()}
    assert portal.call(read, shared_client, project) == {
        key: call for key, call in expected.items() if call is not None
    }


@properties
@given(sequence=events)
def test_all_at_once_and_twice(shared_client: httpx.AsyncClient, portal: BlockingPortal, sequence: list[Event]) -> None:
    """Whatever order they were taken in: each half of a call is one of those sent, whole, and no call is missing."""
    project = f"order/p{next(_projects)}"

    async def send_all() -> None:
        async with anyio.create_task_group() as group:
            for event in sequence + sequence:
                group.start_soon(send, shared_client, project, event)

    portal.call(send_all)
    found = portal.call(read, shared_client, project)
    sent = {
        (kind, call_id): {event.variant for event in sequence if (event.kind, event.call_id) == (kind, call_id)}
        for kind in ("start", "end", "update")
        for call_id in IDS
    }
    deletes = {event.call_id for event in sequence if event.kind == "delete"}
    never: set[int | None] = {None}
    for call_id in IDS:
        starts = sent["start", call_id]
        may_be_deleted = any(ancestor in deletes for ancestor in ancestors(call_id))
        if call_id not in found:
            assert not starts or may_be_deleted, f"{call_id} is missing"
            continue
        possible = [
            Model(start, end, name).shown(project, call_id)
            for start in starts
            for end in sent["end", call_id] or never
            for name in sent["update", call_id] or never
        ]
        if call_id in deletes:
            # A delete that came before everything else found nothing to delete; each was sent twice.
            assert found[call_id]["op_name"] in {f"op-{variant}" for variant in starts}
        else:
            assert found[call_id] in possible


def ancestors(call_id: str) -> Iterator[str]:
    """A call and those above it."""
    here: str | None = call_id
    while here is not None:
        yield here
        here = PARENTS[here]


@properties
@given(sequence=events)
def test_batches_are_as_single_events(
    shared_client: httpx.AsyncClient, portal: BlockingPortal, sequence: list[Event]
) -> None:
    """A batch is taken in its order, and taken twice it changes nothing."""
    project = f"order/p{next(_projects)}"
    batch, models = [], Models()
    for event in sequence:
        if event.kind in ("start", "end"):
            body = start_body(project, event) if event.kind == "start" else end_body(project, event)
            batch.append({"mode": event.kind, "req": {event.kind: body}})
            models.take(event)

    async def post() -> None:
        response = await shared_client.post("/call/upsert_batch", json={"batch": batch})
        assert response.status_code == 200, response.text
        assert len(response.json()["res"]) == len(batch)

    expected = {call_id: model.shown(project, call_id) for call_id, model in models.calls.items()}
    for _ in range(2):
        portal.call(post)
        shown = {key: call for key, call in expected.items() if call is not None}
        assert portal.call(read, shared_client, project) == shown
