"""HoneyHive's published SDK, unmodified, against the real server; and Weave's beside it on the same project."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.processes import SECONDS, ServerProcess, started
from tests.programs import on_postgresql_first

HERE = Path(__file__).parent
CALLS = """query($session: String!) { project(slug: "default/default") {
    session(sessionId: $session) { sessionId calls(first: 20) { nodes { callId opName kind } } }
    call(callId: $session) { opName kind descendants(first: 20) { nodes { opName } } scores { name value } }
} }"""
COMPARED = """query($new: String!, $old: String!) { project(slug: "default/default") {
    experimentComparison(newExperimentId: $new, oldExperimentId: $old) {
        metrics { name improvedCount sameCount degradedCount }
    }
} }"""


def run(python: Path, program: Path, folder: Path, environment: dict[str, str], *arguments: str) -> Any:
    """The program's report, the last line that it prints."""
    done = subprocess.run(
        [python, program, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return json.loads(done.stdout.splitlines()[-1])


@on_postgresql_first
def test_a_program_of_honeyhive_and_one_of_weave(
    database_url: str, honeyhive_python: Path, sdk_python: Callable[[str], Path], tmp_path: Path
) -> None:
    with started(database_url) as server:
        hive = {"HH_API_URL": server.url, "HH_API_KEY": "hh_any"}
        report = run(honeyhive_python, HERE / "honeyhive", tmp_path, hive)
        session_id = seen_as_written(report)
        seen_in_the_graph(server, report)
        weave = {"WF_TRACE_SERVER_URL": server.url, "WANDB_BASE_URL": server.url, "WANDB_API_KEY": "k" * 40}
        seen = run(sdk_python("0.54.0"), HERE / "both.py", tmp_path, weave, session_id)
        call_id = seen.pop("call")
        assert seen == {
            "session": ["a program", {"plan": "pro", "tier": 1}, {"done": True}],
            "children": ["ask"],
            "below": ["answer", "failing_error", "look_up", "tracing.failing"],
        }
        body = {"filters": [{"field": "event_id", "operator": "is", "value": call_id}]}
        (event,) = server.post("/v1/events/search", body)["events"]
        assert (event["inputs"], event["outputs"]) == ({"a": 1, "b": 2}, {"result": 3})
        assert server.stop() == 0


def without_times(metadata: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name != "honeyhive_duration_ms"}


def seen_as_written(report: dict[str, Any]) -> str:
    """What the SDK read is what its program wrote; returns the program's session."""
    tracing = report["tracing"]
    session_id: str = tracing["session"]
    assert (tracing["total"], tracing["sessions"]) == (6, [session_id])
    events = tracing["events"]
    for event in events.values():
        event["metadata"] = without_times(event["metadata"])
    assert events == {
        "a program": {
            "event_type": "session",
            "error": None,
            "outputs": {"done": True},
            "metadata": {"plan": "pro", "tier": 1},
            "metrics": {"quality": 0.9},
            "feedback": {"liked": True},
        },
        "ask": {
            "event_type": "chain",
            "error": None,
            "inputs": {"country": "France"},
            "outputs": {"result": 42},
            "metadata": {"event_type": "chain", "event_name": "ask"},
        },
        "look_up": {
            "event_type": "tool",
            "error": None,
            "inputs": {"country": "France"},
            "outputs": {"result": {"found": ["Paris", "Lyon"]}},
            "metadata": {
                "event_type": "tool",
                "event_name": "look_up",
                "cached": False,
                "nested": {"list": [1, {"two": 2}]},
            },
            "metrics": {"precision": 0.5},
            "config": {"index": "cities"},
            "feedback": {"rating": 5},
            "user_properties": {"user_id": "ada"},
        },
        "answer": {
            "event_type": "model",
            "error": None,
            "inputs": {"messages": [{"role": "user", "content": "France"}]},
            "outputs": {"result": "1 messages"},
            "metadata": {"event_type": "model", "event_name": "answer"},
        },
        # The SDK makes two spans of a function that raises.
        "tracing.failing": {
            "event_type": "tool",
            "error": "ValueError: no such city",
            "metadata": {"event_type": "tool"},
        },
        "failing_error": {
            "event_type": "tool",
            "error": "ValueError: no such city",
            "metadata": {"honeyhive_error_type": "ValueError"},
        },
    }
    assert tracing["parents"] == {
        "a program": None,
        "ask": "a program",
        **dict.fromkeys(("answer", "look_up", "tracing.failing", "failing_error"), "ask"),
    }
    assert (tracing["models"], tracing["cheap"]) == (["answer"], ["look_up"])
    by_hand = report["events"]
    assert by_hand.pop("session") != session_id
    assert by_hand == {
        "the same": True,
        "created": [True, True],
        "batch": [True, 2],
        "names": ["by hand", "one", "three", "two"],
        "metadata": {"a": 1, "b": 2},
        "one": [{"x": 1}, {"y": 2}, {"m": 1, "n": 2}],
        "parent": True,
    }
    assert report["datasets"] == {
        "dataset": ["capitals", "of Europe", 3],
        "first": [{"country": "France"}, {"capital": "Paris"}, {"level": "easy"}],
        "added": 1,
        "left": 2,
        "listed": 1,
    }
    assert report["metrics"] == {
        "made": True,
        "metric": ["found", "how much was found", 1, "float"],
        "versions": 2,
        "by type": ["found"],
        "gone": [],
    }
    assert report["queues"] == {"queue": ["to review", False], "enabled": 0, "left": 0}
    assert report["configurations"] == {
        "made": True,
        "modified": 1,
        "kept": ["v1", "openai", ["b"], "gpt-4o"],
        "deleted": 1,
    }
    guesses = report["experiments"]
    assert guesses["old"] == told([0.0, 0.0, 1.0])
    assert guesses["new"] == told([0.0, 1.0, 1.0])
    assert guesses["delta"] == {
        "old_aggregate": 1 / 3,
        "new_aggregate": 2 / 3,
        "improved_count": 1,
        "same_count": 2,
    }
    assert (guesses["common"], guesses["improved"], guesses["status"]) == (3, ["exact"], "completed")
    assert guesses["listed"] == ["new guesses", "old guesses"]
    assert report["with_a_dataset"]["told"] == told([0.0, 0.0, 1.0])
    return session_id


def told(values: list[float]) -> dict[str, Any]:
    """What a run says whose evaluator gave these."""
    return {
        "success": True,
        "status": "completed",
        "exact": sum(values) / 3,
        "values": values,
        "datapoints": 3,
        "values by datapoint": values,
    }


def seen_in_the_graph(server: ServerProcess, report: dict[str, Any]) -> None:
    session_id = report["tracing"]["session"]

    def ask(query: str, **variables: Any) -> Any:
        answer = server.post("/graphql", {"query": query, "variables": variables})
        assert "errors" not in answer, answer
        return answer["data"]["project"]

    project = ask(CALLS, session=session_id)
    kinds = {call["opName"]: call["kind"] for call in project["session"]["calls"]["nodes"]}
    assert kinds == {
        "a program": "SESSION",
        "ask": "CHAIN",
        "look_up": "TOOL",
        "answer": "LLM",
        "tracing.failing": "TOOL",
        "failing_error": "TOOL",
    }
    assert project["call"]["kind"] == "SESSION"
    assert project["call"]["scores"] == [{"name": "quality", "value": 0.9}]
    below = sorted(call["opName"] for call in project["call"]["descendants"]["nodes"])
    assert below == ["answer", "ask", "failing_error", "look_up", "tracing.failing"]
    new, old = report["experiments"]["runs"]
    (metric,) = ask(COMPARED, new=new, old=old)["experimentComparison"]["metrics"]
    assert metric == {"name": "exact", "improvedCount": 1, "sameCount": 2, "degradedCount": 0}
    assert httpx.get(f"{server.url}/v1/runs/{new}/summary").status_code == 200
