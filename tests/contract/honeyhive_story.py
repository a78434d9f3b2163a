"""A story over HoneyHive's API in which every endpoint is called: what docs/rest-honeyhive.md is made of.

Ids of sessions, events and runs are the client's own; those that the server makes are kept from its answers.
"""

import json
from typing import Any
from urllib.parse import quote

from rest_compat.honeyhive.endpoints import ENDPOINTS
from tests.contract.documents import HONEYHIVE
from tests.contract.story import Example, Story
from tests.fake_provider import completion

__all__ = ["HONEYHIVE_STORY"]

DAY = 1767225600000
"""2026-01-01T00:00:00Z, in milliseconds."""


def _id(number: int) -> str:
    return f"01941f29-7c00-4000-8000-{number:012x}"


SESSION, OTHER_SESSION, LEGACY_SESSION = _id(0x10), _id(0x11), _id(0x12)
EVENT, MODEL_EVENT, LEGACY_EVENT = _id(0x20), _id(0x21), _id(0x22)
RUN, OLD_RUN, GONE_RUN = _id(0x30), _id(0x31), _id(0x32)

WINDOW = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-02T00:00:00Z"}
RANGE = {"$gte": "2026-01-01T00:00:00Z", "$lte": "2026-01-02T00:00:00Z"}
IN_RANGE = f"dateRange={quote(json.dumps(RANGE))}"
MODEL_EVENTS = [{"field": "event_type", "operator": "is", "value": "model", "type": "string"}]
ALL_METRICS = quote(json.dumps([{"field": "event_type", "operator": "exists", "value": None, "type": "string"}]))


def _session(session_id: str, run_id: str, question: str, score: float, name: str = "ask") -> dict[str, Any]:
    """A session of a run over a datapoint."""
    metadata = {"run_id": run_id, "dataset_id": "$DATASET", "datapoint_id": "$DATAPOINT"}
    return {
        "session_id": session_id,
        "session_name": name,
        "source": "sdk-python",
        "start_time": DAY,
        "end_time": DAY + 2000,
        "duration": 2000,
        "inputs": {"question": question},
        "outputs": {"answer": "Paris"},
        "config": {"version": "v1"},
        "metadata": metadata,
        "user_properties": {"user_id": "ada"},
        "children_ids": [],
    } | ({} if score < 0 else {"metadata": {**metadata, "score": score}})


def _event(event_id: str, session_id: str, **more: Any) -> dict[str, Any]:
    """An event of a session."""
    return {
        "event_id": event_id,
        "session_id": session_id,
        "event_type": "tool",
        "event_name": "look_up",
        "source": "sdk-python",
        "config": {"index": "cities"},
        "inputs": {"query": "France"},
        "outputs": {"found": ["Paris"]},
        "error": None,
        "start_time": DAY + 100,
        "end_time": DAY + 400,
        "duration": 300,
        "metadata": {"cached": False},
        "metrics": {"precision": 1.0},
        "feedback": {"ground_truth": "Paris"},
        "user_properties": {"user_id": "ada"},
        "children_ids": [],
        **more,
    }


MODEL_CALL = {
    "session_id": SESSION,
    "event_name": "answer",
    "model": "gpt-4o",
    "provider": "openai",
    "messages": [{"role": "user", "content": "What is the capital of France?"}],
    "response": {"role": "assistant", "content": "Paris"},
    "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    "hyperparameters": {"temperature": 0},
    "start_time": DAY + 500,
    "end_time": DAY + 1500,
}

SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "parentSpanId": None,
    "name": "look_up",
    "kind": "SPAN_KIND_INTERNAL",
    "startTimeUnixNano": "1767225600000000000",
    "endTimeUnixNano": "1767225601000000000",
    "attributes": [
        {"key": "honeyhive.session_id", "value": {"stringValue": OTHER_SESSION}},
        {"key": "honeyhive_event_type", "value": {"stringValue": "tool"}},
        {"key": "honeyhive_inputs.query", "value": {"stringValue": "France"}},
    ],
}

