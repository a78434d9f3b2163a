"""The published SDKs, unmodified, against the real server; what they wrote is then read by REST and by GraphQL."""

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.processes import SECONDS, ServerProcess, started
from tests.programs import on_sqlite_first
from tests.sdk.expected import EXPECTED, ROWS, SETTINGS, digest, expected, table_digest

PROGRAM = Path(__file__).with_name("program")
DOCUMENT = Path(__file__).with_name("read_back.graphql").read_text(encoding="utf-8")
PROJECT = "team/sdk-program"
OLDER = ["0.51.59", "0.52.43"]
PNG = b"\x89PNG\r\n"
REPORTED = EXPECTED["feedback"]


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


@on_sqlite_first
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
    assert (first["val"], first["version_index"], first["is_latest"]) == (SETTINGS, 0, 0)
    assert (first["digest"], list(first["val"])) == (digest(SETTINGS), list(SETTINGS))
    rows = post("/table/query", digest=table_digest(ROWS))["rows"]
    assert [(row["digest"], row["val"]) for row in rows] == [(digest(row), row) for row in ROWS]

    # Publishing older content again, which the SDK's cache keeps from the server, makes that version the latest.
    server.post("/obj/create", {"obj": {"project_id": PROJECT, "object_id": "settings", "val": SETTINGS}})
    latest = post("/obj/read", object_id="settings", digest="latest")["obj"]
    assert (latest["val"], latest["version_index"]) == (SETTINGS, 0)

    feedback = post("/feedback/query", query=equal("weave_ref", f"weave:///{PROJECT}/call/{ids['feedback']['call']}"))
    assert len(feedback["result"]) == 6
    # The annotation of Bob is purged; the spec has another version by now.
    annotated = post("/feedback/query", query=equal("annotation_ref", ids["annotations"]["mood"]))["result"]
    assert [(row["creator"], row["payload"]) for row in annotated] == [("Ada", {"value": "calm"})]
    assert annotated[0]["weave_ref"] == f"weave:///{PROJECT}/call/{ids['annotations']['call']}"
    specs = post("/objs/query", filter={"base_object_classes": ["AnnotationSpec"], "latest_only": True})["objs"]
    assert {spec["object_id"]: spec["version_index"] for spec in specs} == {
        "quality": 0,
        "mood": 1,
        "stars": 0,
        "review": 0,
    }
    with server.client() as client:
        body = {"project_id": PROJECT, "digest": picture_digest(server)}
        assert client.post("/file/content", json=body).content.startswith(PNG)


def picture_digest(server: ServerProcess) -> str:
    """The file of the image that the program published."""
    wanted = {"project_id": PROJECT, "object_id": "picture", "digest": "latest"}
    found: str = server.post("/obj/read", wanted)["obj"]["val"]["files"]["image.png"]
    return found


def equal(field: str, value: str) -> dict[str, Any]:
    """A query for one value of a field."""
    return {"$expr": {"$eq": [{"$getField": field}, {"$literal": value}]}}


def the_same_by_graphql(server: ServerProcess, ids: dict[str, Any]) -> None:
    """Reads the same in one walk of the graph."""
    root, scored, turns = ids["calls"]["root"], ids["feedback"]["call"], ids["threads"]["turns"]
    variables = {
        "slug": PROJECT,
        "root": root,
        "deleted": ids["deletes"]["root"],
        "scored": scored,
        "thread": ids["threads"]["thread"],
        "table": table_digest(ROWS),
        "settings": digest(SETTINGS),
        "picture": picture_digest(server),
    }
    answer = server.post("/graphql", {"query": DOCUMENT, "variables": variables})
    assert "errors" not in answer, answer["errors"]
    project = answer["data"]["project"]
    feedback = {node.pop("feedbackType"): node for node in project["scored"]["feedback"].pop("nodes")}
    content = base64.b64decode(project["file"].pop("content"))
    assert project == {
        "slug": PROJECT,
        "call": {
            "displayName": None,
            "status": "DESCENDANT_ERROR",
            "inputs": {"x": 5},
            "output": {"value": 22, "caught": "inside"},
            "wbUserId": "local",
            "usage": {"model": "gpt-4o", "inputTokens": 7, "outputTokens": 5, "totalTokens": 12},
            "op": {"objectId": "outer", "kind": "OP", "versionIndex": 0},
            "children": {
                "totalCount": 2,
                "nodes": [
                    {
                        "displayName": "the middle",
                        "op": {"objectId": "middle-step"},
                        "status": "SUCCESS",
                        "output": 22,
                        "parent": {"callId": root},
                        "children": {
                            "nodes": [
                                {"inputs": {"a": 5, "b": 2}, "output": 7},
                                {"inputs": {"a": 5, "b": 10}, "output": 15},
                            ]
                        },
                    },
                    {
                        "displayName": None,
                        "op": {"objectId": "fail"},
                        "status": "ERROR",
                        "output": None,
                        "parent": {"callId": root},
                        "children": {"nodes": []},
                    },
                ],
            },
            "trace": {"callCount": 5, "errorCount": 1, "roots": [{"callId": root}]},
        },
        "deleted": None,
        "scored": {"feedback": {"totalCount": 6}},
        "thread": {"callCount": 6, "turns": {"nodes": [{"callId": turn} for turn in turns]}},
        "table": {
            "rowCount": 5,
            "rows": {
                "totalCount": 5,
                "nodes": [{"digest": digest(row), "value": row} for row in ROWS[:2]],
                "pageInfo": {"hasNextPage": True},
            },
        },
        "objectVersion": {
            "digest": digest(SETTINGS),
            "value": SETTINGS,
            "versionIndex": 0,
            "isLatest": True,
            "versions": {"nodes": [{"versionIndex": 0, "isLatest": True}, {"versionIndex": 1, "isLatest": False}]},
            "usedBy": {"totalCount": 30},
        },
        "latest": {"value": SETTINGS},
        "byDigest": {"versionIndex": 0},
        "file": {"name": "image.png", "sizeBytes": len(content)},
        "turns": {
            "totalCount": 2,
            "nodes": [{"callId": turns[1], "inputs": {"a": 2, "b": 3}}, {"callId": turns[0], "inputs": {"x": 1}}],
        },
    }
    assert content.startswith(PNG)
    assert {name: (node["payload"], node["creator"]) for name, node in feedback.items() if "runnable" not in name} == {
        "grade": ({"value": 4, "by": {"name": "reviewer"}}, "Ada"),
        "wandb.annotation.quality": ({"value": 5}, None),
        "wandb.note.1": (REPORTED["note"], None),
        "wandb.reaction.1": (REPORTED["reaction"], None),
    }
    assert [node["target"] for node in feedback.values()] == [{"callId": scored}] * 6
    assert feedback["wandb.annotation.quality"]["annotation"] == {"objectId": "quality"}
    assert feedback["wandb.runnable.Above"]["call"] == {"output": {"above": True, "by": 24}}
    assert feedback["wandb.runnable.is_even"]["runnable"] == {"objectId": "is_even"}
