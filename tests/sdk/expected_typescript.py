"""What the program on the SDK for TypeScript must report: exact facts, without the ids that differ from run to run."""

from typing import Any

from tests.sdk.expected import ROWS, call, digest, table_digest

__all__ = ["DOUBLES", "REPORT", "SETTINGS", "USAGE"]

SETTINGS: dict[str, Any] = {"temperature": 0.5, "stop": ["\n", "§"], "b": 1, "a": {"z": None, "y": 1.5}}
WARMER = SETTINGS | {"temperature": 1}
DOUBLES = [{"number": i, "expected": 7 if i == 3 else 2 * i} for i in range(4)]
USAGE = {"requests": 1, "prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
_TOKENS = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
_ASKED = {"model": "fake-large", "messages": [{"role": "user", "content": "hi ✓"}]}
_SMALL = {"input_tokens": 3, "output_tokens": 2}
_SAID = ["re: hi ✓", "re: hi ✓", "re: and you?"]


def _failed(reason: str) -> dict[str, Any]:
    return call("fail", {"reason": reason}, None, error=reason, status="error")


def _completion(number: int, **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "re: hi ✓"} | message
    answer = {"id": f"chat-{number}", "object": "chat.completion", "created": number, "model": "fake-large"}
    return answer | {"choices": [{"index": 0, "message": said, "finish_reason": "stop"}], "usage": _TOKENS}


_MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "re: and you?"}]}
_RESPONSE = {"id": "resp-1", "object": "response", "model": "fake-small", "output": [_MESSAGE], "usage": _SMALL}
# This SDK does not count the errors of what a call made, and a descendant's error is known by the counts alone.
_OUTER = call("outer", {"x": 5}, {"value": 22, "caught": "inside"})
_DOUBLED = {
    "model_success": {"true_count": 4, "true_fraction": 1},
    "model_output": {"doubled": {"mean": 3}},
    "exact": {"correct": {"true_count": 3, "true_fraction": 0.75}},
    "distance": {"mean": 0.25},
}

REPORT: dict[str, Any] = {
    "calls": {
        "direct": [3, "HÉLLO ✓", [3, 2, 1], [5, 10, 15]],
        "raised": "no such thing",
        "result": {"value": 22, "caught": "inside"},
        "all": [
            call("add", {"a": 1, "b": 2}, 3),
            call("shout", {"arg0": "héllo ✓"}, "HÉLLO ✓"),
            call("countdown", {"start": 3}, {"numbers": [3, 2, 1, "end"]}),
            call("Counter.count", {"self": {"step": 5, "count": "op Counter.count"}, "to": 3}, [5, 10, 15]),
            _failed("no such thing"),
            _OUTER,
            call("middle-step", {"x": 5}, 22, name="the middle of 5"),
            call("add", {"a": 5, "b": 2}, 7),
            call("add", {"a": 5, "b": 10}, 15),
            _failed("inside"),
        ],
        "root": _OUTER
        | {"usage": {"tokens-r-us": {"requests": 1, "prompt_tokens": 22, "completion_tokens": 3}}, "score": 0.25},
        "attributes": {"weave": "js-sdk", "program": "typescript", "env": "test", "nested": {"k": [1, None, 2.5]}},
        "tree": [
            ["outer", None],
            ["middle-step", "outer"],
            ["add", "middle-step"],
            ["add", "middle-step"],
            ["fail", "outer"],
        ],
        "renamed": "forty two",
        "missing": "Call not found: 0190ffff-0000-7000-8000-000000000000",
    },
    "objects": {
        "digests": [digest(SETTINGS), digest(SETTINGS), digest(WARMER)],
        "read": [SETTINGS, WARMER, SETTINGS],
        "typed": [
            "typed-settings",
            {
                "_type": "Settings",
                "_class_name": "Settings",
                "_bases": ["Object", "BaseModel"],
                "name": "typed settings",
                "temperature": 0.1,
                "stop": ["end"],
            },
        ],
        "prompt": "Say tree in Latin.",
        "chat": [{"role": "system", "content": "Be kind."}],
        "unnamed": [1, "two", None],
        "missing": '404 {"reason":"Obj no-such-object:v0 not found"}',
    },
    "datasets": {
        "rows": ROWS,
        "length": 5,
        "row_2": ROWS[2],
        "row_refs": [digest(row) for row in ROWS],
        "table": table_digest(ROWS),
        "named": ["numbers", "doubled"],
        "many": [1250, 0, 1249 * 1249],
        "many_ordered": True,
    },
    "evaluations": {
        "summary": _DOUBLED | {"model_latency": True},
        "name": "doubling_double",
        "output": _DOUBLED | {"model_latency": None},
        "called": "op double",
        "status": "success",
        "by_op": {
            " > Evaluation.evaluate": 1,
            "Evaluation.evaluate > Evaluation.predictAndScore": 4,
            "Evaluation.predictAndScore > distance": 4,
            "Evaluation.predictAndScore > double": 4,
            "Evaluation.predictAndScore > exact": 4,
        },
        "inputs": [True] * 4,
        "outputs": [0, 2, 4, 6],
        "by_hand": {"tens": {"true_count": 1, "true_fraction": 0.5}, "size": {"mean": 0.75}},
        "by_hand_calls": {
            " > Evaluation.evaluate": 1,
            "Evaluation.evaluate > Evaluation.predict_and_score": 2,
            "Evaluation.evaluate > Evaluation.summarize": 1,
            "Evaluation.predict_and_score > Model.predict": 2,
            "Evaluation.predict_and_score > size.score": 2,
            "Evaluation.predict_and_score > tens.score": 2,
        },
    },
    "providers": {
        "said": _SAID,
        "refusal": "404 no such model",
        "picture": ["PNG", {"type": "PIL.Image.Image"}],
        "picture_usage": {"dall-e": {"requests": 1, "images_generated": 1}},
        "refused": ["error"],
        "calls": [
            call("ask", {"question": "and you?"}, _SAID),
            call("openai.chat.completions.create", _ASKED | {"temperature": 0}, _completion(1)),
            call("openai.chat.completions.create", _ASKED | {"stream": True}, _completion(2, function_call=None)),
            call("create", {"self": {}, "model": "fake-small", "input": "and you?"}, _RESPONSE),
        ],
        "usage": [
            {
                "fake-large": {"requests": 2, "prompt_tokens": 14, "completion_tokens": 10, "total_tokens": 24},
                "fake-small": _SMALL | {"requests": 1},
            },
            {"fake-large": USAGE},
            {"fake-large": USAGE},
            {"fake-small": _SMALL | {"requests": 1}},
        ],
        "costs": [2, 14, 10, 14 * 0.5, 10 * 2],
    },
    "queries": {
        "all": list(range(12)),
        "limit": [0, 1, 2, 3],
        "streamed": [5, True],
        "by_ids": [1, 3],
        "roots": 12,
        "any_version": 12,
        "none": [],
    },
}
