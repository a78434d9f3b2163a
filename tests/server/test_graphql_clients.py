"""What public JavaScript clients, linters and compilers make of the endpoint and its schema."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from resolvers.ids import encode_id
from server.graphql.trusted import load
from server.schema_diff import printed_schema
from tests.conftest import running_app
from tests.server.conftest import NODE
from tests.server.serving import serving
from tests.server.toy import toy_app

pytestmark = pytest.mark.node

SYNTAX = {"message": "Syntax Error: Expected Name, found <EOF>.", "code": "GRAPHQL_PARSE_FAILED"}
UNKNOWN = {"message": "Cannot query field 'nothing' on type 'Query'.", "code": "GRAPHQL_VALIDATION_FAILED"}


def run(script: str, argument: str) -> Any:
    node = shutil.which("node")
    assert node
    done = subprocess.run([node, script, argument], cwd=NODE, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told(result: Any) -> Any:
    """The errors of an operation, as `graphql-ws` gives them apart and `graphql-sse` in a result."""
    errors = result["error"] or result["data"][0]["errors"]
    return [{"message": each["message"], "code": each.get("code") or each["extensions"]["code"]} for each in errors]


@pytest.fixture(scope="module")
def found(node_packages: Path) -> Any:
    assert node_packages == NODE
    with serving(toy_app()) as address:
        return run("clients.js", address)


@pytest.mark.parametrize("client", ["ws", "sse"])
def test_operations_by_graphql_ws_and_graphql_sse(found: Any, client: str) -> None:
    got = found[client]
    assert got["query"] == {"data": [{"hello": "world"}], "error": None}
    assert got["variables"] == {"data": [{"echo": "ä"}], "error": None}
    assert got["mutation"] == {"data": [{"write": 3}], "error": None}
    assert got["subscription"] == {"data": [{"count": 0}, {"count": 1}, {"count": 2}], "error": None}
    assert got["several"] == [{"data": [{"count": n} for n in range(to)], "error": None} for to in (1, 2, 3)]
    assert (told(got["syntax"]), told(got["unknown"])) == ([SYNTAX], [UNKNOWN])


@pytest.mark.parametrize("client", ["ws", "sse"])
def test_a_subscription_that_fails_is_masked(found: Any, client: str) -> None:
    value, failure = found[client]["failing"]["data"]
    assert value == {"failing": 0}
    [error] = failure["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "hunter2" not in json.dumps(found)


@pytest.mark.parametrize("client", ["ws", "sse"])
def test_a_subscription_that_is_left_does_not_disturb_the_next(found: Any, client: str) -> None:
    value, end = found[client]["left"]
    assert (value["value"]["data"], end["done"]) == ({"forever": 0}, True)
    assert found[client]["after"] == {"data": [{"hello": "world"}], "error": None}


def test_graphql_ws_connects_again_and_is_kept_alive(found: Any) -> None:
    assert (found["ws"]["reconnect"], found["ws"]["connections"]) == ([{"forever": 0}, {"forever": 0}], 2)
    assert found["ws"]["pong"] is True


def test_single_connection_mode_is_refused(found: Any) -> None:
    assert found["sse"]["single"] == {"data": [], "error": "Server responded with 405: Method Not Allowed"}


def test_the_schema_keeps_the_rules_of_relay_and_of_names(node_packages: Path, tmp_path: Path) -> None:
    assert node_packages == NODE
    schema = tmp_path / "schema.graphql"
    schema.write_text(printed_schema(), "utf-8")
    assert run("lint-schema.js", str(schema)) == []


def compile_relay(node_packages: Path, project: Path) -> None:
    compiler = node_packages / "node_modules" / ".bin" / "relay-compiler"
    done = subprocess.run([compiler], cwd=project, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_relays_compiler_takes_the_schema_and_its_documents_run(node_packages: Path, tmp_path: Path) -> None:
    project = tmp_path / "relay"
    shutil.copytree(NODE / "relay", project)
    (project / "schema.graphql").write_text(printed_schema(), "utf-8")
    manifest = project / "documents.json"
    manifest.write_text("{}", "utf-8")
    await asyncio.to_thread(compile_relay, node_packages, project)
    documents = load(manifest).documents
    assert len(documents) == 5

    variables = {"slug": "a/b", "ids": [], "id": encode_id("Call", "a/b", "c"), "count": 3, "cursor": None}
    settings = {"trusted_documents": str(manifest), "trusted_documents_mode": "required"}
    async with running_app(f"sqlite:///{tmp_path / 'tracegraph.db'}", **settings) as client:
        for digest, text in documents.items():
            if text.startswith("mutation"):
                continue
            asked = {"documentId": f"sha256:{digest}", "variables": variables}
            answer: httpx.Response = await client.post("/graphql", json=asked)
            assert (answer.status_code, answer.json().get("errors")) == (200, None), answer.text
