"""Datasets and datapoints over HoneyHive's API."""

import json
from typing import Any

import httpx
import pytest

from tests.statements import counted

PAYLOADS = {
    "inputs": {"question": "What is 2 + 2?", "n": 1.0, "odd": ["\x00", "\ud800"], "long": 12345678901234567890123},
    "history": [{"role": "user", "content": "Hello"}, {}],
    "ground_truth": {"answer": "4"},
    "metadata": {"source": "test", "nested": {"a": [1, None]}},
}


async def answer(client: httpx.AsyncClient, method: str, path: str, body: Any = None, **query: Any) -> Any:
    # Halves of surrogate pairs go as escapes.
    content = None if body is None else json.dumps(body)
    response = await client.request(method, path, content=content, params=query)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json"), response.text
    return response.json()


async def refused(client: httpx.AsyncClient, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
    response = await client.request(method, path, content=None if body is None else json.dumps(body), params=query)
    said = response.json()
    assert said.keys() == {"message", "errorCode"}, said
    return response.status_code, said["message"]


async def make(client: httpx.AsyncClient, **fields: Any) -> str:
    made = await answer(client, "POST", "/v1/datapoints", fields)
    (datapoint_id,) = made["result"]["insertedIds"]
    assert made == {"inserted": True, "result": {"insertedIds": [datapoint_id]}}
    return str(datapoint_id)


async def make_dataset(client: httpx.AsyncClient, **fields: Any) -> str:
    made = await answer(client, "POST", "/v1/datasets", fields)
    dataset_id = made["result"]["insertedId"]
    assert made == {"inserted": True, "result": {"insertedId": dataset_id}}
    return str(dataset_id)


async def one(client: httpx.AsyncClient, datapoint_id: str) -> Any:
    found = await answer(client, "GET", f"/v1/datapoints/{datapoint_id}")
    (datapoint,) = found["datapoint"]
    assert found == {"datapoint": [datapoint]}
    return datapoint


async def held(client: httpx.AsyncClient, dataset_id: str) -> list[str]:
    (dataset,) = (await answer(client, "GET", "/v1/datasets", dataset_id=dataset_id))["datasets"]
    return list(dataset["datapoints"])


async def test_a_datapoint_comes_back_as_it_was_sent(client: httpx.AsyncClient) -> None:
    datapoint_id = await make(client, **PAYLOADS, linked_event="event-1", unknown="passed over")
    found = await one(client, datapoint_id)
    assert found == {
        "id": datapoint_id,
        **PAYLOADS,
        "linked_event": "event-1",
        "linked_datasets": [],
        "created_at": found["created_at"],
        "updated_at": found["created_at"],
    }
    assert len(found["created_at"]) == len("2026-01-01T00:00:00.000Z")
    empty = await one(client, await make(client))
    assert [empty[name] for name in ("inputs", "history", "ground_truth", "metadata", "linked_event")] == [
        {},
        [],
        None,
        None,
        None,
    ]


async def test_an_update_changes_what_it_names(client: httpx.AsyncClient) -> None:
    datapoint_id = await make(client, **PAYLOADS, linked_event="event-1")
    before = await one(client, datapoint_id)
    path = f"/v1/datapoints/{datapoint_id}"
    said = await answer(client, "PUT", path, {"inputs": {"b": 2}, "metadata": None, "linked_event": None})
    assert said == {"updated": True, "result": {"modifiedCount": 1}}
    after = await one(client, datapoint_id)
    assert after == {
        **before,
        "inputs": {"b": 2},
        "metadata": None,
        "linked_event": None,
        "updated_at": after["updated_at"],
    }
    for same in ({}, {"inputs": {"b": 2}}):
        assert await answer(client, "PUT", path, same) == {"updated": True, "result": {"modifiedCount": 0}}
    assert await one(client, datapoint_id) == after


async def test_linked_datasets_are_where_a_datapoint_is(client: httpx.AsyncClient) -> None:
    first, second, third = [await make_dataset(client, name=name) for name in "abc"]
    other = await make(client, linked_datasets=[first, second])
    datapoint = await make(client, linked_datasets=[second, first, second])
    assert (await one(client, datapoint))["linked_datasets"] == [first, second]
    assert [await held(client, each) for each in (first, second, third)] == [[other, datapoint], [other, datapoint], []]
    said = await answer(client, "PUT", f"/v1/datapoints/{other}", {"linked_datasets": [third, second]})
    assert said["result"] == {"modifiedCount": 1}
    assert [await held(client, each) for each in (first, second, third)] == [[datapoint], [other, datapoint], [other]]
    assert await answer(client, "DELETE", f"/v1/datapoints/{other}") == {"deleted": True}
    assert [await held(client, each) for each in (first, second, third)] == [[datapoint], [datapoint], []]


async def test_a_dataset_keeps_its_order(client: httpx.AsyncClient) -> None:
    ids = [await make(client, inputs={"n": n}) for n in range(5)]
    dataset_id = await make_dataset(client, name="d", description="what for", datapoints=[ids[2], ids[0], ids[2]])
    (found,) = (await answer(client, "GET", "/v1/datasets", name="d"))["datasets"]
    assert found == {
        "id": dataset_id,
        "name": "d",
        "description": "what for",
        "datapoints": [ids[2], ids[0]],
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
    }
    for wanted in ([ids[2], ids[0], ids[4]], [ids[0], ids[4], ids[1], ids[0]], ids, ids[::-1], [], [ids[3]]):
        result = await answer(client, "PUT", f"/v1/datasets/{dataset_id}", {"datapoints": wanted})
        assert result["result"]["datapoints"] == list(dict.fromkeys(wanted))
        assert await held(client, dataset_id) == list(dict.fromkeys(wanted))
    # By the older route, which takes the id in the body; what is not named stays.
    changed = await answer(client, "PUT", "/v1/datasets", {"dataset_id": dataset_id, "name": "é", "x": 1})
    kept = {"id": dataset_id, "name": "é", "description": "what for", "datapoints": [ids[3]]}
    assert changed["result"] == {**changed["result"], **kept}
    listed = (await answer(client, "GET", "/v1/datapoints", dataset_name="é"))["datapoints"]
    assert [each["id"] for each in listed] == [ids[3]]


async def test_taking_out_only_dereferences(client: httpx.AsyncClient) -> None:
    ids = [await make(client) for _ in range(3)]
    dataset_id = await make_dataset(client, datapoints=ids)
    for path in (f"/v1/datasets/{dataset_id}/datapoints/{ids[0]}", f"/v1/datasets/{dataset_id}/{ids[1]}"):
        said = await answer(client, "DELETE", path)
        assert said == {"dereferenced": True, "message": said["message"]}
        assert (await refused(client, "DELETE", path))[0] == 404
    assert await held(client, dataset_id) == [ids[2]]
    assert [(await one(client, each))["linked_datasets"] for each in ids] == [[], [], [dataset_id]]
    assert await answer(client, "DELETE", "/v1/datasets", dataset_id=dataset_id) == {"result": {"id": dataset_id}}
    assert (await one(client, ids[2]))["linked_datasets"] == []
    assert await answer(client, "GET", "/v1/datasets") == {"datasets": []}
    again = await make_dataset(client)
    assert await answer(client, "DELETE", f"/v1/datasets/{again}") == {"result": {"id": again}}


async def test_lists_are_narrowed(client: httpx.AsyncClient) -> None:
    ids = [await make(client, inputs={"n": n}) for n in range(4)]
    await make_dataset(client, name="Untitled Dataset", datapoints=[ids[3], ids[1]])
    await make_dataset(client, datapoints=[ids[0]])

    async def listed(**query: Any) -> list[str]:
        return [each["id"] for each in (await answer(client, "GET", "/v1/datapoints", **query))["datapoints"]]

    assert await listed() == ids
    assert await listed(**{"datapoint_ids[]": [ids[2], "none", ids[0]]}) == [ids[0], ids[2]]
    assert await listed(datapoint_ids=ids[1]) == [ids[1]]
    assert await listed(dataset_name="Untitled Dataset") == [ids[0], ids[3], ids[1]]
    assert await listed(**{"dataset_name": "Untitled Dataset", "datapoint_ids[0]": ids[1]}) == [ids[1]]
    assert await listed(dataset_name="none") == []
    assert (await answer(client, "GET", "/v1/datasets", dataset_id="none"))["datasets"] == []


DATA = [
    {
        "question": "a",
        "context": {"user": "u", "lang": "de"},
        "a.b": 1,
        "turns": [{"role": "user"}, "text", None],
        "answer": "x",
        "metadata": {"kept": True},
        "rest": 1.50,
    },
    {"question": None, "history": {"role": "system"}, "context": 5},
]
MAPPING = {
    "inputs": ["question", "context.user", "a.b", "turns.0.role", "missing"],
    "history": ["turns", "history"],
    "ground_truth": ["answer", "metadata.none"],
}


async def test_objects_become_datapoints_by_a_mapping(client: httpx.AsyncClient) -> None:
    first = await make(client)
    dataset_id = await make_dataset(client, datapoints=[first])
    path = f"/v1/datasets/{dataset_id}/datapoints"
    said = await answer(client, "POST", path, {"data": DATA, "mapping": MAPPING})
    ids = said["datapoint_ids"]
    assert said == {"inserted": True, "datapoint_ids": ids}
    assert await held(client, dataset_id) == [first, *ids]
    one_, two = [await one(client, each) for each in ids]
    assert {name: one_[name] for name in ("inputs", "history", "ground_truth", "metadata")} == {
        "inputs": {"question": "a", "user": "u", "b": 1, "role": "user"},
        "history": [{"role": "user"}, {"turns": "text"}],
        "ground_truth": {"answer": "x"},
        "metadata": {"kept": True, "context": {"lang": "de"}, "rest": 1.5},
    }
    assert {name: two[name] for name in ("inputs", "history", "ground_truth", "metadata")} == {
        "inputs": {"question": None},
        "history": [{"role": "system"}],
        "ground_truth": None,
        "metadata": {"context": 5},
    }
    assert await answer(client, "POST", path, {"data": [], "mapping": {}}) == {"inserted": False, "datapoint_ids": []}


@pytest.mark.parametrize(
    ("mapping", "inputs", "ground_truth"),
    [
        ({"inputs": ["inputs"], "ground_truth": ["ground_truth"]}, {"a": 1}, {"a": 2}),
        ({"inputs": ["inputs.a", "ground_truth.a"]}, {"inputs.a": 1, "ground_truth.a": 2}, None),
        ({"inputs": ["ground_truth"], "ground_truth": ["inputs"]}, {"ground_truth": {"a": 2}}, {"inputs": {"a": 1}}),
        ({"inputs": ["list", "list.1", "list.9"]}, {"list": [1, 2], "1": 2}, None),
    ],
)
async def test_paths_of_a_mapping(client: httpx.AsyncClient, mapping: Any, inputs: Any, ground_truth: Any) -> None:
    dataset_id = await make_dataset(client)
    data = [{"inputs": {"a": 1}, "ground_truth": {"a": 2}, "list": [1, 2]}]
    said = await answer(client, "POST", f"/v1/datasets/{dataset_id}/datapoints", {"data": data, "mapping": mapping})
    found = await one(client, said["datapoint_ids"][0])
    assert (found["inputs"], found["ground_truth"]) == (inputs, ground_truth)


async def fill_events(client: httpx.AsyncClient) -> list[str]:
    """Four events, a second apart."""
    ids = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]
    for n, event_id in enumerate(ids):
        event = {
            "event_id": event_id,
            "event_type": "model" if n % 2 else "tool",
            "event_name": f"event {n}",
            "start_time": 1_767_225_600_000 + 1000 * n,
            "inputs": {"question": f"q{n}", "chat_history": [{"role": "user", "content": "hi"}]},
            "outputs": {"content": f"a{n}"},
            "metadata": {"score": n},
            "feedback": {"ground_truth": "right"} if n == 3 else {},
        }
        assert (await client.post("/v1/events", json=event)).status_code == 200
    return ids


