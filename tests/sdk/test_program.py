"""The published SDKs, unmodified, against the real server; what they wrote is then read by REST and by GraphQL."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.processes import SECONDS, ServerProcess, started
from tests.sdk.expected import ROWS, SETTINGS, digest, expected, table_digest

PROGRAM = Path(__file__).with_name("program")
PROJECT = "team/sdk-program"
OLDER = ["0.51.59", "0.52.43"]


def run_program(python: Path, server: ServerProcess, folder: Path) -> dict[str, Any]:
    """The program's report. Three variables tell the SDK where the server is; its caches start empty."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "WF_TRACE_SERVER_URL": server.url,
        "WANDB_BASE_URL": server.url,
        "WANDB_API_KEY": "k" * 40,
    }
    done = subprocess.run(
        [python, PROGRAM, PROJECT],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


@pytest.mark.parametrize("version", ["0.54.0", *(pytest.param(each, marks=pytest.mark.sdk) for each in OLDER)])
def test_a_program_sees_what_it_wrote(
    version: str, database_url: str, sdk_python: Callable[[str], Path], tmp_path: Path
) -> None:
    with started(database_url) as server:
        report = run_program(sdk_python(version), server, tmp_path)
        assert (report.pop("version"), report.pop("project")) == (version, PROJECT.partition("/")[2])
        ids = {name: facts.pop("ids") for name, facts in report.items() if isinstance(facts, dict) and "ids" in facts}
        assert report == expected(version)
        the_same_by_rest(server, ids)
        the_same_by_graphql(server, ids)
        assert server.stop() == 0


def the_same_by_rest(server: ServerProcess, ids: dict[str, Any]) -> None:
    """Reads what the program wrote with plain requests, as the documents describe them."""

    def post(path: str, **body: Any) -> Any:
        return server.post(path, {"project_id": PROJECT, **body})

    def calls(**body: Any) -> list[Any]:
        with server.client() as client:
            answer = client.post("/calls/stream_query", json={"project_id": PROJECT, **body})
        assert answer.status_code == 200
        return [json.loads(line) for line in answer.text.splitlines()]

    root = post("/call/read", id=ids["calls"]["root"])["call"]
    assert (root["inputs"], root["output"]) == ({"x": 5}, {"value": 22, "caught": "inside"})
    assert root["op_name"].startswith(f"weave:///{PROJECT}/op/outer:")
    assert (root["parent_id"], root["exception"], root["wb_user_id"]) == (None, None, "local")
    assert (root["summary"]["weave"]["status"], root["summary"]["score"]) == ("descendant_error", 0.25)
    assert root["attributes"]["nested"] == {"k": [1, None, 2.5]}
    tree = calls(filter={"trace_ids": [ids["calls"]["trace"]]}, sort_by=[{"field": "started_at", "direction": "asc"}])
    assert [call["output"] for call in tree] == [{"value": 22, "caught": "inside"}, 22, 7, 15, None]
    turns = calls(filter={"thread_ids": [ids["threads"]["thread"]], "trace_roots_only": True})
    assert [turn["turn_id"] for turn in turns] == ids["threads"]["turns"]
    assert post("/call/read", id=ids["deletes"]["root"]) == {"call": None}

    first = post("/obj/read", object_id="settings", digest="v0")["obj"]
    assert (first["val"], first["version_index"], first["is_latest"]) == (SETTINGS, 0, 1)
    assert (first["digest"], list(first["val"])) == (digest(SETTINGS), list(SETTINGS))
    rows = post("/table/query", digest=table_digest(ROWS))["rows"]
    assert [(row["digest"], row["val"]) for row in rows] == [(digest(row), row) for row in ROWS]

    feedback = post("/feedback/query", query=equal("weave_ref", f"weave:///{PROJECT}/call/{ids['feedback']['call']}"))
    assert len(feedback["result"]) == 6
    picture = post("/obj/read", object_id="picture", digest="latest")["obj"]["val"]["files"]["image.png"]
    with server.client() as client:
        content = client.post("/file/content", json={"project_id": PROJECT, "digest": picture}).content
    assert content.startswith(b"\x89PNG\r\n")


def equal(field: str, value: str) -> dict[str, Any]:
    """A query for one value of a field."""
    return {"$expr": {"$eq": [{"$getField": field}, {"$literal": value}]}}


DOCUMENT = (Path(__file__).with_name("read_back.graphql")).read_text()


def the_same_by_graphql(server: ServerProcess, ids: dict[str, Any]) -> None:
    """Reads the same in one walk of the graph."""
    variables = {
        "slug": PROJECT,
        "root": ids["calls"]["root"],
        "deleted": ids["deletes"]["root"],
        "scored": ids["feedback"]["call"],
        "table": table_digest(ROWS),
        "settings": digest(SETTINGS),
    }
    answer = server.post("/graphql", {"query": DOCUMENT, "variables": variables})
    assert "errors" not in answer, answer["errors"]
    project = answer["data"]["project"]
    assert project == {}
