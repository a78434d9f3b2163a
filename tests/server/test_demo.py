"""`tracegraph demo`: what it writes, again and again, beside a server, and what it says to bad arguments."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.engines import Database
from db.migrate import migrate
from resolvers.callers import LOCAL
from resolvers.calls.record import record_calls
from resolvers.context import Context
from resolvers.errors import ConflictError
from server.cli import main
from server.demo.arguments import Plan
from server.demo.fill import Filled, fill
from tests.conftest import running_app
from tests.processes import started

ROOT = Path(__file__).parents[2]
END = 1_790_000_000_000_000  # 2026-09-21T14:13:20Z
OVERVIEW = """query Overview($project: String!) {
  project(slug: $project) {
    calls(first: 1000) { totalCount nodes {
      callId traceId parentId opName kind status startedAt latencyMs threadId turnId sessionId wbUserId
      inputs output attributes summary createdAt cost { total }
    } }
    feedback(first: 1000) { totalCount nodes { feedbackId feedbackType payload createdAt targetRef creator target {
      ... on Call { callId } ... on ObjectVersion { objectId versionIndex } } } }
    objectVersions(first: 1000) { totalCount nodes { ref versionIndex createdAt value } }
    threads(first: 10) { nodes { threadId turnCount } }
    prices(first: 10) { nodes { model inputTokenCost effectiveAt } }
    experiments { nodes { name createdAt result { success passed failed metrics { name aggregate } } } }
    datasets { nodes {
      datasetId name createdAt importedFrom { objectId } datapoints { nodes { inputs groundTruth } } } }
    metrics { nodes { name type createdAt } }
    annotationQueues { nodes { name createdAt progress { total done } items { nodes { state call { status } } } } }
  }
}"""


async def filled(database_url: str, *plans: Plan) -> list[Filled]:
    migrate(database_url)
    database = Database(database_url)
    try:
        return [await fill(Context(database, LOCAL), plan, END) for plan in plans]
    finally:
        await database.close()


async def overview(client: httpx.AsyncClient, project: str) -> Any:
    answer = await client.post("/graphql", json={"query": OVERVIEW, "variables": {"project": project}})
    body = answer.json()
    assert "errors" not in body, body["errors"]
    return body["data"]["project"]


async def test_a_project_is_filled_with_linked_traces(database_url: str) -> None:
    (told,) = await filled(database_url, Plan("demo/agent", end=END))
    async with running_app(database_url) as client:
        project = await overview(client, "demo/agent")
    calls = project["calls"]["nodes"]
    assert (told.added, told.calls, told.tree) == (True, 494, None)
    assert project["calls"]["totalCount"] == len({call["callId"] for call in calls}) == told.calls
    assert len({call["traceId"] for call in calls}) == told.traces == 71
    by_id = {call["callId"]: call for call in calls}
    assert all(
        by_id[call["parentId"]]["traceId"] == call["traceId"]
        and by_id[call["parentId"]]["startedAt"] < call["startedAt"]
        for call in calls
        if call["parentId"]
    )
    assert {call["status"] for call in calls} == {"SUCCESS", "ERROR", "RUNNING", "DESCENDANT_ERROR"}
    assert {call["kind"] for call in calls} >= {"AGENT", "LLM", "TOOL", "RETRIEVER", "EMBEDDING", "SCORER", "GUARDRAIL"}
    assert all(call["cost"]["total"] > 0 for call in calls if "usage" in (call["summary"] or {}))
    assert {call["attributes"].get("env") for call in calls} == {"prod", "staging", "ci"}
    assert by_id[told.failed]["status"] == "ERROR"
    assert {thread["threadId"]: thread["turnCount"] for thread in project["threads"]["nodes"]} == {
        "chat-8101": 3,
        "chat-8117": 2,
        "chat-8120": 3,
        "chat-8124": 12,
    }
    assert project["feedback"]["totalCount"] == told.feedback
    assert all(each["target"] for each in project["feedback"]["nodes"])
    versions = [each["ref"] for each in project["objectVersions"]["nodes"] if "/op/" not in each["ref"]]
    assert sum("/object/support-prompt:" in ref for ref in versions) == 3
    assert "2026-09-21T14:13:20Z" > max(call["startedAt"] for call in calls) > "2026-09-21T14:12"
    assert [(each["name"], len(each["result"]["failed"])) for each in project["experiments"]["nodes"]] == [
        ("faq v1, four sources", 2),
        ("faq v0, two sources", 4),
    ]
    (dataset,) = project["datasets"]["nodes"]
    assert (len(dataset["datapoints"]["nodes"]), dataset["importedFrom"]) == (10, {"objectId": "faq-dataset"})
    assert {each["type"] for each in project["metrics"]["nodes"]} == {"LLM", "PYTHON", "HUMAN"}
    (queue,) = project["annotationQueues"]["nodes"]
    assert queue["progress"] == {"total": len(queue["items"]["nodes"]), "done": 2}
    assert all(item["call"] for item in queue["items"]["nodes"])
    # The time of writing is that of the story, too.
    assert max(each["createdAt"] for each in project["feedback"]["nodes"]) < "2026-09-21T14:13:20Z"
    assert max(call["createdAt"] for call in calls) < "2026-09-21T14:13:20Z"


async def test_the_same_seed_and_time_give_the_same_answers(tmp_path: Path) -> None:
    answers = []
    for number, seed in enumerate((None, 0, 5)):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        await filled(url, Plan("demo/agent", seed=seed, end=END))
        async with running_app(url) as client:
            answers.append(await overview(client, "demo/agent"))
    assert answers[0] == answers[1]
    assert {call["callId"] for call in answers[0]["calls"]["nodes"]}.isdisjoint(
        call["callId"] for call in answers[2]["calls"]["nodes"]
    )


async def test_a_second_run_changes_nothing(database_url: str) -> None:
    (first,) = await filled(database_url, Plan("team/a", end=END - 5_000_000))
    async with running_app(database_url) as client:
        before = await overview(client, "team/a")
    # Hours later, and without the time of the first.
    (second,) = await filled(database_url, Plan("team/a"))
    async with running_app(database_url) as client:
        assert await overview(client, "team/a") == before
    assert (first.added, second.added, second.end) == (True, False, END - 5_000_000)


async def test_a_run_goes_on_where_an_earlier_one_was_interrupted(database_url: str, monkeypatch: Any) -> None:
    given = record_calls
    count = 0

    async def breaking(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == 20:
            raise RuntimeError("killed")
        return await given(*arguments)

    monkeypatch.setattr("server.demo.fill.record_calls", breaking)
    with pytest.raises(RuntimeError, match="killed"):
        await filled(database_url, Plan("demo/agent", end=END))
    (again, other) = await filled(database_url, Plan("demo/agent"), Plan("demo/other", end=END))
    async with running_app(database_url) as client:
        project = await overview(client, "demo/agent")
        whole = await overview(client, "demo/other")
    assert again.added
    assert [call["callId"] for call in project["calls"]["nodes"]] == [
        call["callId"] for call in whole["calls"]["nodes"]
    ]
    assert project["feedback"]["totalCount"] == whole["feedback"]["totalCount"] == other.feedback


@pytest.mark.parametrize("calls", [1, 2, 37, 3000])
async def test_a_tree_has_exactly_as_many_calls_as_asked_for(sqlite_url: str, calls: int) -> None:
    (small, large, again) = await filled(
        sqlite_url, Plan("demo/agent", end=END), Plan("demo/agent", calls=calls), Plan("demo/agent", calls=calls)
    )
    assert (large.calls - small.calls, large.added, again.added) == (calls, True, False)
    query = """query Tree($project: String!, $id: String!) { project(slug: $project) { call(callId: $id) {
        displayName trace { callCount root { callId } } } } }"""
    async with running_app(sqlite_url) as client:
        variables = {"project": "demo/agent", "id": large.tree}
        answer = await client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.json()["data"]["project"]["call"] == {
        "displayName": f"Research in {calls:,} calls",
        "trace": {"callCount": calls, "root": {"callId": large.tree}},
    }


async def test_the_demo_of_another_seed_or_time_is_not_mixed_in(sqlite_url: str) -> None:
    await filled(sqlite_url, Plan("demo/agent", seed=1, end=END))
    for plan in (Plan("demo/agent", seed=2), Plan("demo/agent", end=END + 1), Plan("demo/agent", seed=0)):
        with pytest.raises(ConflictError, match="has the demo already"):
            await filled(sqlite_url, plan)
    (same, other) = await filled(sqlite_url, Plan("demo/agent", seed=1, end=END), Plan("demo/b", seed=2, end=END))
    assert (same.added, other.added) == (False, True)


def run(data_dir: Path, *arguments: str) -> tuple[int, str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACEGRAPH_")}
    done = subprocess.run(
        [sys.executable, "-m", "tracegraph", "demo", *arguments],
        cwd=ROOT,
        env={**kept, "TRACEGRAPH_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_it_fills_the_database_of_a_running_server(database_url: str, tmp_path: Path) -> None:
    with started(database_url) as server:
        code, told, errors = run(
            tmp_path, "--database-url", database_url, "--project", "ada/début", "--port", server.url.rpartition(":")[2]
        )
        assert (code, errors) == (0, "")
        links = [line.rpartition("  ")[2] for line in told.splitlines() if "http://" in line]
        assert links[0] == f"{server.url}/graphiql?project=ada/d%C3%A9but"
        assert httpx.get(links[1]).status_code == 302
        answer = server.post("/graphql", {"query": '{ project(slug: "ada/début") { calls(first: 1) { totalCount } } }'})
    assert answer["data"]["project"]["calls"]["totalCount"] == 494
    assert told.startswith("ada/début now holds 71 traces with 494 calls, ")


def test_the_same_command_twice_says_that_nothing_is_new(tmp_path: Path) -> None:
    arguments = ("--seed", "7", "--now", "2026-11-20T14:00:00.5+02:00")
    first = run(tmp_path, *arguments)
    second = run(tmp_path, *arguments)
    assert first[0] == second[0] == 0
    assert first[1].startswith("demo/agent now holds 71 traces")
    assert "from the ten days before 2026-11-20T12:00:00Z (seed 7)." in first[1]
    assert second[1].startswith("Nothing is new: demo/agent holds 71 traces")
    other = run(tmp_path, "--seed", "8")
    assert other[:2] == (1, "")
    assert other[2].startswith("tracegraph: Project 'demo/agent' has the demo already, of another seed or time: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--project", "demo"], "--project: Invalid project id 'demo': expected 'entity/project'"),
        (["--project", ""], "--project: Invalid project id '': expected 'entity/project'"),
        (["--calls", "0"], "--calls: '0' is not a whole number from 1 to 200000"),
        (["--calls", "200001"], "--calls: '200001' is not a whole number from 1 to 200000"),
        (["--calls", "ten"], "--calls: 'ten' is not a whole number from 1 to 200000"),
        (["--calls", "\u0663"], "--calls: '\u0663' is not a whole number from 1 to 200000"),
        (["--seed", "1.5"], "--seed: '1.5' is not a whole number from 0 to 2147483647"),
        (["--now", "noon"], "--now: 'noon' is not a time from 1971 to 9999, such as 2026-11-20T12:00:00Z"),
        (
            ["--now", "0001-01-01T00:00:00+09:00"],
            "--now: '0001-01-01T00:00:00+09:00' is not a time from 1971 to 9999, such as 2026-11-20T12:00:00Z",
        ),
        (["--port", "99999"], "--port: '99999' is not a whole number from 0 to 65535"),
    ],
)
def test_a_bad_argument_is_named(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--data-dir", str(tmp_path / "data"), *arguments]) == 2
    assert capsys.readouterr().err == f"tracegraph: {message}\n"
    assert not (tmp_path / "data").exists()


def test_a_database_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["demo", "--database-url", f"sqlite:///{tmp_path}/file/x.db"]) == 1
    assert capsys.readouterr().err.startswith(f"tracegraph: cannot use the database sqlite:///{tmp_path}/file/x.db: ")


async def test_an_object_of_the_same_name_is_left_alone(sqlite_url: str) -> None:
    migrate(sqlite_url)
    async with running_app(sqlite_url) as client:
        body = {"obj": {"project_id": "a/b", "object_id": "tracegraph-demo", "val": {"mine": 1}}}
        assert (await client.post("/obj/create", json=body)).status_code == 200
    with pytest.raises(ConflictError, match="is not of this command"):
        await filled(sqlite_url, Plan("a/b"))


def test_the_help_names_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    for flag in ("--project", "--calls", "--seed", "--now", "--data-dir", "--database-url", "--port"):
        assert flag in printed