async def batch(client: httpx.AsyncClient, **body: Any) -> list[Any]:
    """The datapoints that were made, as (event, inputs, history, ground truth)."""
    said = await answer(client, "POST", "/v1/datapoints/batch", body)
    ids = said["insertedIds"]
    assert said == {"inserted": bool(ids), "insertedIds": ids}
    found = [await one(client, datapoint_id) for datapoint_id in ids]
    return [(each["linked_event"], each["inputs"], each["history"], each["ground_truth"]) for each in found]


async def test_events_become_datapoints(client: httpx.AsyncClient) -> None:
    ids = await fill_events(client)
    chat = [{"role": "user", "content": "hi"}]
    truths = [{"content": "a0"}, {"content": "a1"}, {"content": "a2"}, {"ground_truth": "right"}]
    default = [(ids[n], {"question": f"q{n}"}, chat, truths[n]) for n in range(4)]
    model = {"field": "event_type", "operator": "is", "value": "model", "type": "string"}
    tools = {"event_type": "tool"}
    dates = {"$gte": "2026-01-01T00:00:01.000Z", "$lte": "2026-01-01T00:00:02Z"}
    events = {"field": "event_type", "operator": "is not", "value": "session"}
    assert await batch(client, events=[ids[2], ids[0]]) == [default[2], default[0]]
    assert await batch(client, checkState={ids[1]: True, ids[0]: False, "gone": False}) == [default[1]]
    assert await batch(client, filters=[model]) == [default[1], default[3]]
    assert await batch(client, filters=model, checkState={ids[3]: False}) == [default[1]]
    assert await batch(client, filters=tools) == [default[0], default[2]]
    assert await batch(client, filters=[events], dateRange=dates) == [default[1], default[2]]
    assert await batch(client, filters=[tools], dateRange=dates) == [default[2]]
    assert await batch(client, filters=tools, events=ids) == [default[0], default[2]]
    assert await batch(client, selectAll=True, filters=[events], events=ids[:1]) == default
    assert await batch(client, selectAll=True, filters=events, checkState={ids[0]: True, ids[2]: False}) == [
        default[0],
        default[1],
        default[3],
    ]
    assert await batch(client, filters=[{"field": "event_name", "operator": "is", "value": "none"}]) == []
    mapping = {"inputs": ["metadata.score", "event_name"], "ground_truth": ["content"], "history": ["outputs"]}
    dataset_id = await make_dataset(client)
    assert await batch(client, events=[ids[1]], mapping=mapping, dataset_id=dataset_id) == [
        (ids[1], {"score": 1, "event_name": "event 1"}, [{"content": "a1"}], {"content": "a1"})
    ]
    (datapoint_id,) = await held(client, dataset_id)
    assert (await one(client, datapoint_id))["linked_datasets"] == [dataset_id]


