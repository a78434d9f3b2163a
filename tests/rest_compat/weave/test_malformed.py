"""Bodies that are not what an endpoint takes: each has its documented status and shape, and writes nothing."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from db.engines import engine_for, parse_url
from rest_compat.openapi import openapi
from rest_compat.registry import Endpoint, document_of
from rest_compat.weave.endpoints import ENDPOINTS
from tests.conftest import running_app
from tests.contract.documents import alternatives
from tests.contract.weave_story import PROJECT, WEAVE_STORY
from tests.rest_compat.served import Served

pytestmark = pytest.mark.anyio

LIMIT = 4096
MODELS = openapi(ENDPOINTS, "0")["components"]["schemas"]
WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.model is not None and not endpoint.form]
FORMS = [endpoint for endpoint in ENDPOINTS if endpoint.form]


@pytest.fixture(scope="module")
async def served(module_database_url: str) -> AsyncIterator[Served]:
    """One application for all endpoints, on each kind of database."""
    async with running_app(module_database_url, max_body_bytes=LIMIT, max_upload_bytes=LIMIT) as client:
        engine = engine_for(parse_url(module_database_url), pool_size=1)
        yield Served(client, engine)
        engine.dispose()


def named(endpoint: Endpoint) -> str:
    return endpoint.path


every_endpoint = pytest.mark.parametrize("endpoint", WITH_BODY, ids=named)
every_form = pytest.mark.parametrize("endpoint", FORMS, ids=named)


def path_of(endpoint: Endpoint) -> str:
    entity, project = PROJECT.split("/")
    return endpoint.path.format(entity=entity, project=project)


def body_of(endpoint: Endpoint) -> dict[str, Any]:
    """A body that it takes."""
    body = WEAVE_STORY.example_of(endpoint).body
    assert isinstance(body, dict)
    return body


def model_of(endpoint: Endpoint) -> dict[str, Any]:
    assert endpoint.model is not None
    schema: dict[str, Any] = MODELS[endpoint.model.__name__]
    return schema


async def refused(served: Served, endpoint: Endpoint, content: Any) -> list[dict[str, Any]]:
    """The errors of the 422 that the content is answered with; nothing may have been written."""
    before = served.rows()
    response = await served.client.post(path_of(endpoint), content=content)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert list(answer) == ["detail"]
    for error in answer["detail"]:
        assert error.keys() >= {"loc", "msg", "type"}
    assert served.rows() == before
    found: list[dict[str, Any]] = answer["detail"]
    return found


@every_endpoint
async def test_no_body(served: Served, endpoint: Endpoint) -> None:
    assert await refused(served, endpoint, b"") == [{"type": "missing", "loc": ["body"], "msg": "Field required"}]


@every_endpoint
async def test_what_is_no_json(served: Served, endpoint: Endpoint) -> None:
    for content, position, why in (
        (b'{"project_id": ', 15, "Expecting value"),
        (b'{"project_id": "\xff"}', 16, "not UTF-8 at byte 16"),
        (b"[" * 1000 + b"]" * 1000, 0, "nested 1000 levels deep, at most 512 are taken"),
        (b'{"a": 1} {}', 9, "Extra data"),
    ):
        expected = {
            "type": "json_invalid",
            "loc": ["body", position],
            "msg": "JSON decode error",
            "ctx": {"error": why},
        }
        assert await refused(served, endpoint, content) == [expected]


@every_endpoint
async def test_json_that_is_no_object(served: Served, endpoint: Endpoint) -> None:
    for content in (b"[]", b"null", b"7", b'"text"'):
        (error,) = await refused(served, endpoint, content)
        assert error["loc"] == ["body"]


@every_endpoint
async def test_each_required_field_missing(served: Served, endpoint: Endpoint) -> None:
    body = body_of(endpoint)
    for name in model_of(endpoint)["required"]:
        less = {key: value for key, value in body.items() if key != name}
        expected = {"type": "missing", "loc": ["body", name], "msg": "Field required"}
        assert await refused(served, endpoint, json.dumps(less)) == [expected]


@every_endpoint
async def test_each_field_of_a_wrong_type(served: Served, endpoint: Endpoint) -> None:
    for name, schema in model_of(endpoint)["properties"].items():
        types = {one.get("type") for one in alternatives(schema, MODELS)}
        wrong = "text" if "array" in types else [[]]
        errors = await refused(served, endpoint, json.dumps({**body_of(endpoint), name: wrong}))
        assert {tuple(error["loc"][:2]) for error in errors} == {("body", name)}


@every_endpoint
async def test_an_unknown_field_where_the_contract_is_strict(served: Served, endpoint: Endpoint) -> None:
    if model_of(endpoint).get("additionalProperties") is not False:
        return  # what it does not know is passed over, as documented
    errors = await refused(served, endpoint, json.dumps({**body_of(endpoint), "unheard_of": 1}))
    expected = {
        "type": "extra_forbidden",
        "loc": ["body", "unheard_of"],
        "msg": "Extra inputs are not permitted",
        "input": 1,
    }
    assert errors == [expected]


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not said beforehand."""
    for start in range(0, len(content), 1000):
        yield content[start : start + 1000]


