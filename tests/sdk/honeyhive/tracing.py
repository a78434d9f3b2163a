# mypy: disable-error-code="import-not-found, misc, untyped-decorator, no-any-return"
"""Functions that are traced, a session that is told more, and what the export says of both."""

import contextlib
import uuid
from typing import Any

from honeyhive import enrich_span, trace
from honeyhive.models import EventFilter

SECTIONS = ("inputs", "outputs", "metadata", "metrics", "config", "feedback", "user_properties")


@trace(event_type="tool", event_name="look_up")
def look_up(country: str) -> dict[str, Any]:
    enrich_span(
        metadata={"cached": False, "nested": {"list": [1, {"two": 2}]}},
        metrics={"precision": 0.5},
        config={"index": "cities"},
        feedback={"rating": 5},
        user_properties={"user_id": "ada"},
    )
    return {"found": ["Paris", "Lyon"]}


@trace(event_type="model", event_name="answer")
def answer(messages: list[dict[str, str]]) -> str:
    return f"{len(messages)} messages"


@trace(event_type="tool")
def failing() -> None:
    raise ValueError("no such city")


@trace(event_type="chain", event_name="ask")
def ask(country: str) -> int:
    look_up(country)
    answer([{"role": "user", "content": country}])
    with contextlib.suppress(ValueError):
        failing()
    return 42


def of(session_id: str) -> list[Any]:
    return [EventFilter(field="session_id", operator="is", value=session_id, type="string")]


def named(exported: Any) -> dict[str, Any]:
    return {event["event_name"]: event for event in (event.model_dump() for event in exported.events)}


def brief(event: dict[str, Any]) -> dict[str, Any]:
    kept = {"event_type": event["event_type"], "error": event["error"]}
    return kept | {name: event[name] for name in SECTIONS if event[name] != {}}


def tracing(client: Any, tracer: Any) -> dict[str, Any]:
    ask("France")
    tracer.enrich_session(
        metadata={"plan": "pro"}, metrics={"quality": 0.9}, feedback={"liked": True}, outputs={"done": True}
    )
    tracer.enrich_session(metadata={"tier": 1})
    tracer.force_flush()
    session_id = tracer.session_id
    exported = client.events.export(filters=of(session_id))
    by_name = named(exported)
    ids = {event["event_id"]: name for name, event in by_name.items()}
    models = client.events.export(
        filters=[*of(session_id), EventFilter(field="event_type", operator="is", value="model", type="string")]
    )
    cheap = client.events.export(
        filters=[
            *of(session_id),
            EventFilter(field="metrics.precision", operator="less than", value="1", type="number"),
        ],
        projections=["event_name"],
    )
    return {
        "session": session_id,
        "total": exported.total_events,
        "events": {name: brief(event) for name, event in sorted(by_name.items())},
        "parents": {name: ids.get(event["parent_id"]) for name, event in sorted(by_name.items())},
        "sessions": sorted({event["session_id"] for event in by_name.values()}),
        "models": sorted(named(models)),
        "cheap": sorted(named(cheap)),
    }


def events(client: Any, tracer: Any) -> dict[str, Any]:
    session_id = client.sessions.start({"session": {"session_name": "by hand", "metadata": {"a": 1}}}).session_id
    again = client.sessions.start({"session": {"session_id": session_id, "metadata": {"b": 2}}}).session_id
    event_id = str(uuid.uuid4())
    from honeyhive.models import PostEventBatchRequest, PostEventRequest, UpdateEventRequest

    event = {"event_type": "tool", "event_name": "one", "session_id": session_id, "inputs": {"x": 1}}
    created = client.events.create(PostEventRequest(event={**event, "event_id": event_id, "metrics": {"m": 1}}))
    client.events.update(UpdateEventRequest(event_id=event_id, metrics={"n": 2}, outputs={"y": 2}))
    batch = client.events.create_batch(
        PostEventBatchRequest(events=[{**event, "event_name": "two"}, {**event, "event_name": "three"}])
    )
    found = named(client.events.export(filters=of(session_id)))
    return {
        "session": session_id,
        "the same": again == session_id,
        "created": [created.success, created.event_id == event_id],
        "batch": [batch.success, len(batch.event_ids)],
        "names": sorted(found),
        "metadata": found["by hand"]["metadata"],
        "one": [found["one"]["inputs"], found["one"]["outputs"], found["one"]["metrics"]],
        "parent": found["two"]["parent_id"] == session_id,
    }