PARAMETERS = {
    "call_type": "chat",
    "model": "gpt-4o",
    "hyperparameters": {"temperature": 0},
    "responseFormat": {"type": "text"},
    "selectedFunctions": [
        {"id": "f1", "name": "look_up", "description": "Look a city up", "parameters": {"type": "object"}}
    ],
    "functionCallParams": "auto",
    "forceFunction": {},
    "template": [{"role": "user", "content": "{{question}}"}],
}
CONFIGURATION = {
    "name": "capitals",
    "type": "LLM",
    "provider": "openai",
    "parameters": PARAMETERS,
    "env": ["dev"],
    "tags": ["geography"],
    "user_properties": {"owner": "ada"},
}

METRIC = {
    "name": "found_something",
    "type": "PYTHON",
    "criteria": "def found_something(event):\n    return len(event['outputs'].get('found', []))",
    "description": "How much was found",
    "return_type": "float",
    "enabled_in_prod": False,
    "needs_ground_truth": False,
    "sampling_percentage": 100,
    "threshold": {"min": 1, "max": 10},
    "filters": {"filterArray": MODEL_EVENTS},
}
JUDGE = {
    "name": "helpful",
    "type": "LLM",
    "criteria": "How helpful is {{outputs}}?",
    "model_provider": "openai",
    "model_name": "gpt-4o",
    "scale": 5,
    "threshold": {"min": 4},
}
QUALITY = {
    "name": "quality",
    "type": "COMPOSITE",
    "criteria": "weighted average",
    "child_metrics": [{"id": "$METRIC", "name": "found_something", "weight": 1, "scale": 10}],
}
TONE = {
    "name": "tone",
    "type": "HUMAN",
    "criteria": "Is the tone right?",
    "return_type": "categorical",
    "categories": [{"category": "friendly", "score": 1}, {"category": "rude", "score": None}],
    "threshold": {"passing_categories": ["friendly"]},
}
TRUTH = {
    "name": "true",
    "type": "HUMAN",
    "criteria": "Is it true?",
    "return_type": "boolean",
    "threshold": {"pass_when": True},
}

POINT = {
    "inputs": {"question": "What is the capital of France?"},
    "history": [{"role": "user", "content": "Hello"}],
    "ground_truth": {"answer": "Paris"},
    "metadata": {"level": "easy"},
    "linked_event": EVENT,
}


def _run(run_id: str, name: str) -> dict[str, Any]:
    """A run over the datapoint."""
    return {
        "run_id": run_id,
        "name": name,
        "description": "Capitals of Europe",
        "status": "running",
        "metadata": {"commit": "abc"},
        "results": {},
        "dataset_id": "$DATASET",
        "event_ids": [],
        "session_ids": [],
        "datapoint_ids": ["$DATAPOINT"],
        "configuration": {"model": "gpt-4o"},
        "evaluators": [],
        "passing_ranges": {"precision": {"min": 0.8, "max": 1}},
    }


def _provider_answer(body: dict[str, Any]) -> Any:
    return completion(body["model"], '{"value": 5, "score": 5, "result": 5, "explanation": "It names the city."}')


