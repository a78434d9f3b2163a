"""What `program` must report: exact facts, the same for every version of the SDK but for `DIFFERENCES`."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["DIFFERENCES", "EXPECTED", "ROWS", "SETTINGS", "call", "digest", "expected", "table_digest"]

SETTINGS = {"temperature": 0.5, "stop": ["\n", "§"], "b": 1, "a": {"z": None, "y": 1.0, "big": 2**60}}
WARMER = SETTINGS | {"temperature": 1}
ROWS: list[dict[str, Any]] = [{"number": i, "expected": 2 * i, "note": f"row {i} é"} for i in range(5)]
APPENDED = [{"number": 5, "expected": 11, "note": "appended"}, {"number": 6, "expected": 12, "note": ""}]

# Facts of a section that one version reports otherwise, because it lacks something; so far none does.
DIFFERENCES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {"0.51.59": {}, "0.52.43": {}, "0.54.0": {}}


def digest(value: Any) -> str:
    """The content address of an object or a row: by the rule of weave 0.52 and later, whichever version sent it."""
    raw = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(raw).decode().replace("-", "X").replace("_", "Y").rstrip("=")


def table_digest(rows: list[dict[str, Any]]) -> str:
    """The content address of a table."""
    return hashlib.sha256("".join(digest(row) for row in rows).encode()).hexdigest()


def call(op: str, inputs: Any, output: Any, *, name: str | None = None, **more: Any) -> dict[str, Any]:
    """The facts of a call read back."""
    seen = {"op": op, "name": name, "inputs": inputs, "output": output, "error": None, "status": "success"}
    return seen | {"ended": True} | more


def _failed(reason: str) -> dict[str, Any]:
    return call("fail", {"reason": reason}, None, error=["ValueError", reason], status="error")


OUTER = call("outer", {"x": 5}, {"value": 22, "caught": "inside"}, status="descendant_error")
USAGE = {"gpt-4o": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12, "requests": 1}}
CORRECT = {"correct": {"true_count": 6, "true_fraction": 6 / 7}}
_STARS = {"type": "integer", "minimum": 1, "maximum": 5}

EXPECTED: dict[str, Any] = {
    "calls": {
        "direct": [3, "HÉLLO ✓", [3, 2, 1], ["a", "b", "c"]],
        "raised": "ValueError",
        "all": [
            call("add", {"a": 1, "b": 2}, 3),
            call("shout", {"text": "héllo ✓"}, "HÉLLO ✓"),
            call("countdown", {"start": 3}, [3, 2, 1]),
            call("letters", {"word": "abc"}, ["a", "b", "c"]),
            _failed("no such thing"),
            OUTER,
            call("middle-step", {"x": 5}, 22, name="the middle"),
            call("add", {"a": 5, "b": 2}, 7),
            call("add", {"a": 5, "b": 10}, 15),
            _failed("inside"),
            call("add", {"a": 40, "b": 2}, 42, name="forty two"),
        ],
        "root": OUTER | {"usage": USAGE, "score": 0.25},
        "attributes": {"env": "test", "nested": {"k": [1, None, 2.5]}},
        "result": {"value": 22, "caught": "inside"},
        "tree": [
            ["outer", None],
            ["middle-step", "outer"],
            ["add", "middle-step"],
            ["add", "middle-step"],
            ["fail", "outer"],
        ],
        "children": ["middle-step", "fail"],
        "op_is_ref": True,
        "ui_url": True,
        "user": True,
        "renamed": "forty two",
        "name_removed": None,
        "missing": "ValueError",
    },
    "threads": {"turns": ["outer", "add"], "calls": 6, "turn_of_children": True, "by_turn": 5, "outside": None},
    "objects": {
        "digests": [digest(SETTINGS), digest(SETTINGS), digest(WARMER)],
        "read": [SETTINGS, WARMER, WARMER, SETTINGS],
        "typed": [0.1, ["end"]],
        "model": ["doubler", 3, {"doubled": 21}],
        "prompt": "Say tree in Latin.",
        "chat": [{"role": "system", "content": "Be kind."}],
        "nested": [0.1, [1, "two"]],
        "missing": "ValueError",
    },
    "datasets": {
        "rows": ROWS,
        "row_2": ROWS[2],
        "length": [5, 7, 7],
        "appended": APPENDED,
        "first_version": 5,
        "many": [1250, *({"i": i, "square": i * i} for i in (0, 999, 1000, 1249))],
        "many_ordered": True,
        "row_ref": 12,
        "digests": [table_digest(ROWS), table_digest([*ROWS, *APPENDED])],
    },
    "evaluations": {
        "summary": {
            "output": {"doubled": {"mean": 6.0}},
            "exact": CORRECT,
            "Distance": {"distance": {"mean": 1 / 7}, "near": {"true_count": 7, "true_fraction": 1.0}},
        },
        "evaluations": 1,
        "output": CORRECT,
        "by_op": {
            "Distance.score": 7,
            "Doubler.predict": 7,
            "Evaluation.evaluate": 1,
            "Evaluation.predict_and_score": 7,
            "Evaluation.summarize": 1,
            "Scorer.summarize": 1,
            "exact": 7,
        },
        "distances": [0, 0, 0, 0, 0, 0, 1],
        "by_hand": [{"overall": 0.5}],
        "by_hand_calls": 8,
    },
    "feedback": {
        "types": [
            "grade",
            "wandb.annotation.quality",
            "wandb.note.1",
            "wandb.reaction.1",
            "wandb.runnable.Above",
            "wandb.runnable.is_even",
        ],
        "reaction": {"emoji": "👍", "alias": ":thumbs_up:", "detoned": "👍", "detoned_alias": ":thumbs_up:"},
        "note": {"note": "looks right: “30”"},
        "grade": {"value": 4, "by": {"name": "reviewer"}},
        "creator": ["Ada"],
        "annotation": [[{"value": 5}, True]],
        "results": [{"above": True, "by": 24}, True],
        "scores": [["wandb.runnable.Above", {"above": True, "by": 24}], ["wandb.runnable.is_even", True]],
        "score_calls": True,
        "by_reaction": [True],
        "by_id": ["grade"],
        "all": 22,  # 7 x 2 scores of the evaluation, 2 logged by hand, 6 on the call
        "in_summary": 6,
        "purge": [7, 6],
    },
    "files": {
        "image": [[4, 3], True],
        "sound": ["Wave_read", 400, "01020102"],
        "content": [307200, "application/octet-stream", ".bin", True, {"title": "blob"}],
        "published": [[4, 3], "picture"],
    },
    "queries": {
        "count": 30,
        "order": True,
        "limit_offset": [10, 11, 12, 13],
        "pages": True,
        "slice": [5, 6, 7],
        "descending": [29, 28],
        "by_output": [29, 27, 26],
        "by_label": [29, 24, 19],
        "gt": [25, 26, 27, 28, 29],
        "gte": [28, 29],
        "eq": [2, 7, 12, 17, 22, 27],
        "in": [0, 3, 5, 8, 10],
        "contains": [1, 6, 11, 16, 21, 26],
        "percent": [4, 9, 14, 19, 24, 29],
        "and": [25, 28],
        "or": [0, 25, 26, 27, 28, 29],
        "not": [0, 1, 2, 3],
        "errors": [3, 8, 13, 18, 23, 28],
        "exception": [8],
        "attribute": 30,
        "by_ids": [0, 1],
        "roots": 30,
        "inputs_ref": 30,
        "columns": [
            [{"rank": 0, "label": "red"}, 0, True, {}],
            [{"rank": 10, "label": "Green"}, 1, True, {}],
            [{"rank": 20, "label": "blue"}, 2, True, {}],
        ],
        "expanded": 0.5,
    },
    "deletes": {
        "tree": [5, 0],
        "read": ["ValueError", "ValueError", "ValueError"],
        "object": [{"version": 0}, {"version": 2}],
        "deleted_object": "ValueError",
    },
    "costs": {
        "pairs": ["model-of-the-program", "model-of-the-program", "another"],
        "all": [
            ["model-of-the-program", 1.0, 1.0, "USD", "default"],
            ["model-of-the-program", 0.5, 2.0, "USD", "us"],
            ["another", 3.0, 3.0, "EUR", "default"],
        ],
        "by_model": [["model-of-the-program", 0.5, 2.0, "USD", "us"]],
        "by_id": [["another", 3.0, 3.0, "EUR", "default"]],
        "effective": [1998, 2001],
        "level": {"gpt-4o": ["default", "openai"], "model-of-the-program": ["project", "us"]},
        "total": {"gpt-4o": [0.0025, 0.001], "model-of-the-program": [5.0, 8.0]},
        "streamed": True,
        "without": False,
        "after_one": 10.0,
        "after_all": [["gpt-4o"], []],
    },
    "annotations": {
        "schemas": {
            "mood": {"type": "string", "enum": ["calm", "angry"]},
            "stars": _STARS,
            "review": {
                "title": "Review",
                "type": "object",
                "properties": {"polite": {"title": "Polite", "type": "boolean"}, "stars": {"title": "Stars"} | _STARS},
                "required": ["polite", "stars"],
            },
        },
        "kinds": ["AnnotationSpec"] * 3,
        "described": ["Mood", "How it reads", True],
        "scope": True,
        "valid": [True, False, True, False],
        "said": [
            ["wandb.annotation.mood", "Ada", "calm"],
            ["wandb.annotation.mood", "Bob", "angry"],
            ["wandb.annotation.stars", "Ada", 2],
        ],
        "refs": True,
        "of_a_version": ["angry", "calm"],
        "above_three": [101, 102],
        "angry": [100],
        "polite": [101],
        "best_first": [101, 102, 100],
        "versions": [False, True],
        "without_ref": "ValueError",
        "other_type": "ValueError",
        "after_purge": [2, []],
    },
    "log": [],
}


def expected(version: str) -> dict[str, Any]:
    """The whole report of a version, without the ids that differ from run to run."""
    report = dict(EXPECTED)
    for section, facts in DIFFERENCES[version].items():
        report[section] = EXPECTED[section] | facts
    return report