@every_endpoint
async def test_a_body_past_the_limit(served: Served, endpoint: Endpoint) -> None:
    content = json.dumps(body_of(endpoint)).encode()
    padded = content + b" " * (LIMIT + 1 - len(content))
    before = served.rows()
    for sent in (padded, in_pieces(padded)):
        response = await served.client.post(path_of(endpoint), content=sent)
        assert (response.status_code, response.json()) == (413, {"reason": f"Request too large: at most {LIMIT} bytes"})
    assert served.rows() == before


def is_write(endpoint: Endpoint) -> bool:
    document = document_of(endpoint.operation)
    return not document.startswith("query")


@every_endpoint
async def test_a_project_that_cannot_be(served: Served, endpoint: Endpoint) -> None:
    """Nothing can be written to it, and a read says so too or finds as little in it as in one that is not there."""

    async def answer(project: str) -> tuple[int, str]:
        body = json.loads(json.dumps(body_of(endpoint)).replace(PROJECT, project))
        response = await served.client.post(path_of(endpoint), json=body)
        return response.status_code, response.text.replace(project, "PROJECT")

    before = served.rows()
    status, text = await answer("nowhere")
    if status == 400:
        assert list(json.loads(text)) == ["reason"]
        assert "PROJECT" in text
    else:
        assert not is_write(endpoint)
        assert (status, text) == await answer("no/where")
    assert served.rows() == before


@every_form
async def test_forms_that_are_none(served: Served, endpoint: Endpoint) -> None:
    before = served.rows()
    file = {"file": ("a.txt", b"hello")}
    for sent, errors in (
        (
            {"json": {"project_id": PROJECT}},
            [
                {
                    "type": "form_invalid",
                    "loc": ["body"],
                    "msg": "Expected multipart/form-data, not 'application/json'",
                }
            ],
        ),
        ({"files": file}, [{"type": "missing", "loc": ["body", "project_id"], "msg": "Field required"}]),
        (
            {"data": {"project_id": PROJECT}, "files": {"other": ("a.txt", b"hello")}},
            [{"type": "missing", "loc": ["body", "file"], "msg": "Field required"}],
        ),
    ):
        response = await served.client.post(path_of(endpoint), **sent)
        assert (response.status_code, response.json()) == (422, {"detail": errors})
    response = await served.client.post(path_of(endpoint), data={"project_id": "nowhere"}, files=file)
    assert (response.status_code, list(response.json())) == (400, ["reason"])
    assert served.rows() == before


@every_form
async def test_a_form_past_the_limit(served: Served, endpoint: Endpoint) -> None:
    before = served.rows()
    data, files = {"project_id": PROJECT}, {"file": ("a.txt", b"x" * LIMIT)}
    form = httpx.Request("POST", "http://tracegraph", data=data, files=files)
    for content in (form.read(), in_pieces(form.read())):
        response = await served.client.post(
            path_of(endpoint), content=content, headers={"content-type": form.headers["content-type"]}
        )
        assert (response.status_code, response.json()) == (413, {"reason": f"Request too large: at most {LIMIT} bytes"})
    assert served.rows() == before


async def test_another_method_or_path(served: Served) -> None:
    for method, path, status in (("GET", "/call/start", 405), ("POST", "/health", 405), ("POST", "/call/nothing", 404)):
        response = await served.client.request(method, path)
        assert response.status_code == status
        assert list(response.json()) == ["detail"]
