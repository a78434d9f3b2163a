"""What Prometheus reads, and errors of routing."""

import httpx
from prometheus_client.parser import text_string_to_metric_families


async def samples(client: httpx.AsyncClient, name: str) -> dict[tuple[str, ...], float]:
    response = await client.get("/metrics")
    assert response.status_code == 200
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
        if sample.name == name
    }


async def test_requests_are_counted_by_route_and_status(client: httpx.AsyncClient) -> None:
    await client.post("/call/read", json={"project_id": "team/app", "id": "a"})
    await client.post("/call/read", json={"project_id": "team/app", "id": "b"})
    await client.post("/call/read", json={})
    await client.get("/nowhere/at/all")
    counted = await samples(client, "tracegraph_requests_total")
    assert counted["POST", "/call/read", "200"] == 2
    assert counted["POST", "/call/read", "422"] == 1
    assert counted["GET", "other", "404"] == 1
    assert (await samples(client, "tracegraph_request_seconds_count"))["POST", "/call/read"] == 3


async def test_an_unknown_path_and_a_wrong_method_answer_json(client: httpx.AsyncClient) -> None:
    missing = await client.post("/no/such/endpoint", json={})
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})
    wrong = await client.get("/call/start")
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})
    assert wrong.headers["allow"] == "POST"
