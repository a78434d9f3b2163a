import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.graphql.trusted import ManifestError, TrustedDocuments, load
from server.serve import StartError, serve
from server.setting_checks import SettingsError
from server.settings import Settings
from server.settings import load as load_settings
from tests.server.serving import serving, websocket
from tests.server.test_graphql_http import client_of
from tests.server.toy import WORLD, toy_app

JSON, GRAPHQL, EVENTS = "application/json", "application/graphql-response+json", "text/event-stream"
ECHO = "query Echo($text: String!) { echo(text: $text) }"
WRITE = "mutation { write(number: 5) }"
COUNT = "subscription { count(to: 1) }"
UNKNOWN = "f" * 64


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


DOCUMENTS = {sha(text): text for text in (ECHO, WRITE, COUNT)}


def app_with(*, required: bool = False) -> Any:
    return toy_app(trusted=TrustedDocuments(DOCUMENTS, required))


def named(text: str) -> dict[str, Any]:
    return {"documentId": f"sha256:{sha(text)}"}


def as_apollo(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha(text)}}}


def only_error(response: httpx.Response) -> tuple[str, str]:
    assert list(response.json()) == ["errors"]
    [error] = response.json()["errors"]
    return error["message"], error["extensions"]["code"]


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("form", [named, as_apollo])
async def test_a_document_runs_by_its_digest(form: Any, required: bool) -> None:
    async with client_of(app_with(required=required)) as client:
        posted = await client.post("/graphql", json={**form(ECHO), "variables": {"text": "ä"}})
        assert posted.json()["data"] == {"echo": "ä"}
        parameters = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in form(ECHO).items()
        }
        got = await client.get("/graphql", params={**parameters, "variables": '{"text": "b"}'})
        assert got.json()["data"] == {"echo": "b"}
        events = await client.post("/graphql", json=form(COUNT), headers={"accept": EVENTS})
        assert events.text.startswith('event: next\ndata: {"data":{"count":0}')
        both = await client.post("/graphql", json={**form(ECHO), "query": ECHO, "variables": {"text": "c"}})
        assert both.json()["data"] == {"echo": "c"}
        batch = await client.post("/graphql", json=[{**form(ECHO), "variables": {"text": "d"}}, form(WRITE)])
        assert [answer["data"] for answer in batch.json()] == [{"echo": "d"}, {"write": 5}]
        mutated = await client.get("/graphql", params={"documentId": f"sha256:{sha(WRITE)}"})
        assert mutated.status_code == 405


@pytest.mark.parametrize("required", [False, True])
async def test_an_unknown_digest_has_the_code_that_clients_expect(required: bool) -> None:
    expected = ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    apollo = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": UNKNOWN}}}
    async with client_of(app_with(required=required)) as client:
        for body in ({"documentId": f"sha256:{UNKNOWN}"}, apollo):
            old = await client.post("/graphql", json=body)
            new = await client.post("/graphql", json=body, headers={"accept": GRAPHQL})
            assert (old.status_code, only_error(old)) == (200, expected)
            assert (new.status_code, only_error(new)) == (400, expected)
        got = await client.get("/graphql", params={"documentId": f"sha256:{UNKNOWN}"})
        assert only_error(got) == expected
        events = await client.post("/graphql", json=apollo, headers={"accept": EVENTS})
        assert "PERSISTED_QUERY_NOT_FOUND" in events.text
        assert events.text.endswith("event: complete\ndata: \n\n")


async def test_without_a_manifest_clients_are_told_to_send_the_text() -> None:
    async with client_of(toy_app()) as client:
        asked = await client.post("/graphql", json=as_apollo("{ hello }"))
        assert only_error(asked) == ("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
        both = await client.post("/graphql", json={**as_apollo("{ hello }"), "query": "{ hello }"})
        assert both.json()["data"] == {"hello": "world"}
        again = await client.post("/graphql", json=as_apollo("{ hello }"))
        assert only_error(again)[1] == "PERSISTED_QUERY_NOT_SUPPORTED"


@pytest.mark.parametrize(
    "query",
    ["{ hello }", "{ __typename }", "{ __schema { types { name } } }", "{", "{ nothing }", f"{ECHO} ", WRITE + "#"],
)
async def test_where_they_are_required_no_other_document_runs(query: str) -> None:
    message = "Only trusted documents may be run here: send the `documentId` of one."
    async with client_of(app_with(required=True)) as client:
        bodies: list[Mapping[str, Any]] = [{"query": query}, {"query": query, **as_apollo(query)}]
        for body in bodies:
            assert only_error(await client.post("/graphql", json=body)) == (message, "TRUSTED_DOCUMENTS_ONLY")
        batch = await client.post("/graphql", json=bodies)
        assert [answer["errors"][0]["extensions"]["code"] for answer in batch.json()] == ["TRUSTED_DOCUMENTS_ONLY"] * 2
    assert WORLD.written == []


async def test_the_text_of_a_trusted_document_runs_too() -> None:
    async with client_of(app_with(required=True)) as client:
        response = await client.post("/graphql", json={"query": ECHO, "variables": {"text": "a"}})
        fallback = await client.post("/graphql", json={"query": "{ other }"})
    assert response.json()["data"] == {"echo": "a"}
    assert fallback.json()["data"] == {"other": "only here"}


async def test_where_they_are_optional_any_document_runs() -> None:
    async with client_of(app_with()) as client:
        assert (await client.post("/graphql", json={"query": "{ hello }"})).json()["data"] == {"hello": "world"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"documentId": UNKNOWN}, '`documentId` must be "sha256:" and 64 hexadecimal digits.'),
        ({"documentId": 1}, '`documentId` must be "sha256:" and 64 hexadecimal digits.'),
        ({"documentId": "sha256:\ud800"}, '`documentId` must be "sha256:" and 64 hexadecimal digits.'),
        (
            {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": UNKNOWN}}},
            "`extensions.persistedQuery` must have `version` 1 and a `sha256Hash` of 64 digits.",
        ),
        (
            {"extensions": {"persistedQuery": []}},
            "`extensions.persistedQuery` must have `version` 1 and a `sha256Hash` of 64 digits.",
        ),
    ],
)
async def test_a_malformed_digest_is_refused(body: Mapping[str, Any], message: str) -> None:
    async with client_of(app_with()) as client:
        content = json.dumps(body).encode()
        response = await client.post("/graphql", content=content, headers={"content-type": JSON})
    assert (response.status_code, only_error(response)) == (400, (message, "BAD_REQUEST"))


