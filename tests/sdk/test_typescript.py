"""The published SDK for TypeScript, unmodified, against the real server; then what it wrote, by REST and by GraphQL."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.processes import SECONDS, ServerProcess, started
from tests.sdk.expected import ROWS, digest, table_digest
from tests.sdk.expected_typescript import DOUBLES, REPORT, SETTINGS, USAGE

FOLDER = Path(__file__).parents[1] / "node" / "weave-sdk"
DOCUMENT = Path(__file__).with_name("typescript.graphql").read_text(encoding="utf-8")
PROJECT = "team/ts-program"
VERSION = json.loads((FOLDER / "package-lock.json").read_text())["packages"]["node_modules/weave"]["version"]
PRICE = {"prompt_token_cost": 0.5, "completion_token_cost": 2.0}


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the program, in a copy of its folder with the packages that package-lock.json names."""
    npm, node = shutil.which("npm"), shutil.which("node")
    assert npm, "npm is needed"
    assert node, "Node.js is needed"
    folder = tmp_path_factory.mktemp("weave-sdk") / "copy"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run([npm, "ci", "--loglevel=error"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    # Warnings of Node.js about itself are none of the SDK's.
    return [node, "--no-warnings", str(folder / "program" / "main.js")]


def run_program(program: list[str], server: ServerProcess, folder: Path) -> dict[str, Any]:
    """The program's report. Three variables tell the SDK where the server is, the same as for Python."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "WF_TRACE_SERVER_URL": server.url,
        "WANDB_BASE_URL": server.url,
        "WANDB_API_KEY": "k" * 40,
    }
    done = subprocess.run(
        [*program, PROJECT],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    # The SDK goes on after an error that it says something about; what it says goes to stderr.
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "weaveErrors.log").exists()
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


@pytest.mark.node
def test_a_program_sees_what_it_wrote(program: list[str], database_url: str, tmp_path: Path) -> None:
    with started(database_url) as server:
        server.post("/cost/create", {"project_id": PROJECT, "costs": {"fake-large": PRICE}})
        report = run_program(program, server, tmp_path)
        assert report.pop("project") == PROJECT
        ids = {section: facts.pop("ids") for section, facts in report.items() if "ids" in facts}
        assert report == REPORT
        the_same_by_rest(server, ids)
        the_same_by_graphql(server, ids)
        assert server.stop() == 0


def the_same_by_rest(server: ServerProcess, ids: dict[str, Any]) -> None:
    """Reads what the program wrote with plain requests, as the documents describe them."""

    def post(path: str, **body: Any) -> Any:
        return server.post(path, {"project_id": PROJECT, **body})

    def version(uri: str) -> Any:
        """The object version that a URI names, whose digest is that of its value."""
        name, _, wanted = uri.rpartition("/")[2].partition(":")
        read = post("/obj/read", object_id=name, digest=wanted)["obj"]
        assert wanted == read["digest"] == digest(read["val"])
        return read

    root = post("/call/read", id=ids["calls"]["root"])["call"]
    assert root["op_name"] == ids["calls"]["op"]
    assert root["attributes"]["weave"] == {"client_version": VERSION, "source": "js-sdk"}
    assert (root["output"], root["summary"]["score"]) == ({"value": 22, "caught": "inside"}, 0.25)
    op = version(ids["calls"]["op"])
    assert (op["kind"], op["val"]["weave_type"]) == ("op", {"type": "Op"})
    with server.client() as client:
        source = client.post("/file/content", json={"project_id": PROJECT, "digest": op["val"]["files"]["obj.py"]})
        assert source.text.startswith("async function outer(x) {\n    const value = await middle(x);")
        tree = client.post(
            "/calls/stream_query",
            json={
                "project_id": PROJECT,
                "filter": {"trace_ids": [ids["calls"]["trace"]]},
                "sort_by": [{"field": "id", "direction": "asc"}],
            },
        )
    assert [(each["output"], each["exception"]) for each in map(json.loads, tree.text.splitlines())] == [
        ({"value": 22, "caught": "inside"}, None),
        (22, None),
        (7, None),
        (15, None),
        (None, "inside"),
    ]

    assert version(ids["objects"]["settings"])["version_index"] == 0
    numbers = version(ids["datasets"]["numbers"])["val"]
    assert numbers["rows"] == f"weave:///{PROJECT}/table/{table_digest(ROWS)}"
    rows = post("/table/query", digest=table_digest(ROWS))["rows"]
    assert [(row["digest"], row["val"]) for row in rows] == [(digest(row), row) for row in ROWS]
    evaluation = version(ids["evaluations"]["evaluation"])["val"]
    assert [ref.rpartition("/")[2].partition(":")[0] for ref in evaluation["scorers"]] == ["exact", "distance"]
    doubles = version(evaluation["dataset"])["val"]["rows"]
    assert [row["val"] for row in post("/table/query", digest=doubles.rpartition("/")[2])["rows"]] == DOUBLES

    summary = post("/call/read", id=ids["providers"]["root"], include_costs=True)["call"]["summary"]
    cost = summary["weave"]["costs"]["fake-large"]
    assert summary["usage"]["fake-large"] == {key: 2 * value for key, value in USAGE.items()}
    assert (cost["prompt_tokens_total_cost"], cost["completion_tokens_total_cost"]) == (7.0, 20.0)


def the_same_by_graphql(server: ServerProcess, ids: dict[str, Any]) -> None:
    """Reads the same in one walk of the graph."""
    root, scored = ids["calls"]["root"], ids["evaluations"]["predictions"][1]
    variables = {
        "slug": PROJECT,
        "root": root,
        "asked": ids["providers"]["root"],
        "scored": scored,
        "table": table_digest(ROWS),
        "picture": ids["providers"]["picture"],
    }
    answer = server.post("/graphql", {"query": DOCUMENT, "variables": variables})
    assert "errors" not in answer, answer["errors"]
    project = answer["data"]["project"]
    assert project["root"].pop("attributes")["env"] == "test"
    evaluation = project.pop("evaluation")
    assert (evaluation["kind"], evaluation["value"]["name"]) == ("OBJECT", "doubling")
    added = {"op": {"objectId": "add"}, "parent": {"displayName": "the middle of 5"}}
    assert project == {
        "root": {
            "status": "SUCCESS",
            "inputs": {"x": 5},
            "output": {"value": 22, "caught": "inside"},
            "summary": {"score": 0.25, "usage": REPORT["calls"]["root"]["usage"]},
            "usage": {"model": "tokens-r-us", "inputTokens": 22, "outputTokens": 3, "totalTokens": 25},
            "op": {"objectId": "outer", "kind": "OP", "versionIndex": 0, "versions": {"nodes": [{"versionIndex": 0}]}},
            "children": {
                "nodes": [
                    {
                        "displayName": "the middle of 5",
                        "output": 22,
                        "exception": None,
                        "status": "SUCCESS",
                        "children": {
                            "nodes": [
                                added | {"inputs": {"a": 5, "b": 2}, "output": 7},
                                added | {"inputs": {"a": 5, "b": 10}, "output": 15},
                            ]
                        },
                    },
                    {
                        "displayName": None,
                        "output": None,
                        "exception": "inside",
                        "status": "ERROR",
                        "children": {"nodes": []},
                    },
                ]
            },
            "trace": {"callCount": 5, "errorCount": 1, "roots": [{"callId": root}]},
        },
        "asked": {
            "usage": {"model": None, "inputTokens": 14 + 3, "outputTokens": 10 + 2},
            "usageByModel": [
                {"model": "fake-large", "inputTokens": 14, "outputTokens": 10, "totalTokens": 24, "requests": 2},
                {"model": "fake-small", "inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "requests": 1},
            ],
            "cost": {
                "total": 27.0,
                "unit": "USD",
                "byModel": [{"model": "fake-large", "inputCost": 7.0, "outputCost": 20.0}],
            },
        },
        "scored": {
            "inputs": {"arg0": {"q": 2}},
            "output": 20,
            "feedback": {
                "nodes": [
                    {
                        "feedbackType": f"wandb.runnable.{name}",
                        "payload": {"output": output},
                        "target": {"callId": scored},
                        "call": {"displayName": f"{name}.score", "output": output},
                        "runnable": {"objectId": name},
                    }
                    for name, output in (("size", 1), ("tens", True))
                ]
            },
        },
        "settings": {
            "digest": digest(SETTINGS),
            "value": SETTINGS,
            "isLatest": False,
            "versions": {"nodes": [{"versionIndex": 0}, {"versionIndex": 1}]},
        },
        "table": {"rowCount": 5, "rows": {"nodes": [{"digest": digest(row), "value": row} for row in ROWS[:2]]}},
        "file": {"name": "blob", "sizeBytes": 70},
    }
