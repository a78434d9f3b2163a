"""Real instrumentations, the real SDK and its exporter, against the running server."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from tests.fake_provider import completion, running_provider
from tests.processes import SECONDS, ServerProcess, started
from tests.programs import on_postgresql_first, on_sqlite_first

PROGRAM = Path(__file__).with_name("program.py")

DOCUMENT = """query($project: String!) { project(slug: $project) { calls(first: 10) { nodes {
    callId opName kind status exception sessionId threadId wbUserId inputs output
    usage { model inputTokens outputTokens totalTokens }
    parent { opName callId } trace { traceId }
} } } }"""


def run(what: str, server: ServerProcess, project: str, provider: str = "", *, url: str | None = None) -> None:
    command = [sys.executable, str(PROGRAM), what, url or f"{server.url}/otel/v1/traces", project, provider]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    # The exporter says on standard error what it could not deliver.
    assert (ended.returncode, ended.stderr) == (0, "")


def calls(server: ServerProcess, project: str) -> list[Any]:
    answer = server.post("/graphql", {"query": DOCUMENT, "variables": {"project": project}})
    assert "errors" not in answer, answer
    return list(answer["data"]["project"]["calls"]["nodes"])


@on_postgresql_first
def test_instrumentations(database_url: str) -> None:
    with started(database_url) as server, running_provider() as provider:
        provider.answer = lambda body: completion(body["model"], "Paris.")
        run("openinference", server, "team/openinference", provider.url)
        run("gen_ai", server, "team/genai", provider.url)
        run("openllmetry", server, "team/openllmetry", provider.url)

        app, model_call = calls(server, "team/openinference")
        assert (app["opName"], app["kind"], app["parent"]) == ("app", None, None)
        assert model_call["parent"] == {"opName": "app", "callId": app["callId"]}
        assert (model_call["opName"], model_call["kind"], model_call["status"]) == ("ChatCompletion", "LLM", "SUCCESS")
        assert (model_call["sessionId"], model_call["wbUserId"]) == ("session-1", "ada")
        assert model_call["usage"] == {"model": "gpt-4o", "inputTokens": 7, "outputTokens": 5, "totalTokens": 12}
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of France?"}]
        assert model_call["inputs"] == {"input.value": {"model": "gpt-4o", "messages": messages, "temperature": 0.5}}
        choices = model_call["output"]["output.value"]["choices"]
        assert [choice["message"]["content"] for choice in choices] == ["Paris."]

        agent, model_call = calls(server, "team/genai")
        assert (agent["opName"], agent["kind"], agent["sessionId"]) == ("agent", "AGENT", "conversation-1")
        assert agent["threadId"] == "conversation-1"
        assert model_call["parent"] == {"opName": "agent", "callId": agent["callId"]}
        assert (model_call["opName"], model_call["kind"]) == ("chat gpt-4o", "LLM")
        assert model_call["usage"] == {"model": "gpt-4o", "inputTokens": 7, "outputTokens": 5, "totalTokens": 12}
        assert model_call["inputs"] == {
            "gen_ai.input.messages": [
                {"role": message["role"], "parts": [{"content": message["content"], "type": "text"}]}
                for message in messages
            ]
        }
        assert model_call["output"] == {
            "gen_ai.output.messages": [
                {"role": "assistant", "parts": [{"content": "Paris.", "type": "text"}], "finish_reason": "stop"}
            ]
        }

        workflow, model_call = calls(server, "team/openllmetry")
        assert (workflow["opName"], workflow["kind"], workflow["sessionId"]) == ("capitals.workflow", "CHAIN", "chat-1")
        assert workflow["wbUserId"] == "ada"
        assert workflow["inputs"] == {"traceloop.entity.input": {"args": [], "kwargs": {"country": "France"}}}
        assert workflow["output"] == {"traceloop.entity.output": "Paris."}
        assert model_call["parent"] == {"opName": "capitals.workflow", "callId": workflow["callId"]}
        assert (model_call["opName"], model_call["kind"]) == ("openai.chat", "LLM")
        assert model_call["usage"] == {"model": "gpt-4o", "inputTokens": 7, "outputTokens": 5, "totalTokens": 12}
        asked = model_call["inputs"]["gen_ai.input.messages"]
        assert [message["parts"][0]["content"] for message in asked] == ["Be brief.", "Capital of France?"]
        (answered,) = model_call["output"]["gen_ai.output.messages"]
        assert answered["parts"] == [{"content": "Paris.", "type": "text"}]


@on_sqlite_first
def test_grpc(database_url: str) -> None:
    port = free_port()
    with started(database_url, flags=["--otlp-grpc-port", str(port)]) as server:
        run("linked", server, "team/linked", url=f"127.0.0.1:{port}")
        document = '{ project(slug: "team/linked") { calls { nodes { opName traceId callId value: attributes } } } }'
        request, batch = server.post("/graphql", {"query": document})["data"]["project"]["calls"]["nodes"]
        assert (request["opName"], batch["opName"]) == ("request", "batch")
        (link,) = batch["value"]["otel_span"]["links"]
        assert (link["trace_id"], link["span_id"]) == (request["traceId"], request["callId"])
        assert link["attributes"] == {"why": "follows"}
        assert server.stop() == 0


def test_a_port_that_is_taken_does_not_keep_the_server_from_starting(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(sqlite_url, flags=["--otlp-grpc-port", port]) as server:
            assert httpx.get(f"{server.url}/health").status_code == 200


def test_refusals_over_grpc(sqlite_url: str) -> None:
    port = free_port()
    with (
        started(sqlite_url, flags=["--otlp-grpc-port", str(port)]) as server,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        export: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        )
        for content, headers, message in (
            (b"\xff", (("project_id", "team/app"),), "Malformed content: "),
            (b"", (("project_id", "team"),), "Invalid project id 'team': expected 'entity/project'"),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                export(content, metadata=headers)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert str(refused.value.details()).startswith(message)
        assert export(b"", metadata=(("project_id", "team/app"),)) == b""
        assert server.stop() == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.big
def test_a_seeded_program_run_twice_makes_two_trees(database_url: str) -> None:
    with started(database_url) as server:
        for _ in range(2):
            run("seeded", server, "team/seeded")
        found = calls(server, "team/seeded")
        assert [call["opName"] for call in found] == ["outer", "inner", "outer", "inner"]
        assert len({call["callId"] for call in found}) == 4
        assert len({call["trace"]["traceId"] for call in found}) == 1
        assert [call["parent"] and call["parent"]["callId"] for call in found] == [
            None,
            found[0]["callId"],
            None,
            found[2]["callId"],
        ]
        assert [call["exception"] for call in found] == [None, "ValueError: boom", None, "ValueError: boom"]
