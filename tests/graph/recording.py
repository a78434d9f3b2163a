"""Calls of a test, recorded over HTTP."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

PROJECT = "team/app"


def call(call_id: str, parent: str | None = None, *, second: float = 0, **fields: Any) -> dict[str, Any]:
    """A start at ``second`` of 2026, in the trace ``t``; with ``ended`` (a second) it is a whole call."""
    ended = fields.pop("ended", None)
    start = {
        "project_id": PROJECT,
        "id": call_id,
        "trace_id": "t",
        "parent_id": parent,
        "op_name": "step",
        "started_at": time_of(second),
        "attributes": {},
        "inputs": {},
        **fields,
    }
    if ended is None:
        return start
    return {"output": None, "summary": {}, **start, "ended_at": time_of(ended)}


def time_of(second: float) -> str:
    """A time of 2026-01-01, so many seconds after midnight."""
    micros = round(second * 1_000_000)
    hours, rest = divmod(micros, 3_600_000_000)
    minutes, rest = divmod(rest, 60_000_000)
    return f"2026-01-01T{hours:02}:{minutes:02}:{rest // 1_000_000:02}.{rest % 1_000_000:06}Z"


async def record(client: httpx.AsyncClient, calls: Iterable[Mapping[str, Any]]) -> None:
    """Write calls in one batch: those with an end as starts and ends, in their order."""
    batch: list[dict[str, Any]] = []
    for one in calls:
        start = {
            name: value for name, value in one.items() if name not in {"ended_at", "output", "summary", "exception"}
        }
        batch.append({"mode": "start", "req": {"start": start}})
        if "ended_at" in one:
            names = ("project_id", "id", "ended_at", "output", "summary", "exception")
            end = {name: one[name] for name in names if name in one}
            batch.append({"mode": "end", "req": {"end": end}})
    # In ASCII, since a lone surrogate has no UTF-8.
    headers = {"content-type": "application/json"}
    response = await client.post("/call/upsert_batch", content=json.dumps({"batch": batch}), headers=headers)
    assert response.status_code == 200, response.text


async def ask(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    """The data of a document's answer, which has no errors."""
    response = await client.post("/graphql", json={"query": document, "variables": variables})
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


async def ask_project(client: httpx.AsyncClient, fields: str, **variables: Any) -> Any:
    """What ``fields`` of the project give."""
    declared = {"int": "Int", "str": "String", "bool": "Boolean"}
    names = ", ".join(f"${name}: {declared[type(value).__name__]}" for name, value in variables.items())
    head = f"query({names})" if names else "query"
    data = await ask(client, f'{head} {{ project(slug: "{PROJECT}") {{ {fields} }} }}', **variables)
    return data["project"]


async def refusal(client: httpx.AsyncClient, fields: str) -> str:
    """The message of the one error that ``fields`` of the project give."""
    document = f'query {{ project(slug: "{PROJECT}") {{ {fields} }} }}'
    answer = (await client.post("/graphql", json={"query": document})).json()
    (error,) = answer["errors"]
    message: str = error["message"]
    return message


async def record_spans(client: httpx.AsyncClient, sessions: int, traces: int) -> None:
    """Spans of ``sessions`` sessions over ``traces`` traces each: a root and a child, a second apart."""
    found = []
    for number in range(sessions * traces):
        for part in range(2):
            start = 1_767_225_600 + 10 * number + part
            span = {
                "traceId": f"{number + 1:032x}",
                "spanId": f"{2 * number + part + 1:016x}",
                "name": "step",
                "startTimeUnixNano": str(start * 10**9),
                "endTimeUnixNano": str((start + 1 + number) * 10**9),
                "attributes": [{"key": "session.id", "value": {"stringValue": f"s{number // traces}"}}],
            }
            if part:
                span["parentSpanId"] = f"{2 * number + 1:016x}"
            found.append(span)
    body = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "x"}, "spans": found}]}]}
    response = await client.post("/otel/v1/traces", json=body, headers={"project_id": PROJECT})
    assert response.status_code == 200, response.text
