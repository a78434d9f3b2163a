"""Runs of either origin, recorded as SDKs record them."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

PROJECT = "default/default"
BEGIN = 1767225600000
"""Milliseconds: 2026-01-01."""


async def posted(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    """The answer to a POST, which is a 200."""
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def uid(name: str) -> str:
    """A UUID that is the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


CREATE = """mutation($input: ExperimentCreateInput!) { experimentCreate(input: $input) {
    experimentId userErrors { message } } }"""


async def make_run(client: httpx.AsyncClient, name: str, **fields: Any) -> str:
    """A run of HoneyHive, by its name; its id."""
    given = {"project": PROJECT, "experimentId": uid(name), "name": name, **fields}
    answer = await posted(client, "/graphql", {"query": CREATE, "variables": {"input": given}})
    assert answer["data"]["experimentCreate"]["userErrors"] == [], answer
    return uid(name)


async def record_session(
    client: httpx.AsyncClient,
    run: str | None,
    name: str,
    datapoint: str | None = None,
    metrics: Mapping[str, Any] | None = None,
    events: Sequence[Mapping[str, Any]] = (),
    began: int = 0,
) -> str:
    """A session of a run and the events in it, which begin a second after each other; its id."""
    session = uid(name)
    metadata = {"run_id": run, "datapoint_id": datapoint}
    metadata = {key: value for key, value in metadata.items() if value is not None}
    start = BEGIN + began * 1000
    root = {"event_id": session, "event_type": "session", "event_name": name, "metrics": metrics or {}}
    recorded = [
        {
            "event_id": uid(f"{name} {index}"),
            "session_id": session,
            "event_type": "chain",
            "event_name": "answer",
            "inputs": {},
            "start_time": start + 1000 * index,
            "end_time": start + 1000 * (index + 1),
            "metadata": metadata,
            **event,
        }
        for index, event in enumerate([root, *events])
    ]
    await posted(client, "/v1/events/batch", {"events": recorded})
    return session


async def publish_rows(client: httpx.AsyncClient, rows: Sequence[Any]) -> tuple[str, list[str]]:
    """A dataset of Weave: the ref of its rows, and their digests."""
    table = {"project_id": PROJECT, "rows": list(rows)}
    made = await posted(client, "/table/create", {"table": table})
    value = {"_type": "Dataset", "rows": f"weave:///{PROJECT}/table/{made['digest']}"}
    obj = {"project_id": PROJECT, "object_id": "questions", "val": value}
    digest = (await posted(client, "/obj/create", {"obj": obj}))["digest"]
    return f"weave:///{PROJECT}/object/questions:{digest}/attr/rows", made["row_digests"]


async def record_evaluation(
    client: httpx.AsyncClient, name: str, rows: Sequence[tuple[Any, Mapping[str, Any], float | None]]
) -> str:
    """An evaluation of Weave over (example, scores, latency); the id of its call. Rows are called NAME 0, NAME 1..."""
    evaluation = uid(name)
    calls: list[dict[str, Any]] = []

    def call(call_id: str, op: str, parent: str | None, second: int, inputs: Any, output: Any) -> None:
        start = {
            "project_id": PROJECT,
            "id": call_id,
            "trace_id": evaluation,
            "parent_id": parent,
            "op_name": f"weave:///{PROJECT}/op/{op}:v1",
            "started_at": f"2026-01-01T00:{second // 60:02}:{second % 60:02}Z",
            "attributes": {},
            "inputs": inputs,
        }
        end = {"project_id": PROJECT, "id": call_id, "ended_at": "2026-01-01T01:00:00Z", "summary": {}}
        calls.append({"mode": "start", "req": {"start": start}})
        calls.append({"mode": "end", "req": {"end": {**end, "output": output}}})

    call(evaluation, "Evaluation.evaluate", None, 0, {"self": {}, "model": {}}, {})
    for index, (example, scores, latency) in enumerate(rows):
        row = uid(f"{name} {index}")
        output = {"output": "x", "scores": scores, "model_latency": latency}
        call(row, "Evaluation.predict_and_score", evaluation, index + 1, {"example": example}, output)
        call(uid(f"{name} {index} predict"), "Model.predict", row, index + 1, {}, "x")
    await posted(client, "/call/upsert_batch", {"batch": calls})
    return evaluation
