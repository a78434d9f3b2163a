"""Evaluations of the real SDK beside a run of HoneyHive's API, listed by one query."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.processes import SECONDS, started
from tests.programs import on_sqlite_first

PROJECT = "team/experiments"
PROGRAM = """
import asyncio, json, weave

client = weave.init("team/experiments")

@weave.op
def exact(expected: int, output: int) -> dict:
    return {"correct": output == expected}

@weave.op
def double(x: int) -> int:
    return 2 * x

class Sure(weave.Scorer):
    @weave.op
    def score(self, *, output: int) -> dict:
        return {"sure": True}

    @weave.op
    def summarize(self, score_rows: list) -> dict:
        raise RuntimeError("no summary")

data = weave.Dataset(name="numbers", rows=[{"x": 1, "expected": 2}, {"x": 2, "expected": 5}])
dataset = weave.publish(data)
evaluation = weave.Evaluation(name="doubling", dataset=data, scorers=[exact], trials=2, metadata={"team": "a"})
summary = asyncio.run(evaluation.evaluate(double, __weave={"display_name": "by the SDK"}))
try:
    asyncio.run(weave.Evaluation(name="failing", dataset=data, scorers=[Sure()]).evaluate(double))
except RuntimeError as error:
    assert str(error) == "no summary"

logger = weave.EvaluationLogger(name="by hand", model="m", dataset=[{"q": 1}], scorers=["tens"])
prediction = logger.log_prediction(inputs={"q": 1}, output=10)
prediction.log_score(scorer="tens", score=True)
prediction.finish()
logger.log_summary({"overall": 0.5})
client.flush()
ids = {call.display_name or "failing": call.id for call in client.get_calls(filter={"trace_roots_only": True})}
print(json.dumps({"dataset": dataset.uri, "correct": summary["exact"], "ids": ids}))
"""
DOCUMENT = """{ project(slug: "team/experiments") { experiments(orderBy: [{ field: "createdAt" }]) { totalCount nodes {
  experimentId origin name status results metadata configuration datasetRef metricNames
  datasetVersion { objectId } modelVersion { objectId kind } evaluationVersion { objectId }
  rootCall { opShortName } calls { totalCount nodes { opShortName experiment { name } } } } } } }"""


@on_sqlite_first
def test_evaluations_and_runs_are_one_list(
    database_url: str, sdk_python: Callable[[str], Path], tmp_path: Path
) -> None:
    with started(database_url, flags=["--honeyhive-project", PROJECT]) as server:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "WF_TRACE_SERVER_URL": server.url,
            "WANDB_BASE_URL": server.url,
            "WANDB_API_KEY": "k" * 40,
        }
        program = tmp_path / "program.py"
        program.write_text(PROGRAM)
        done = subprocess.run(
            [sdk_python("0.54.0"), program],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-5000:]
        report = json.loads(done.stdout.splitlines()[-1])
        run = server.post("/v1/runs", {"name": "a run", "dataset_id": "EXT-1"})
        listed = server.post("/graphql", {"query": DOCUMENT})["data"]["project"]["experiments"]
        assert listed["totalCount"] == 4
        by_sdk, failing, by_hand, by_rest = listed["nodes"]
        the_evaluation(by_sdk, report)
        assert (failing["status"], failing["results"], failing["datasetRef"]) == ("FAILED", {}, report["dataset"])
        assert (by_hand["name"], by_hand["status"], by_hand["metadata"]) == (
            "by hand",
            "COMPLETED",
            {"scorers": ["tens"]},
        )
        assert by_hand["results"]["output"] == {"overall": 0.5}
        assert by_hand["modelVersion"]["objectId"] == "m"
        assert {call["experiment"]["name"] for call in by_hand["calls"]["nodes"]} == {"by hand"}
        assert (by_rest["experimentId"], by_rest["origin"], by_rest["status"]) == (
            run["run_id"],
            "HONEYHIVE",
            "PENDING",
        )
        with server.client() as client:
            runs = client.get("/v1/runs").json()["evaluations"]
        assert [each["run_id"] for each in reversed(runs)] == [each["experimentId"] for each in listed["nodes"]]
        assert server.stop() == 0


def the_evaluation(found: dict[str, Any], report: dict[str, Any]) -> None:
    """What the graph has of the evaluation that ran as it should."""
    assert (found["experimentId"], found["name"]) == (report["ids"]["by the SDK"], "by the SDK")
    assert (found["origin"], found["status"], found["metadata"]) == ("WEAVE", "COMPLETED", {"team": "a"})
    assert found["results"]["exact"] == report["correct"] == {"correct": {"true_count": 2, "true_fraction": 0.5}}
    assert found["metricNames"] == ["exact", "model_latency", "output"]
    assert (found["datasetRef"], found["datasetVersion"]) == (report["dataset"], {"objectId": "numbers"})
    assert found["modelVersion"] == {"objectId": "double", "kind": "OP"}
    assert (found["evaluationVersion"], found["rootCall"]) == (
        {"objectId": "doubling"},
        {"opShortName": "Evaluation.evaluate"},
    )
    assert found["configuration"]["trials"] == 2
    ops = [call["opShortName"] for call in found["calls"]["nodes"]]
    assert {op: ops.count(op) for op in set(ops)} == {
        "Evaluation.evaluate": 1,
        "Evaluation.predict_and_score": 4,
        "double": 4,
        "exact": 4,
        "Evaluation.summarize": 1,
    }
    assert found["calls"]["totalCount"] == len(ops)
    assert {call["experiment"]["name"] for call in found["calls"]["nodes"]} == {"by the SDK"}
