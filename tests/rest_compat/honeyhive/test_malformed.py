"""Requests that are not what an endpoint takes: each is refused in HoneyHive's shape, and writes nothing."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from db.engines import engine_for, parse_url
from resolvers.errors import NotFoundError
from rest_compat.honeyhive.endpoints import ENDPOINTS
from rest_compat.openapi import openapi
from rest_compat.registry import Endpoint, Request
from tests.conftest import running_app
from tests.rest_compat.served import Served

pytestmark = pytest.mark.anyio

LIMIT = 64 * 1024
MODELS = openapi(ENDPOINTS, "0")["components"]["schemas"]
WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.model is not None]
WITH_QUERY = [endpoint for endpoint in ENDPOINTS if endpoint.parameters is not None]
WITH_PATH = [endpoint for endpoint in ENDPOINTS if "{" in endpoint.path]

SESSION, EVENT = "01941f29-7c00-4000-8000-000000000010", "01941f29-7c00-4000-8000-000000000020"
RUN, OLD_RUN = "01941f29-7c00-4000-8000-000000000030", "01941f29-7c00-4000-8000-000000000031"
NOWHERE = "01941f29-7c00-4000-8000-0000000000ff"
MODEL = {"call_type": "chat", "model": "gpt-4o"}

Path = tuple[str | int, ...]

WRONG: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e308, 10**400, 2**31, 2**63, "", "x", "\0", "\ud800", "1" * 5000, "2026-13-45"),
    *(
        "0000-01-01T00:00:00Z",
        "99999-01-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        '{"',
        "[" * 2000,
    ),
    *({}, {"a": None}, {"a": {"b": ["c"]}}, {"__proto__": 1, "": 2, "\0": 3}, {"$gte": 1e308}, {"relative": "\u0663d"}),
    *([], [[]], [None], [1], [{}], [""], ["x"], ["\0"], ["\ud800"], [{"field": "x"}], ["x" * 1000] * 3),
    {"filterArray": [{"field": "a..b", "operator": "is", "value": 1, "type": "string"}]},
    [{"field": "metadata.a", "operator": "greater than", "value": "abc", "type": "number"}],
]
"""Values in place of any field."""

WRITTEN = [
    *(
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-0",
        b"[NaN]",
        b'{"a":NaN}',
        b'"\\ud800"',
        b'{"\\ud800":"\\u0000"}',
        b"1" * 5000,
    ),
    *(b'{"a":1,"a":2}', b'"a\tb"', b"[" * 400 + b"]" * 400),
]
"""JSON, or what clients write for it, that Python's encoder does not make."""

ASKED = [
    *(
        "",
        "x",
        "-1",
        "0",
        "1.5",
        "1e9",
        "9" * 30,
        "9" * 5000,
        "\0",
        "null",
        "[]",
        "{}",
        "[[]]",
        '{"',
        "1_000",
        "\u0663",
    ),
    *(" 1 ", "{'a': 1}", "{'a'", "{'a': " + "(" * 3000, "[" * 5000 + "]" * 5000, '"\\ud800"', '{"$gte": "\\ud800"}'),
    *('{"$gte": NaN}', '{"$gte": "0000-01-01"}', '{"$lte": "99999-01-01"}', '{"$gte": -1e308, "$lte": 1e308}'),
    *('{"$gte": null}', '{"$gte": "0001-01-01T00:00:00+14:00"}', '{"$lte": "9999-12-31T23:59:59.999999-14:00"}'),
    *('{"relative": "99999w"}', '{"relative": "1y"}', '{"relative": 1}', "'; DROP TABLE calls; --", "a" * 10_000),
    *(
        json.dumps([{"field": field, "operator": "is", "value": value}])
        for field, value in (("metadata.a", "1"), ("a..b", 1), ("metadata.\ud800", "\ud800"), ("metadata.a\0", "\0"))
    ),
    json.dumps([{"field": "metadata.a", "operator": "exists", "value": None}] * 200),
]
"""Values of any parameter of a query string."""

SHAPES = [
    "{}[]=x",
    "{}[0]=x",
    "{}[a]=x",
    "{}[$gte]=1&{}[$lte]=y",
    "{}=a&{}=b",
    "{}[]=",
    "{}[$gte]=1&{}=2",
    "{}[[]]=1",
    "{}[=1",
]
"""Ways to write a parameter."""

