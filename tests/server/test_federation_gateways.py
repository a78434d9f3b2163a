"""The graph as a subgraph of real gateways, beside two subgraphs of another team (tests/node/federation)."""

import itertools
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from resolvers.ids import encode_id
from server.app import create_app
from server.settings import Settings
from tests.server.serving import serving
from tests.statements import counted

pytestmark = pytest.mark.node

FOLDER = Path(__file__).parent.parent / "node" / "federation"
COMPOSERS = ("apollo", "guild", "wundergraph")
HIVE = ("hive", "hive-router")  # its own runtime, and with the query planner of Hive's router
GATEWAYS = ("apollo", *HIVE)
PROJECT = "team/app"
CALLS = 100


@dataclass
class Switch:
    """Our application, with a switch that makes it fail and a list of the operations that it was sent."""

    app: ASGIApp
    is_off: bool = False
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.asked.append(scope["method"])
            if self.is_off:
                await PlainTextResponse("off", 503)(scope, receive, send)
                return
        await self.app(scope, receive, send)


@dataclass
class Supergraph:
    """Our server and the other team's subgraphs, all listening, with the addresses of a gateway of each kind."""

    ours: Switch
    our_address: str
    gateways: dict[str, str]
    accounts: "Program"

    def ask(self, gateway: str, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        return httpx.post(self.gateways[gateway], json=body, timeout=30).json()


class Program:
    """A program of Node.js that serves on a port of its own."""

    def __init__(self, command: list[str], port: int) -> None:
        self.command = command
        self.port = port
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        self.process = subprocess.Popen(
            self.command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "ready at" in line or "Listening on" in line or "Serving" in line:
                return
        raise AssertionError("".join(said))

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=30)
            self.process = None


@contextmanager
def running(program: Program) -> Iterator[Program]:
    program.start()
    try:
        yield program
    finally:
        program.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def node(*arguments: str) -> list[str]:
    program = shutil.which("node")
    assert program, "Node.js is needed"
    return [program, *arguments]


def composed(composer: str, **subgraphs: str) -> str:
    """The supergraph of subgraphs, given by their addresses."""
    pairs = [f"{name}={url}" for name, url in subgraphs.items()]
    command = node("compose.js", composer, *pairs)
    run = subprocess.run(command, check=False, cwd=FOLDER, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder with what package-lock.json names installed."""
    npm = shutil.which("npm")
    assert npm, "npm is needed"
    installed, wanted = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:  # it takes a minute
        subprocess.run([npm, "ci", "--loglevel=error"], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
    return FOLDER


def start_of(number: int) -> dict[str, Any]:
    return {
        "project_id": PROJECT,
        "id": f"call-{number}",
        "trace_id": f"trace-{number}",
        "op_name": f"op-{number}",
        "started_at": "2026-01-01T00:00:00Z",
        "attributes": {},
        "inputs": {},
        "wb_user_id": "ada",
    }


def end_of(number: int) -> dict[str, Any]:
    return {
        "project_id": PROJECT,
        "id": f"call-{number}",
        "ended_at": f"2026-01-01T00:00:00.{number:03}Z",
        "output": None,
        "summary": {},
    }


def ref_of(number: int) -> str:
    return f"weave:///{PROJECT}/call/call-{number}"


def fill(address: str) -> None:
    batch = [{"mode": "start", "req": {"start": start_of(number)}} for number in range(CALLS)]
    batch += [{"mode": "end", "req": {"end": end_of(number)}} for number in range(CALLS)]
    answer = httpx.post(f"http://{address}/call/upsert_batch", json={"batch": batch})
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def supergraph(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supergraph]:
    folder = tmp_path_factory.mktemp("federation")
    ours = Switch(create_app(Settings(database_url=f"sqlite:///{folder / 'tracegraph.db'}")))
    ports = {name: free_port() for name in ("accounts", "notes", *GATEWAYS)}
    with ExitStack() as stack:
        address = stack.enter_context(serving(ours, lifespan="on"))
        fill(address)
        accounts, _ = (
            stack.enter_context(running(Program(node(f"{name}.js", str(ports[name])), ports[name])))
            for name in ("accounts", "notes")
        )
        urls = {name: f"http://127.0.0.1:{ports[name]}" for name in ("accounts", "notes")}
        file = folder / "supergraph.graphql"
        file.write_text(composed("apollo", traces=f"http://{address}/graphql", **urls))
        hive = ["node_modules/.bin/hive-gateway", "supergraph", str(file), "--host", "127.0.0.1", "--port"]
        commands = {
            "apollo": ["apollo-gateway.js", str(ports["apollo"]), str(file)],
            "hive": [*hive, str(ports["hive"])],
            "hive-router": [*hive, str(ports["hive-router"]), "--hive-router-runtime"],
        }
        for name, command in commands.items():
            stack.enter_context(running(Program(node(*command), ports[name])))
        gateways = {
            name: f"http://127.0.0.1:{ports[name]}/{'' if name == 'apollo' else 'graphql'}" for name in GATEWAYS
        }
        yield Supergraph(ours, address, gateways, accounts)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_two_hops_with_a_field_that_requires_ours(supergraph: Supergraph, gateway: str) -> None:
    query = """query($refs: [String!]!) { incidents(refs: $refs) { title
      call { callId opName review trace { traceId root { review } } } } }"""
    assert supergraph.ask(gateway, query, refs=[ref_of(7)]) == {
        "data": {
            "incidents": [
                {
                    "title": "Incident 0",
                    "call": {
                        "callId": "call-7",
                        "opName": "op-7",
                        "review": "SUCCESS after 7 ms",
                        "trace": {"traceId": "trace-7", "root": {"review": "SUCCESS after 7 ms"}},
                    },
                }
            ]
        }
    }


# Hive's own runtime does not ask for a field of the entity interface on a concrete type.
@pytest.mark.parametrize("gateway", ["apollo", "hive-router"])
def test_a_field_of_another_team_is_on_every_node(supergraph: Supergraph, gateway: str) -> None:
    query = """{ project(slug: "team/app") { id notes calls(first: 1) { nodes { id notes } } traces(last: 1) {
      nodes { id notes } } } }"""
    project = supergraph.ask(gateway, query)["data"]["project"]
    for each in (project, *project["calls"]["nodes"], *project["traces"]["nodes"]):
        assert each["notes"] == [f"A note on {each['id']}"]


# The planner of Hive's router finds no way from the interface to the fields of a concrete type.
@pytest.mark.parametrize("gateway", ["apollo", "hive"])
def test_nodes_are_found_from_what_another_team_says_of_them(supergraph: Supergraph, gateway: str) -> None:
    ids = [encode_id("Call", PROJECT, "call-3"), encode_id("Trace", PROJECT, "trace-4"), encode_id("Project", PROJECT)]
    query = """query($ids: [ID!]!) { noted(ids: $ids) { __typename notes
      ... on Call { callId } ... on Trace { traceId } ... on Project { slug } } }"""
    assert supergraph.ask(gateway, query, ids=ids)["data"]["noted"] == [
        {"__typename": "Call", "notes": [f"A note on {ids[0]}"], "callId": "call-3"},
        {"__typename": "Trace", "notes": [f"A note on {ids[1]}"], "traceId": "trace-4"},
        {"__typename": "Project", "notes": [f"A note on {ids[2]}"], "slug": PROJECT},
    ]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_hundred_representations_are_one_request_and_one_statement(supergraph: Supergraph, gateway: str) -> None:
    query = "query($refs: [String!]!) { incidents(refs: $refs) { call { callId latencyMs } } }"
    refs = [ref_of(number) for number in range(CALLS)]
    supergraph.ours.asked.clear()
    with counted() as statements:
        answer = supergraph.ask(gateway, query, refs=refs)
    assert [each["call"]["callId"] for each in answer["data"]["incidents"]] == [f"call-{n}" for n in range(CALLS)]
    assert supergraph.ours.asked == ["POST"]
    assert len(statements) == 1


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_one_bad_representation_takes_no_other_with_it(supergraph: Supergraph, gateway: str) -> None:
    query = "query($refs: [String!]!) { incidents(refs: $refs) { title call { callId } } }"
    answer = supergraph.ask(gateway, query, refs=[ref_of(1), "nonsense", ref_of(CALLS), ref_of(2)])
    calls = [each["call"] for each in answer["data"]["incidents"]]
    assert calls[0] == {"callId": "call-1"}
    assert calls[1] is None
    assert calls[2] is None
    assert calls[3] == {"callId": "call-2"}
    assert any("Invalid ref 'nonsense'" in error["message"] for error in answer["errors"])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_our_part_is_answered_while_the_other_team_is_down(supergraph: Supergraph, gateway: str) -> None:
    query = '{ project(slug: "team/app") { call(callId: "call-5") { opName review } } }'
    supergraph.accounts.stop()
    try:
        answer = supergraph.ask(gateway, query)
    finally:
        supergraph.accounts.start()
    assert answer["data"] == {"project": {"call": {"opName": "op-5", "review": None}}}
    assert len(answer["errors"]) == 1
    assert supergraph.ask(gateway, query)["data"]["project"]["call"]["review"] == "SUCCESS after 5 ms"


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_other_teams_part_is_answered_while_we_are_down(supergraph: Supergraph, gateway: str) -> None:
    query = "query($refs: [String!]!) { viewer { name } incidents(refs: $refs) { title call { ref opName } } }"
    supergraph.ours.is_off = True
    try:
        answer = supergraph.ask(gateway, query, refs=[ref_of(1)])
    finally:
        supergraph.ours.is_off = False
    assert answer["data"]["viewer"] == {"name": "Ada"}
    assert answer["data"]["incidents"][0]["title"] == "Incident 0"
    assert (answer["data"]["incidents"][0]["call"] or {}).get("opName") is None
    assert answer["errors"]


@pytest.mark.parametrize("gateway", HIVE)
def test_a_subscription_goes_through_hives_gateway(supergraph: Supergraph, gateway: str) -> None:
    query = 'subscription { calls(project: "team/app") { call { callId opName review } } }'
    headers = {"accept": "text/event-stream"}
    body = {"query": query}
    with httpx.stream("POST", supergraph.gateways[gateway], json=body, headers=headers, timeout=30) as stream:
        lines = stream.iter_lines()
        # The gateway answers before it has subscribed: calls begin until one of them is told of.
        event = None
        with beginning_calls(supergraph.our_address, gateway):
            while event is None:
                line = next(lines)
                event = json.loads(line[5:]) if line.startswith("data:") and "callId" in line else None
    call = event["data"]["calls"]["call"]
    assert call["callId"].startswith(gateway)
    assert event == {"data": {"calls": {"call": {**call, "opName": "op-0", "review": "RUNNING after ? ms"}}}}


@contextmanager
def beginning_calls(address: str, name: str) -> Iterator[None]:
    """Calls that begin one after the other, until the context is left."""
    ended = threading.Event()

    def begin() -> None:
        for number in itertools.count():
            start = {**start_of(0), "id": f"{name}-{number}"}
            httpx.post(f"http://{address}/call/start", json={"start": start}).raise_for_status()
            if ended.wait(0.1):
                return

    thread = threading.Thread(target=begin)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("composer", COMPOSERS)
def test_every_composer_takes_our_view(supergraph: Supergraph, composer: str) -> None:
    urls = {"traces": f"http://{supergraph.our_address}/graphql"}
    for name, program in (("accounts", supergraph.accounts),):
        urls[name] = f"http://127.0.0.1:{program.port}"
    printed = composed(composer, **urls)
    assert "type Incident" in printed
    assert "descendants(" in printed


@pytest.mark.parametrize("composer", COMPOSERS)
def test_with_prefixes_types_and_fields_of_the_same_names_compose(
    packages: Path, tmp_path: Path, composer: str
) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'tracegraph.db'}",
        federation_type_prefix="Trace",
        federation_field_prefix="trace",
    )
    colliding = (FOLDER / "colliding.graphql").read_text("utf-8")
    other = Starlette(
        routes=[Route("/", lambda _: JSONResponse({"data": {"_service": {"sdl": colliding}}}), methods=["POST"])]
    )
    with serving(create_app(settings), lifespan="on") as address, serving(other) as other_address:
        printed = composed(composer, traces=f"http://{address}/graphql", phones=f"http://{other_address}/")
    assert "type TraceCall " in printed
    assert "type Call " in printed
    assert "traceProject(" in printed
