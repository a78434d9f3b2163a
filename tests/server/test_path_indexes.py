"""Indexes on paths inside JSON, by the command line and by the setting."""

import httpx
import pytest

from db.engines import preparing
from db.path_indexes.changes import path_indexes_of
from db.path_indexes.paths import EVERY_PROJECT, PathIndex
from server.cli import main
from tests.conftest import running_app
from tests.graph.recording import ask_project, call, record
from tests.plans import accesses
from tests.statements import executed


def run(capsys: pytest.CaptureFixture[str], url: str, *arguments: str) -> tuple[int, str]:
    """The exit code of the command, and what it says."""
    code = main(["index", arguments[0], "--database-url", url, *arguments[1:]])
    said = capsys.readouterr()
    return code, said.out + said.err


def indexes(url: str) -> list[PathIndex]:
    with preparing(url) as engine:
        return path_indexes_of(engine)


def test_the_command(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    def index(*arguments: str) -> tuple[int, str]:
        return run(capsys, database_url, *arguments)

    assert index("list") == (0, "")
    assert index("add", "team/app", "inputs.model") == (0, "team/app inputs.model: added\n")
    assert index("add", "team/app", "inputs.model") == (0, "team/app inputs.model: was there already\n")
    assert index("add", "all", r"attributes.a\.b.0") == (0, "all attributes.a\\.b.0: added\n")
    assert index("list") == (0, "all attributes.a\\.b.0\nteam/app inputs.model\n")
    assert index("remove", "team/app", "inputs.model") == (0, "team/app inputs.model: removed\n")
    assert index("remove", "team/app", "inputs.model") == (0, "team/app inputs.model: was not there\n")
    assert indexes(database_url) == [PathIndex(EVERY_PROJECT, r"attributes.a\.b.0")]
    for arguments, named in (
        (("add", "team/app", "op_name"), "'op_name'"),
        (("add", "team", "inputs.x"), "'team'"),
        (("add", "team/app", "summary.weave.latency_ms"), "'summary.weave.latency_ms'"),
    ):
        code, said = index(*arguments)
        assert (code, named in said) == (2, True), said


async def test_the_setting(database_url: str) -> None:
    async def found(client: httpx.AsyncClient) -> tuple[list[str], bool]:
        query = '{eq: [{getField: "inputs.model"}, {literal: {value: "m3"}}]}'
        with executed() as statements:
            data = await ask_project(client, f"calls(query: {query}) {{ nodes {{ callId }} }}")
        used = any(each.name.startswith("ix_calls_path_") for each in accesses(database_url, statements))
        return [node["callId"] for node in data["calls"]["nodes"]], used

    async with running_app(database_url) as client:
        calls = [call(f"c{number:04}", second=number, inputs={"model": f"m{number % 500}"}) for number in range(1500)]
        await record(client, calls)
        expected = ["c0003", "c0503", "c1003"]
        assert await found(client) == (expected, False)
    async with running_app(database_url, indexed_paths=" inputs.model , output.score") as client:
        assert await found(client) == (expected, True)
        data = await ask_project(
            client, 'calls(first: 2, orderBy: [{field: "inputs.model", direction: DESC}]) { nodes { callId } }'
        )
        assert [node["callId"] for node in data["calls"]["nodes"]] == ["c1099", "c0599"]  # m99
    paths = ["inputs.model", "output.score"]
    assert indexes(database_url) == [PathIndex(EVERY_PROJECT, path) for path in paths]


def test_a_setting_that_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--indexed-paths", "inputs.a,op_name"]) == 2
    assert "--indexed-paths: 'op_name' cannot be indexed" in capsys.readouterr().err