IDS = [
    "x",
    "0",
    "-1",
    "a" * 10_000,
    "1" * 5000,
    "%00",
    "%FF",
    "%ED%A0%80",
    "%F0%9F%98%80",
    "%20",
    "'%22;--",
    "__proto__",
    NOWHERE,
]
"""Parts of a path."""


@pytest.fixture(scope="module")
async def served(module_database_url: str) -> AsyncIterator[Served]:
    """One application for all endpoints, on each kind of database."""
    settings = {"honeyhive_project": "team/malformed", "max_body_bytes": LIMIT}
    async with running_app(module_database_url, **settings) as client:
        engine = engine_for(parse_url(module_database_url), pool_size=1)
        yield Served(client, engine)
        engine.dispose()


@pytest.fixture(scope="module")
async def ids(served: Served) -> dict[str, str]:
    """Something of each kind, by what paths and bodies call its id."""

    async def made(path: str, body: Any) -> Any:
        response = await served.client.post(path, json=body)
        assert response.status_code in {200, 201}, response.text
        return response.json()

    event = {"event_type": "model", "inputs": {"a": 1}, "outputs": {"b": "2"}, "metadata": {"a": 1, "n": {"x": [1]}}}
    await made("/v1/sessions", {"session_id": SESSION, "metadata": {"run_id": RUN}})
    await made("/v1/events", {**event, "session_id": SESSION, "event_id": EVENT, "metrics": {"accuracy": 0.5}})
    for run in (RUN, OLD_RUN):
        await made("/v1/runs", {"run_id": run})
    dataset = (await made("/v1/datasets", {}))["result"]["insertedId"]
    configuration = {"name": "c", "provider": "openai", "parameters": MODEL}
    return {
        "session_id": SESSION,
        "event_id": EVENT,
        "run_id": RUN,
        "new_run_id": RUN,
        "old_run_id": OLD_RUN,
        "run_id_1": RUN,
        "run_id_2": OLD_RUN,
        "dataset_id": dataset,
        "datapoint_id": (await made("/v1/datapoints", {"linked_datasets": [dataset]}))["result"]["insertedIds"][0],
        "metric_id": (await made("/v1/metrics", {"name": "kept", "type": "PYTHON", "criteria": "1"}))["metric_id"],
        "version_name": "v1",
        "queue_id": (await made("/v1/queues", {"name": "q"}))["queue"]["id"],
        "configId": (await made("/v1/configurations", configuration))["insertedId"],
    }