EXAMPLES = [
    # Datapoints and datasets
    Example(
        "/v1/datasets",
        {"name": "capitals", "description": "Capitals", "datapoints": []},
        keep={"DATASET": ["result", "insertedId"]},
    ),
    Example(
        "/v1/datapoints", {**POINT, "linked_datasets": ["$DATASET"]}, keep={"DATAPOINT": ["result", "insertedIds", 0]}
    ),
    Example("/v1/datapoints", {"inputs": {"question": "And of Spain?"}}, keep={"LOOSE": ["result", "insertedIds", 0]}),
    Example("/v1/datapoints/$DATAPOINT", {"metadata": {"level": "medium"}}, method="PUT"),
    Example(
        "/v1/datasets/$DATASET/datapoints",
        {
            "data": [{"question": "And of Italy?", "answer": "Rome"}],
            "mapping": {"inputs": ["question"], "ground_truth": ["answer"], "history": []},
        },
        keep={"ADDED": ["datapoint_ids", 0]},
    ),
    Example("/v1/datapoints?datapoint_ids[]=$DATAPOINT&datapoint_ids[]=$ADDED", method="GET"),
    Example("/v1/datapoints?dataset_name=capitals", method="GET"),
    Example("/v1/datapoints/$DATAPOINT", method="GET"),
    Example("/v1/datasets", method="GET"),
    Example("/v1/datasets?name=capitals", method="GET"),
    Example("/v1/datasets/$DATASET", {"name": "capitals", "description": "Capitals of Europe"}, method="PUT"),
    Example("/v1/datasets", {"dataset_id": "$DATASET", "description": "Capitals of Europe"}, method="PUT"),
    # Sessions and events
    Example("/v1/runs", _run(RUN, "second try")),
    Example("/v1/runs", _run(OLD_RUN, "first try")),
    Example("/v1/sessions", _session(SESSION, RUN, "What is the capital of France?", 0.9)),
    Example("/session/start", {"session": _session(LEGACY_SESSION, OLD_RUN, "What is the capital of France?", 0.4)}),
    Example("/session/" + OTHER_SESSION + "/traces", {"logs": [_event(_id(0x40), OTHER_SESSION)]}),
    Example("/v1/events", _event(EVENT, SESSION)),
    Example("/events", {"event": _event(LEGACY_EVENT, LEGACY_SESSION, metrics={"precision": 0.5})}),
    Example("/v1/events/" + EVENT, {"metrics": {"recall": 0.5}, "feedback": {"rating": 5}}, method="PUT"),
    Example("/events", {"event_id": LEGACY_EVENT, "metrics": {"recall": 0.75}}, method="PUT"),
    Example("/v1/events/batch", {"events": [_event(_id(0x41), OTHER_SESSION), _event(_id(0x42), OTHER_SESSION)]}),
    Example(
        "/v1/events/batch",
        {
            "events": [{"event_type": "chain", "inputs": {}}],
            "single_session": True,
            "session_properties": {"session_name": "nightly", "start_time": DAY},
        },
    ),
    Example("/events/batch", {"events": [_event(_id(0x43), OTHER_SESSION)], "is_single_session": False}),
    Example("/events/model", {"model_event": {"event_id": MODEL_EVENT, **MODEL_CALL}}),
    Example("/events/model/batch", {"model_events": [{"event_id": _id(0x44), **MODEL_CALL}]}),
    Example("/v1/sessions/" + OTHER_SESSION + "/events/batch", {"events": [_event(_id(0x45), OTHER_SESSION)]}),
    Example("/opentelemetry/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}),
    Example("/v1/events/" + EVENT, method="GET"),
    Example("/v1/events/search", {"filters": MODEL_EVENTS, "dateRange": WINDOW, "limit": 10, "page": 1}),
    Example("/v1/events/search", {"evaluation_id": RUN}),
    Example("/v1/events/export", {"filters": [], "dateRange": RANGE, "limit": 10, "page": 1}),
    Example("/v1/events/export", {"projections": ["event_id", "inputs.query"], "ignore_order": True}),
    Example("/v1/events/schema?" + IN_RANGE, method="GET"),
    # Metrics
    Example("/v1/metrics", METRIC, keep={"METRIC": ["metric_id"]}),
    Example("/v1/metrics", JUDGE, keep={"JUDGE": ["metric_id"]}),
    Example("/v1/metrics", QUALITY),
    Example("/v1/metrics", TONE),
    Example("/v1/metrics", TRUTH, keep={"TRUTH": ["metric_id"]}),
    Example("/v1/metrics/$METRIC", {"description": "How many things were found"}, method="PUT"),
    Example("/v1/metrics", {"id": "$JUDGE", "threshold": {"min": 3}}, method="PUT"),
    Example(
        "/v1/metrics/$METRIC/versions",
        {"message": "Count twice", "content": {**METRIC, "criteria": "def found_something(event):\n    return 2"}},
        keep={"VERSION": ["data", "name"]},
    ),
    Example("/v1/metrics/$METRIC/versions", method="GET"),
    Example("/v1/metrics/$METRIC/versions/$VERSION/deploy"),
    Example("/v1/metrics", method="GET"),
    Example("/v1/metrics?type=LLM", method="GET"),
    Example(
        "/v1/metrics/run",
        {"metric": METRIC, "event": {"event_type": "tool", "inputs": {}, "outputs": {"found": ["Paris"]}}},
    ),
    Example(
        "/v1/metrics/run_metric", {"metric": JUDGE, "event": {"event_type": "model", "outputs": {"text": "Paris"}}}
    ),
    Example("/v1/metrics/$TRUTH", method="DELETE"),
    Example("/v1/metrics?metric_id=$JUDGE", method="DELETE"),
    # Experiments
    Example(f"/v1/runs/{RUN}", {"event_ids": [SESSION, _id(0x99)]}, method="PUT"),
    Example(f"/v1/runs/{RUN}", {"status": "completed", "results": {"note": "good"}}, method="PUT"),
    Example(f"/v1/runs?dataset_id=$DATASET&status=completed&run_ids[]={RUN}", method="GET"),
    Example(f"/v1/runs/{RUN}", method="GET"),
    Example("/v1/runs/schema?" + IN_RANGE, method="GET"),
    Example(f"/v1/runs/{RUN}/schema", method="GET"),
    Example(f"/v1/runs/{RUN}/metrics?filters={ALL_METRICS}", method="GET"),
    Example(f"/v1/runs/{RUN}/result?aggregate_function=average", method="GET"),
    Example(f"/v1/runs/{RUN}/summary", method="GET"),
    Example(f"/v1/runs/{RUN}/compare/{OLD_RUN}", method="GET"),
    Example(f"/v1/runs/{RUN}/compare-with/{OLD_RUN}", method="GET"),
    Example(f"/v1/runs/{RUN}/compare/{OLD_RUN}/events?event_type=session", method="GET"),
    Example(f"/v1/runs/compare/events?run_id_1={RUN}&run_id_2={OLD_RUN}&limit=10", method="GET"),
    Example("/v1/runs", {"run_id": GONE_RUN, "name": "third try"}),
    Example(f"/v1/runs/{GONE_RUN}", method="DELETE"),
    # Annotation queues and configurations
    Example(
        "/v1/queues",
        {
            "name": "to review",
            "description": "Answers of models",
            "filters": {"filterArray": MODEL_EVENTS},
            "enabled": True,
            "event_ids": [EVENT],
        },
        keep={"QUEUE": ["queue", "id"]},
    ),
    Example("/v1/queues?enabled=true", method="GET"),
    Example("/v1/queues/$QUEUE", method="GET"),
    Example(
        "/v1/queues/$QUEUE",
        {"id": "$QUEUE", "enabled": False, "add_event_ids": [MODEL_EVENT], "remove_event_ids": [EVENT]},
        method="PUT",
    ),
    Example("/v1/queues/$QUEUE", method="DELETE"),
    Example("/v1/configurations", CONFIGURATION, keep={"CONFIGURATION": ["insertedId"]}),
    Example("/v1/configurations?name=capitals&env=dev&tags=geography", method="GET"),
    Example("/v1/configurations/$CONFIGURATION", {"name": "capitals", "tags": ["geography", "v2"]}, method="PUT"),
    Example("/v1/configurations/$CONFIGURATION", method="DELETE"),
    # What goes last
    Example(
        "/v1/datapoints/batch",
        {
            "events": [EVENT],
            "mapping": {"inputs": ["query"], "ground_truth": ["found"], "history": []},
            "dateRange": RANGE,
            "checkState": {EVENT: True},
            "selectAll": False,
            "dataset_id": "$DATASET",
        },
    ),
    Example("/v1/datasets/$DATASET/datapoints/$ADDED", method="DELETE"),
    Example("/v1/datasets/$DATASET/$DATAPOINT", method="DELETE"),
    Example("/v1/datapoints/$LOOSE", method="DELETE"),
    Example("/v1/datasets/$DATASET", method="DELETE"),
    Example("/v1/datasets", {"name": "short-lived"}, keep={"SHORT": ["result", "insertedId"]}),
    Example("/v1/datasets?dataset_id=$SHORT", method="DELETE"),
]

HONEYHIVE_STORY = Story("honeyhive", HONEYHIVE, ENDPOINTS, EXAMPLES, _provider_answer)