async def test_a_document_that_is_not_the_one_of_its_digest_is_refused() -> None:
    async with client_of(app_with()) as client:
        response = await client.post("/graphql", json={"query": "{ hello }", **named(ECHO)})
    assert only_error(response) == ("The document does not have the SHA-256 that is sent with it.", "BAD_REQUEST")


def test_web_sockets_name_documents_too() -> None:
    with serving(app_with(required=True)) as address, websocket(address, "graphql-transport-ws") as session:
        session.send({"type": "connection_init"})
        assert session.receive() == {"type": "connection_ack"}
        session.send({"type": "subscribe", "id": "1", "payload": named(COUNT)})
        assert session.receive()["payload"]["data"] == {"count": 0}
        assert session.receive() == {"type": "complete", "id": "1"}
        for payload, code in (
            ({"query": "subscription { count(to: 2) }"}, "TRUSTED_DOCUMENTS_ONLY"),
            ({"documentId": f"sha256:{UNKNOWN}"}, "PERSISTED_QUERY_NOT_FOUND"),
        ):
            session.send({"type": "subscribe", "id": "2", "payload": payload})
            answer = session.receive()
            assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", code)
        session.send({"type": "subscribe", "id": "3", "payload": {"documentId": "x"}})
        assert session.closed() == (4400, '`documentId` must be "sha256:" and 64 hexadecimal digits.')


@pytest.mark.parametrize(
    "manifest",
    [
        DOCUMENTS,
        {f"sha256:{digest}": text for digest, text in DOCUMENTS.items()},
        {digest.upper(): text for digest, text in DOCUMENTS.items()},
        {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [
                {"id": digest, "name": "Echo", "type": "query", "body": text} for digest, text in DOCUMENTS.items()
            ],
        },
    ],
)
def test_manifests_of_common_tools_are_read(tmp_path: Path, manifest: object) -> None:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps(manifest), "utf-8")
    assert load(path, required=True) == TrustedDocuments(DOCUMENTS, required=True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "PATH is not JSON: "),
        ("[]", "PATH must be an object of documents by their SHA-256"),
        ("{}", "PATH has no documents"),
        (json.dumps({"abc": ECHO}), "PATH: 'abc' is no SHA-256 (64 hexadecimal digits)"),
        (json.dumps({UNKNOWN: ECHO}), f"PATH: the document of '{UNKNOWN}' has the SHA-256 {sha(ECHO)}"),
        (json.dumps({UNKNOWN: 1}), f"PATH: the document of '{UNKNOWN}' is not a string"),
        (json.dumps({sha("{"): "{"}), f"PATH: the document of '{sha('{')}' is none: Syntax Error"),
        (json.dumps({"operations": [1]}), "PATH: `operations` must be a list of objects"),
        (None, "cannot read PATH: No such file or directory"),
    ],
)
def test_the_server_does_not_start_with_a_manifest_that_cannot_be_used(
    tmp_path: Path, content: str | None, reason: str
) -> None:
    path = tmp_path / "documents.json"
    if content is not None:
        path.write_text(content, "utf-8")
    expected = reason.replace("PATH", repr(str(path)))
    with pytest.raises(ManifestError) as raised:
        load(path)
    assert str(raised.value).startswith(expected)
    with pytest.raises(StartError) as refused:
        serve(Settings(data_dir=tmp_path, port=0, trusted_documents=str(path)))
    assert str(refused.value).startswith(f"trusted_documents: {expected}")


def test_requiring_documents_needs_a_file_of_them() -> None:
    with pytest.raises(SettingsError, match="trusted_documents_mode: 'required' needs the file of trusted_documents"):
        load_settings({"trusted_documents_mode": "required"}, {})
