"""A story over Weave's API in which every endpoint is called: the examples of docs/rest.md, and what tests call.

The requests are in an order in which they can be run on an empty project. Ids and times are the client's own, so that
the story is the same each time; digests are of the content and therefore known.
"""

from typing import Any

from rest_compat.weave.endpoints import ENDPOINTS
from tests.contract.documents import WEAVE
from tests.contract.story import Example, Story
from tests.fake_provider import completion

__all__ = ["PROJECT", "WEAVE_STORY"]

PROJECT = "team/app"


def _provider_answer(body: dict[str, Any]) -> Any:
    """What the provider of language models says to the questions of the story."""
    model = body["model"]
    if "prompt" in body:
        return {"created": 1767225600, "data": [{"b64_json": "iVBORw0KGgo="}]}
    if body.get("stream"):
        return [
            {
                "id": "chatcmpl-2",
                "object": "chat.completion.chunk",
                "created": 1767225600,
                "model": model,
                "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": end}],
            }
            for text, end in (("Par", None), ("is", "stop"))
        ]
    return completion(model, '{"score": 1}' if "response_format" in body else "Paris")


OP_DIGEST = "JpBA37XhyZ6xRs1pFiVkqI0GzeN4dJDPhcZeFvcndYE"
MODEL_DIGEST = "0ccMj1PelTDb7BhBKW1BMEG7DYOFUPvxojZ2zxKXSxQ"
ACTION_DIGEST = "rcdz5vX6S4qWYyWdOrHUlFjlWXhsu4RCPFM0jIAZl2E"
EVALUATION_DIGEST = "HFfWFaQsDOCshFYsds5mH4LRoUloHnnjnN68tXxMN70"
GEOGRAPHER_DIGEST = "fkJpEmFNSAr7P5wpwsAyTQwD7sSf7kYxg3noT108PsM"
TABLE_DIGEST = "2aed246bb5ce96d4b47b2211ef6c6a1d1797bcdd3c7d9f2f0f0f6dff33c25145"
ROWS = ("4ZKYp7pivfn5yMPKR6qqaNsW3FfThVfSaGI3uDNQfXM", "FykAVKjwH9uZS709Yl3r3pI1lgKXTL1kyaoPrhySYDA")

CALL, CHILD, TRACE = (
    "01941f29-7c00-7000-8000-000000000001",
    "01941f29-7c00-7000-8000-000000000002",
    "01941f29-7c00-7000-8000-00000000000a",
)
COMPLETE, FAILED, RUNNING = (f"01941f29-7c00-7000-8000-0000000000e{number}" for number in (1, 2, 3))
NOTE, SCORE = "01941f29-7c00-7000-8000-0000000000f1", "01941f29-7c00-7000-8000-0000000000f2"
REF = f"weave:///{PROJECT}"
OP, MODEL = f"{REF}/op/answer:{OP_DIGEST}", f"{REF}/object/assistant:{MODEL_DIGEST}"
CALL_REF = f"{REF}/call/{CALL}"


def equal(path: str, value: Any) -> dict[str, Any]:
    """A query for a field that has this value."""
    return {"$expr": {"$eq": [{"$getField": path}, {"$literal": value}]}}


def started(call_id: str, second: int, **more: Any) -> dict[str, Any]:
    """The start of a call of the story's trace."""
    return {
        "project_id": PROJECT,
        "id": call_id,
        "op_name": OP,
        "trace_id": TRACE,
        "started_at": f"2026-01-01T00:00:{second:02}Z",
        "attributes": {"env": "test"},
        **more,
    }


def ended(call_id: str, **more: Any) -> dict[str, Any]:
    """The end of a call."""
    return {"project_id": PROJECT, "id": call_id, "ended_at": "2026-01-01T00:00:30Z", "summary": {}, **more}


def evaluation(call_id: str) -> dict[str, Any]:
    """The start of an evaluation that a program runs."""
    own = {"op_name": f"{REF}/op/Evaluation.evaluate:{OP_DIGEST}", "trace_id": call_id}
    return {**started(call_id, 10, inputs={}), **own}