def named(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def each_of(endpoints: list[Endpoint]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("endpoint", endpoints, ids=named)


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of a union but for null, references followed."""
    while "$ref" in schema:
        schema = MODELS[schema["$ref"].rpartition("/")[2]]
    found = [one for member in schema["anyOf"] for one in alternatives(member)] if "anyOf" in schema else [schema]
    return [one for one in found if one.get("type") != "null"]


def model_of(endpoint: Endpoint) -> dict[str, Any]:
    assert endpoint.model is not None
    schema: dict[str, Any] = MODELS[endpoint.model.__name__]
    return schema


def least(schema: dict[str, Any], name: str = "", *, whole: bool = False) -> Any:
    """A value that fits: the least, or one with all fields."""
    schema = alternatives(schema)[0]
    match schema.get("type"):
        case _ if "enum" in schema:
            return schema["enum"][0]
        case "object":
            fields = schema.get("properties", {})
            chosen = fields if whole else schema.get("required", [])
            return {field: least(fields[field], field, whole=whole) for field in chosen}
        case "array":
            return [least(schema["items"], name, whole=whole)] if whole else []
        case "string":
            return {"criteria": "1", "field": "metadata.a"}.get(name, "x")
        case "integer" | "number":
            return 1
        case "boolean":
            return False
    return {}


def body_of(endpoint: Endpoint, ids: dict[str, str]) -> Any:
    """A body that it takes, and that may be sent again."""
    body = least(model_of(endpoint))
    match endpoint.operation.partition("/")[2]:
        case "call_patch":
            body = {**body, "event_id": EVENT}
        case "calls_record" if "session_id" in endpoint.path:
            body = {"events": []}
        case "metric_create":
            body = {**body, "name": "once"}
        case "metric_update" | "queue_update":
            body = {**body, "id": ids["queue_id" if "queue" in endpoint.path else "metric_id"]}
        case "dataset_update":
            body = {**body, "dataset_id": ids["dataset_id"]}
        case "dataset_add_datapoints":
            body = {"data": [], "mapping": {"inputs": ["a"]}}
        case "datapoints_create_from_calls":
            body = {"events": [EVENT]}
        case "configuration_create" | "configuration_update":
            body = {**body, "parameters": MODEL}
    allowed = model_of(endpoint)
    if allowed.get("additionalProperties") is False:
        body = {field: value for field, value in body.items() if field in allowed["properties"]}
    return body


def places_of(schema: dict[str, Any], above: Path = ()) -> Iterator[Path]:
    """Where a body can have fields and items."""
    for one in alternatives(schema):
        inside: dict[str | int, dict[str, Any]] = one.get("properties", {})
        for part, inner in ({0: one["items"]} if one.get("type") == "array" else inside).items():
            yield (*above, part)
            yield from places_of(inner, (*above, part))


def with_value(body: Any, whole: Any, place: Path, value: Any) -> Any:
    """The body with a value at a place; what it has not on the way there is that of ``whole``."""
    part, *rest = place
    inner = whole.get(part, {}) if isinstance(whole, dict) else (whole or [{}])[0]
    if rest:
        below = body[part] if isinstance(body, dict) and body.get(part) else inner
        value = with_value(below, inner, tuple(rest), value)
    return [value] if isinstance(part, int) else {**body, part: value}


async def answered(
    served: Served, endpoint: Endpoint, ids: dict[str, str], *, path: str | None = None, query: str = "", **sent: Any
) -> httpx.Response:
    """The answer, which is no fault of ours; if it is a refusal, it has HoneyHive's shape, and nothing was written."""
    before = served.rows()
    url = (endpoint.path.format(**ids) if path is None else path) + query
    response = await served.client.request(endpoint.method, url, **sent)
    told = json.dumps([named(endpoint), str(sent)[:500], url[:500], response.text[:500]])
    assert response.status_code < 500 or response.status_code == 501, told  # 501: no provider for metrics is set up
    if response.status_code >= 400:
        answer = response.json()
        assert answer.keys() == {"message", "errorCode"}, told
        assert len(answer["message"]) <= 3000, told
        assert served.rows() == before, told
    return response


async def refused(served: Served, endpoint: Endpoint, ids: dict[str, str], **sent: Any) -> str:
    """The message of the 400 that it is answered with."""
    response = await answered(served, endpoint, ids, **sent)
    assert response.status_code == 400, (named(endpoint), response.status_code, response.text[:500])
    message: str = response.json()["message"]
    return message


@each_of(WITH_BODY)
async def test_what_is_no_json_object(served: Served, ids: dict[str, str], endpoint: Endpoint) -> None:
    for content, why in (
        (b"", "body: Field required"),
        (b'{"a": ', "JSON decode error"),
        (b'{"a": "\xff"}', "JSON decode error"),
        (b"[" * 10_000 + b"]" * 10_000, "JSON decode error"),
        (b'{"a": ' * 5_000 + b"1" + b"}" * 5_000, "JSON decode error"),
        (b'{"a": 1} {}', "JSON decode error"),
        (b"[]", "body: "),
        (b"null", "body: "),
        (b"7", "body: "),
        (b'"text"', "body: "),
    ):
        assert why in await refused(served, endpoint, ids, content=content)


@each_of(WITH_BODY)
async def test_a_body_that_is_one(served: Served, ids: dict[str, str], endpoint: Endpoint) -> None:
    """What the other tests change is taken, or refused for what it means."""
    response = await answered(served, endpoint, ids, content=json.dumps(body_of(endpoint, ids)))
    assert response.status_code in {endpoint.status, 501}, response.text


@each_of(WITH_BODY)
async def test_each_required_field_missing(served: Served, ids: dict[str, str], endpoint: Endpoint) -> None:
    body = body_of(endpoint, ids)
    for name in model_of(endpoint).get("required", []):
        less = {key: value for key, value in body.items() if key != name}
        assert f"{name}: Field required" in await refused(served, endpoint, ids, content=json.dumps(less))


@each_of(WITH_BODY)
async def test_each_field_of_a_wrong_type(served: Served, ids: dict[str, str], endpoint: Endpoint) -> None:
    for name, schema in model_of(endpoint)["properties"].items():
        types = {one.get("type", "any") for one in alternatives(schema)}
        if "any" in types:
            continue
        wrong: Any = 7 if "array" in types else [[]]
        content = json.dumps({**body_of(endpoint, ids), name: wrong})
        assert name in await refused(served, endpoint, ids, content=content)


@each_of(WITH_BODY)
async def test_an_unknown_field(served: Served, ids: dict[str, str], endpoint: Endpoint) -> None:
    content = json.dumps({**body_of(endpoint, ids), "unheard_of": 1})
    if model_of(endpoint).get("additionalProperties") is False:
        assert "unheard_of: Extra inputs are not permitted" in await refused(served, endpoint, ids, content=content)
    else:
        response = await answered(served, endpoint, ids, content=content)
        assert response.status_code in {endpoint.status, 400, 501}, response.text
        assert "unheard_of" not in response.text


@each_of(WITH_BODY)
async def test_a_body_past_the_limit(served: Served, ids: dict[str, str], endpoint: Endpoint) -> None:
    content = json.dumps(body_of(endpoint, ids)).encode()
    response = await answered(served, endpoint, ids, content=content + b" " * (LIMIT + 1 - len(content)))
    answer = {"message": f"Request too large: at most {LIMIT} bytes", "errorCode": "TOO_LARGE"}
    assert (response.status_code, response.json()) == (413, answer)


@pytest.mark.parametrize("step", [25, pytest.param(1, marks=pytest.mark.big)])
@each_of(WITH_BODY)
async def test_any_value_in_any_place(served: Served, ids: dict[str, str], endpoint: Endpoint, step: int) -> None:
    """Each place has every 25th value, the next place the next ones; or all of them."""
    schema, body = model_of(endpoint), body_of(endpoint, ids)
    whole = least(schema, whole=True)
    written = [json.dumps(value).encode() for value in WRONG] + WRITTEN
    for number, place in enumerate(dict.fromkeys(places_of(schema))):
        around = json.dumps(with_value(body, whole, place, "HERE")).encode()
        for value in written[number % step :: step]:
            await answered(served, endpoint, ids, content=around.replace(b'"HERE"', value))


def parameters_of(endpoint: Endpoint) -> dict[str, Any]:
    assert endpoint.parameters is not None
    return endpoint.parameters.model_json_schema()


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.big)])
@each_of(WITH_QUERY)
async def test_any_value_in_a_query(served: Served, ids: dict[str, str], endpoint: Endpoint, step: int) -> None:
    """Each parameter has every 5th value, the next one the next ones; or all of them."""
    schema = parameters_of(endpoint)
    needed = {name: NOWHERE if endpoint.method == "DELETE" else ids[name] for name in schema.get("required", [])}
    for number, name in enumerate(schema["properties"]):
        others = urlencode({key: value for key, value in needed.items() if key != name})
        for value in ASKED[number % step :: step]:
            await answered(served, endpoint, ids, query=f"?{others}&{name}={quote(value, errors='surrogatepass')}")
        for shape in SHAPES:
            await answered(served, endpoint, ids, query=f"?{others}&{shape.replace('{}', name)}")
    for name in needed:
        others = urlencode({key: value for key, value in needed.items() if key != name})
        assert f"query.{name}: Field required" in await refused(served, endpoint, ids, query=f"?{others}")