REFUSED: dict[str, tuple[str, str, Any, dict[str, Any], int, str]] = {
    "a batch of nothing": ("POST", "/v1/datapoints/batch", {"events": []}, {}, 400, "Name calls by their ids"),
    "a batch of no events": ("POST", "/v1/datapoints/batch", {"events": ["no"]}, {}, 404, "Call 'no' not found"),
    "a batch for no dataset": (
        "POST",
        "/v1/datapoints/batch",
        {"selectAll": True, "dataset_id": "no"},
        {},
        404,
        "Dataset 'no' not found",
    ),
    "a filter of a batch": (
        "POST",
        "/v1/datapoints/batch",
        {"filters": [{"field": "event_type", "operator": "like", "value": "a"}]},
        {},
        400,
        "The operator 'like' is none of",
    ),
    "dates of a batch": ("POST", "/v1/datapoints/batch", {"dateRange": {"$gte": "x"}}, {}, 400, "dateRange.$gte: "),
    "a state of a batch": ("POST", "/v1/datapoints/batch", {"checkState": {"a": 1}}, {}, 400, "checkState.a: Input"),
    "all of a batch": ("POST", "/v1/datapoints/batch", {"selectAll": "all"}, {}, 400, "selectAll: Input should be"),
    "no such datapoint": ("GET", "/v1/datapoints/none", None, {}, 404, "Datapoint 'none' not found"),
    "an update of none": ("PUT", "/v1/datapoints/none", {"inputs": {}}, {}, 400, "Error updating datapoint: Datapoint"),
    "a deletion of none": ("DELETE", "/v1/datapoints/none", None, {}, 404, "Datapoint 'none' not found"),
    "inputs that are none": ("POST", "/v1/datapoints", {"inputs": [1]}, {}, 400, "inputs: Input should be a valid"),
    "a history of texts": ("POST", "/v1/datapoints", {"history": ["a"]}, {}, 400, "history.0: Input should be a valid"),
    "an update to null": ("PUT", "/v1/datapoints/{datapoint}", {"inputs": None}, {}, 400, "Error updating datapoint"),
    "datasets that are none": (
        "POST",
        "/v1/datapoints",
        {"linked_datasets": ["{dataset}", "none", "nowhere"]},
        {},
        404,
        "Datasets 'none', 'nowhere' not found",
    ),
    "an empty id": ("POST", "/v1/datapoints", {"linked_datasets": [""]}, {}, 400, "linked_datasets.0: String should"),
    "an update into none": (
        "PUT",
        "/v1/datapoints/{datapoint}",
        {"linked_datasets": ["none"]},
        {},
        400,
        "Error updating datapoint: Dataset 'none' not found",
    ),
    "an unknown parameter": ("GET", "/v1/datapoints", None, {"limit": "1"}, 400, "query.limit: Extra inputs"),
    "an empty id asked for": ("GET", "/v1/datapoints", None, {"datapoint_ids[]": ""}, 400, "query.datapoint_ids.0"),
    "a long name asked for": ("GET", "/v1/datapoints", None, {"dataset_name": "n" * 201}, 400, "query.dataset_name"),
    "a long name": ("POST", "/v1/datasets", {"name": "n" * 201}, {}, 400, "name: String should have at most 200"),
    "datapoints that are none": ("POST", "/v1/datasets", {"datapoints": ["no"]}, {}, 404, "Datapoint 'no' not found"),
    "an unknown field": ("PUT", "/v1/datasets/{dataset}", {"dataset_id": "x"}, {}, 400, "dataset_id: Extra inputs"),
    "a name of null": ("PUT", "/v1/datasets/{dataset}", {"name": None}, {}, 400, "name: Input should be a valid str"),
    "no such dataset": ("PUT", "/v1/datasets/none", {"name": "a"}, {}, 404, "Dataset 'none' not found"),
    "no id": ("PUT", "/v1/datasets", {"name": "a"}, {}, 400, "dataset_id: Field required"),
    "no id in the query": ("DELETE", "/v1/datasets", None, {}, 400, "query.dataset_id: Field required"),
    "no such dataset to delete": ("DELETE", "/v1/datasets", None, {"dataset_id": "no"}, 404, "Dataset 'no' not found"),
    "adding to none": (
        "POST",
        "/v1/datasets/none/datapoints",
        {"data": [{}], "mapping": {}},
        {},
        404,
        "Dataset 'none' not found",
    ),
    "adding nothing to none": (
        "POST",
        "/v1/datasets/none/datapoints",
        {"data": [], "mapping": {}},
        {},
        404,
        "Dataset 'none' not found",
    ),
    "adding without a mapping": ("POST", "/v1/datasets/{dataset}/datapoints", {"data": []}, {}, 400, "mapping: Field"),
    "adding a text": (
        "POST",
        "/v1/datasets/{dataset}/datapoints",
        {"data": [{}, "a"], "mapping": {}},
        {},
        400,
        "data.1: Input should be a valid dictionary",
    ),
    "an empty field": (
        "POST",
        "/v1/datasets/{dataset}/datapoints",
        {"data": [{}], "mapping": {"inputs": ["a", ""]}},
        {},
        400,
        "A mapping names fields, and inputs has an empty name",
    ),
    "taking out of none": ("DELETE", "/v1/datasets/none/datapoints/a", None, {}, 404, "Dataset 'none' not found"),
    "taking out what is not in it": (
        "DELETE",
        "/v1/datasets/{dataset}/datapoints/{datapoint}",
        None,
        {},
        404,
        "Datapoint '{datapoint}' is not in dataset '{dataset}'",
    ),
}