USAGE = {
    "gpt-4o": {
        "requests": 1,
        "prompt_tokens": 7,
        "input_tokens": 7,
        "completion_tokens": 5,
        "output_tokens": 5,
        "total_tokens": 12,
    }
}
SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "name": "chat gpt-4o",
    "kind": 3,
    "startTimeUnixNano": "1767225600000000000",
    "endTimeUnixNano": "1767225601000000000",
    "attributes": [
        {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}},
    ],
}


def spans(*spans: Any) -> dict[str, Any]:
    """A request of OTLP/JSON."""
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "example"}, "spans": list(spans)}]}]}


EXAMPLES = [
    Example("/health", method="GET"),
    Example("/version", method="GET"),
    Example("/server_info", method="GET"),
    # Objects, tables and files
    Example(
        "/op/create",
        {"op_obj": {"project_id": PROJECT, "object_id": "answer", "val": {"_type": "Op", "name": "answer"}}},
    ),
    Example("/op/read", {"project_id": PROJECT, "name": "answer", "digest": OP_DIGEST}),
    Example("/ops/query", {"project_id": PROJECT, "filter": {"op_names": ["answer"], "latest_only": True}}),
    Example(
        "/obj/create",
        {
            "obj": {
                "project_id": PROJECT,
                "object_id": "assistant",
                "val": {
                    "_type": "Assistant",
                    "_class_name": "Assistant",
                    "_bases": ["Model", "Object", "BaseModel"],
                    "model": "gpt-4o",
                },
            }
        },
    ),
    Example("/obj/read", {"project_id": PROJECT, "object_id": "assistant", "digest": "latest"}),
    Example(
        "/objs/query",
        {
            "project_id": PROJECT,
            "filter": {"base_object_classes": ["Model"], "latest_only": True},
            "sort_by": [{"field": "created_at", "direction": "desc"}],
            "limit": 10,
        },
    ),
    Example(
        "/table/create",
        {"table": {"project_id": PROJECT, "rows": [{"question": "Capital of France?"}, {"question": "And of Italy?"}]}},
    ),
    Example("/table/create_from_digests", {"project_id": PROJECT, "row_digests": [ROWS[1], ROWS[0]]}),
    Example(
        "/table/update",
        {
            "project_id": PROJECT,
            "base_digest": TABLE_DIGEST,
            "updates": [
                {"append": {"row": {"question": "And of Spain?"}}},
                {"insert": {"index": 0, "row": {"question": "Which is the largest?"}}},
                {"pop": {"index": 1}},
            ],
        },
    ),
    Example("/table/query", {"project_id": PROJECT, "digest": TABLE_DIGEST, "limit": 1, "offset": 1}),
    Example(
        "/table/query_stream",
        {
            "project_id": PROJECT,
            "digest": TABLE_DIGEST,
            "sort_by": [{"field": "question", "direction": "asc"}],
        },
    ),
    Example("/table/query_stats", {"project_id": PROJECT, "digest": TABLE_DIGEST}),
    Example(
        "/table/query_stats_batch", {"project_id": PROJECT, "digests": [TABLE_DIGEST], "include_storage_size": True}
    ),
    Example("/refs/read_batch", {"refs": [f"{MODEL}/attr/model", OP]}),
    *(
        example
        for prefix in ("/file", "/files")
        for example in (
            Example(f"{prefix}/create", form={"project_id": PROJECT, "file": "hello"}),
            Example(
                f"{prefix}/content",
                {"project_id": PROJECT, "digest": "LPJNulXwow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"},
            ),
        )
    ),
    # Calls
    Example(
        "/call/start",
        {"start": started(CALL, 0, thread_id="chat-1", turn_id=CALL, inputs={"model": MODEL, "question": "France?"})},
    ),
    Example(
        "/call/upsert_batch",
        {
            "batch": [
                {"mode": "start", "req": {"start": started(CHILD, 1, parent_id=CALL, inputs={"city": None})}},
                {
                    "mode": "end",
                    "req": {
                        "end": {
                            "project_id": PROJECT,
                            "id": CHILD,
                            "ended_at": "2026-01-01T00:00:02Z",
                            "exception": "ValueError: no city",
                            "summary": {},
                        }
                    },
                },
            ]
        },
    ),
    Example(
        "/call/end",
        {
            "end": {
                "project_id": PROJECT,
                "id": CALL,
                "ended_at": "2026-01-01T00:00:02.5Z",
                "output": {"answer": "Paris"},
                "summary": {"usage": USAGE, "status_counts": {"success": 1, "error": 1}},
            }
        },
    ),
    Example(
        "/v2/team/app/call/start",
        {"start": started("01941f29-7c00-7000-8000-000000000003", 3, inputs={})},
    ),
    Example(
        "/v2/team/app/call/end",
        {
            "end": {
                "project_id": PROJECT,
                "id": "01941f29-7c00-7000-8000-000000000003",
                "ended_at": "2026-01-01T00:00:04Z",
                "output": None,
                "summary": {},
            }
        },
    ),
    Example(
        "/v2/team/app/calls/complete",
        {
            "batch": [
                {
                    **started("01941f29-7c00-7000-8000-000000000004", 5, inputs={}),
                    "ended_at": "2026-01-01T00:00:06Z",
                    "output": 42,
                    "summary": {},
                }
            ]
        },
    ),
    Example("/call/update", {"project_id": PROJECT, "call_id": CALL, "display_name": "Capital of France"}),
    Example(
        "/call/read",
        {
            "project_id": PROJECT,
            "id": CALL,
            "include_costs": True,
            "include_storage_size": True,
            "include_total_storage_size": True,
        },
    ),
    # Feedback
    Example(
        "/feedback/create",
        {
            "id": NOTE,
            "project_id": PROJECT,
            "weave_ref": CALL_REF,
            "feedback_type": "wandb.note.1",
            "payload": {"note": "Right"},
            "creator": "Ada",
        },
    ),
    Example(
        "/feedback/batch/create",
        {
            "batch": [
                {
                    "id": SCORE,
                    "project_id": PROJECT,
                    "weave_ref": CALL_REF,
                    "feedback_type": "wandb.runnable.judge",
                    "payload": {"output": {"score": 0.5}},
                    "runnable_ref": f"{REF}/op/judge:{OP_DIGEST}",
                    "call_ref": f"{REF}/call/{CHILD}",
                }
            ]
        },
    ),
    Example(
        "/feedback/query",
        {
            "project_id": PROJECT,
            "query": equal("weave_ref", CALL_REF),
            "fields": ["id", "feedback_type", "payload.note"],
            "sort_by": [{"field": "feedback_type", "direction": "asc"}],
        },
    ),
    Example(
        "/feedback/stats",
        {
            "project_id": PROJECT,
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-01-01T02:00:00Z",
            "feedback_type": "wandb.runnable.judge",
            "granularity": 3600,
            "metrics": [{"json_path": "output.score", "aggregations": ["avg"], "percentiles": [95]}],
        },
    ),
    # Prices
    Example(
        "/cost/create",
        {
            "project_id": PROJECT,
            "costs": {
                "gpt-4o": {
                    "prompt_token_cost": 0.000002,
                    "completion_token_cost": 0.00001,
                    "effective_date": "2025-01-01T00:00:00Z",
                }
            },
        },
    ),
    Example("/cost/query", {"project_id": PROJECT, "query": equal("llm_id", "gpt-4o")}),
    # What calls can be asked for
    Example(
        "/calls/stream_query",
        {
            "project_id": PROJECT,
            "filter": {"trace_roots_only": True, "thread_ids": ["chat-1"]},
            "query": equal("inputs.model.model", "gpt-4o"),
            "expand_columns": ["inputs.model"],
            "include_costs": True,
            "include_feedback": True,
        },
    ),
    Example(
        "/calls/query",
        {
            "project_id": PROJECT,
            "query": equal("summary.weave.status", "error"),
            "columns": ["id", "exception"],
            "sort_by": [{"field": "started_at", "direction": "desc"}],
            "limit": 10,
        },
    ),
    Example(
        "/calls/query_stats",
        {"project_id": PROJECT, "filter": {"trace_roots_only": True}, "include_total_storage_size": True},
    ),
    Example("/threads/stream_query", {"project_id": PROJECT, "limit": 10}),
    Example("/project/stats", {"project_id": PROJECT}),
    Example("/files/stats", {"project_id": PROJECT}),
    Example("/files/query_stats", {"project_id": PROJECT}),
    # Spans
    Example("/otel/v1/traces", spans(SPAN), headers={"project_id": PROJECT}),
    Example("/otel/v1/trace", spans({**SPAN, "spanId": "00"}), headers={"project_id": PROJECT}),
    Example("/v1/traces", spans({**SPAN, "spanId": "eee19b7ec3c1b175"}), headers={"project_id": PROJECT}),
    # Models
    Example(
        "/completions/create",
        {
            "project_id": PROJECT,
            "inputs": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Capital of France?"}]},
        },
    ),
    Example(
        "/completions/create_stream",
        {
            "project_id": PROJECT,
            "inputs": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Capital of France?"}]},
        },
    ),
    Example(
        "/image/create",
        {"project_id": PROJECT, "inputs": {"model": "gpt-image-1", "prompt": "The Eiffel Tower", "n": 1}},
    ),
    Example(
        "/obj/create",
        {
            "obj": {
                "project_id": PROJECT,
                "object_id": "says_paris",
                "val": {"name": "says_paris", "config": {"action_type": "contains_words", "target_words": ["Paris"]}},
                "builtin_object_class": "ActionSpec",
            }
        },
    ),
    Example(
        "/actions/execute_batch",
        {"project_id": PROJECT, "action_ref": f"{REF}/object/says_paris:{ACTION_DIGEST}", "call_ids": [CALL]},
    ),
    # Evaluations: three that a program ran, and one that the server is to run
    Example(
        "/call/upsert_batch",
        {
            "batch": [
                {"mode": "start", "req": {"start": evaluation(COMPLETE)}},
                {"mode": "end", "req": {"end": ended(COMPLETE, output={"correct": {"true_fraction": 0.5}})}},
                {"mode": "start", "req": {"start": evaluation(FAILED)}},
                {"mode": "end", "req": {"end": ended(FAILED, exception="ValueError: no rows")}},
                {"mode": "start", "req": {"start": evaluation(RUNNING)}},
            ]
        },
    ),
    *(
        Example("/evaluations/status", {"project_id": PROJECT, "call_id": call_id})
        for call_id in (COMPLETE, FAILED, RUNNING, "nobody")
    ),
    Example(
        "/obj/create",
        {
            "obj": {
                "project_id": PROJECT,
                "object_id": "geographer",
                "val": {"llm_model_id": "gpt-4o", "default_params": {"temperature": 0}},
                "builtin_object_class": "LLMStructuredCompletionModel",
            }
        },
    ),
    Example(
        "/obj/create",
        {
            "obj": {
                "project_id": PROJECT,
                "object_id": "capitals",
                "val": {
                    "_type": "Evaluation",
                    "_class_name": "Evaluation",
                    "_bases": ["Object", "BaseModel"],
                    "dataset": {"_type": "Dataset", "rows": f"{REF}/table/{TABLE_DIGEST}"},
                    "scorers": [],
                },
            }
        },
    ),
    # What goes again
    Example(
        "/feedback/replace",
        {
            "feedback_id": NOTE,
            "id": NOTE,
            "project_id": PROJECT,
            "weave_ref": CALL_REF,
            "feedback_type": "wandb.note.1",
            "payload": {"note": "Right, but short"},
        },
    ),
    Example("/feedback/purge", {"project_id": PROJECT, "query": equal("id", NOTE)}),
    Example("/cost/purge", {"project_id": PROJECT, "query": equal("llm_id", "gpt-4o")}),
    Example("/obj/delete", {"project_id": PROJECT, "object_id": "says_paris", "digests": ["v0"]}),
    Example("/calls/delete", {"project_id": PROJECT, "call_ids": [CALL]}),
    # Last, since it goes on when it has answered
    Example(
        "/evaluations/evaluate_model",
        {
            "project_id": PROJECT,
            "evaluation_ref": f"{REF}/object/capitals:{EVALUATION_DIGEST}",
            "model_ref": f"{REF}/object/geographer:{GEOGRAPHER_DIGEST}",
        },
    ),
]

WEAVE_STORY = Story("weave", WEAVE, ENDPOINTS, EXAMPLES, _provider_answer)