@each_of(WITH_PATH)
async def test_any_id_in_a_path(served: Served, ids: dict[str, str], endpoint: Endpoint) -> None:
    sent = {} if endpoint.model is None else {"json": body_of(endpoint, ids)}
    for name in re.findall(r"\{(\w+)\}", endpoint.path):
        for value in IDS:
            await answered(served, endpoint, ids, path=endpoint.path.format(**{**ids, name: value}), **sent)


GONE: dict[str, dict[str, Any]] = {
    "queue_create": {"annotationQueueCreate": {"queue": None}},
    "queue_update": {"annotationQueueUpdate": {"queue": None}},
    "dataset_update": {"datasetUpdate": {"dataset": None}},
    "run_create": {"experimentCreate": {"experiment": None, "experimentId": RUN}},
    "run_update": {"experimentUpdate": {"experiment": None, "unrecordedIds": []}},
}


@pytest.mark.parametrize("operation", GONE)
def test_what_was_written_and_deleted_before_it_was_read_is_not_found(operation: str) -> None:
    found = [endpoint for endpoint in ENDPOINTS if endpoint.operation == f"honeyhive/{operation}"]
    assert found
    for endpoint in found:
        with pytest.raises(NotFoundError, match="not found: it was deleted meanwhile"):
            endpoint.respond(GONE[operation], Request(None, {}, None, "team/malformed"))