@pytest.fixture(scope="module")
async def made(module_client: httpx.AsyncClient) -> tuple[str, str]:
    """The ids of the datapoint and of the dataset that all cases share."""
    return await make(module_client, inputs={"a": 1}), await make_dataset(module_client, name="d")


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_is_refused(module_client: httpx.AsyncClient, made: tuple[str, str], case: str) -> None:
    client, (datapoint, dataset) = module_client, made
    before = [await answer(client, "GET", path) for path in ("/v1/datapoints", "/v1/datasets")]

    def filled(value: Any) -> Any:
        text = json.dumps(value).replace("{datapoint}", datapoint).replace("{dataset}", dataset)
        return json.loads(text)

    method, path, body, query, status, message = filled(REFUSED[case])
    found = await refused(client, method, path, body, **query)
    assert found[0] == status, found
    assert found[1].startswith(message), found
    # Nothing of it is done.
    assert [await answer(client, "GET", path) for path in ("/v1/datapoints", "/v1/datasets")] == before


@pytest.mark.parametrize("size", [2000, pytest.param(10_000, marks=pytest.mark.big)])
async def test_a_large_dataset_is_filled_and_listed_in_few_statements(client: httpx.AsyncClient, size: int) -> None:
    dataset_id = await make_dataset(client, name="large")
    path = f"/v1/datasets/{dataset_id}/datapoints"
    data = [{"n": n, "a": f"answer {n}"} for n in range(size)]
    said = await answer(client, "POST", path, {"data": data, "mapping": {"inputs": ["n"], "ground_truth": ["a"]}})
    ids = said["datapoint_ids"]
    with counted() as statements:
        assert await held(client, dataset_id) == ids
    assert len(statements) <= 4
    listed = (await answer(client, "GET", "/v1/datapoints", dataset_name="large"))["datapoints"]
    assert [(each["id"], each["inputs"], each["ground_truth"]) for each in listed] == [
        (datapoint_id, {"n": n}, {"a": f"answer {n}"}) for n, datapoint_id in enumerate(ids)
    ]
    turned = ids[::-1]
    result = await answer(client, "PUT", f"/v1/datasets/{dataset_id}", {"datapoints": turned})
    assert result["result"]["datapoints"] == turned
