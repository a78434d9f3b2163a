"""Datasets and datapoints in the graph: their links, their lists, and Weave datasets they become and come from."""

import json
from typing import Any

import httpx
import pytest

from tests.conftest import running_app

PROJECT = "team/app"


async def asked(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    content = json.dumps({"query": document, "variables": variables})  # halves of surrogate pairs as escapes
    response = await client.post("/graphql", content=content, headers={"content-type": "application/json"})
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


async def did(client: httpx.AsyncClient, field: str, selected: str, **given: Any) -> Any:
    """The payload of a mutation that was not refused."""
    payload = await tried(client, field, selected, **given)
    assert payload.pop("userErrors") == [], payload
    return payload


async def tried(client: httpx.AsyncClient, field: str, selected: str, **given: Any) -> Any:
    type_ = f"{field[0].upper()}{field[1:]}Input"
    document = f"mutation($i: {type_}!) {{ {field}(input: $i) {{ {selected} userErrors {{ code message field }} }} }}"
    return (await asked(client, document, i={"project": PROJECT, **given}))[field]


async def project(client: httpx.AsyncClient, selected: str) -> Any:
    return (await asked(client, f'{{ project(slug: "{PROJECT}") {{ {selected} }} }}'))["project"]


async def make(client: httpx.AsyncClient, **given: Any) -> str:
    return str((await did(client, "datapointCreate", "datapointId", **given))["datapointId"])


async def make_dataset(client: httpx.AsyncClient, **given: Any) -> str:
    return str((await did(client, "datasetCreate", "datasetId", **given))["datasetId"])


async def record(client: httpx.AsyncClient, call_id: str, **start: Any) -> None:
    given = {"project_id": PROJECT, "id": call_id, "op_name": "op", "trace_id": "t", "attributes": {}, "inputs": {}}
    given |= {"started_at": f"2026-01-01T00:00:{call_id[-1]:0>2}Z", **start}
    output = given.pop("output", None)
    assert (await client.post("/call/start", json={"start": given})).status_code == 200
    end = {"project_id": PROJECT, "id": call_id, "ended_at": "2026-01-01T00:01:00Z", "output": output, "summary": {}}
    assert (await client.post("/call/end", json={"end": end})).status_code == 200


async def test_a_dataset_and_its_datapoints_are_linked(client: httpx.AsyncClient) -> None:
    await record(client, "call-1")
    first = await make(client, inputs={"q": 1}, linkedCallId="call-1", groundTruth={"a": 2}, history=[{"r": 1}])
    second = await make(client, datapointId="EXT-2", linkedCallId="gone", metadata={})
    dataset = await make_dataset(client, name="d", datapointIds=[second, first, second])
    found = await project(
        client,
        f"""dataset(datasetId: "{dataset}") {{ name description datapointCount datapointIds user {{ id }}
          datapoints {{ totalCount nodes {{ datapointId inputs history groundTruth metadata linkedCall {{ callId
            linkedDatapoints {{ totalCount nodes {{ datapointId }} }} }} datasetIds datasets {{ nodes {{ name }} }} }}
          }} }}""",
    )
    assert found["dataset"] == {
        "name": "d",
        "description": None,
        "datapointCount": 2,
        "datapointIds": [second, first],
        "user": {"id": "local"},
        "datapoints": {
            "totalCount": 2,
            "nodes": [
                {
                    "datapointId": "EXT-2",
                    "inputs": {},
                    "history": [],
                    "groundTruth": None,
                    "metadata": {},
                    "linkedCall": None,
                    "datasetIds": [dataset],
                    "datasets": {"nodes": [{"name": "d"}]},
                },
                {
                    "datapointId": first,
                    "inputs": {"q": 1},
                    "history": [{"r": 1}],
                    "groundTruth": {"a": 2},
                    "metadata": None,
                    "linkedCall": {
                        "callId": "call-1",
                        "linkedDatapoints": {"totalCount": 1, "nodes": [{"datapointId": first}]},
                    },
                    "datasetIds": [dataset],
                    "datasets": {"nodes": [{"name": "d"}]},
                },
            ],
        },
    }


async def test_calls_made_for_a_datapoint_lead_to_it_and_back(database_url: str) -> None:
    async with running_app(database_url, honeyhive_project=PROJECT) as client:
        datapoint = await make(client)
        dataset = await make_dataset(client, datapointIds=[datapoint])
        metadata = {"datapoint_id": datapoint, "dataset_id": dataset}
        for made_for in (metadata, {"datapoint_id": "EXT-1", "dataset_id": "EXT-2"}):
            event = {"event_type": "model", "inputs": {}, "metadata": made_for}
            assert (await client.post("/v1/events", json=event)).status_code == 200
        selected = "datapointId datasetId datapoint { datapointId } dataset { datasetId }"
        found = await project(client, f"calls {{ nodes {{ {selected} }} }}")
        assert found["calls"]["nodes"] == [
            {
                "datapointId": datapoint,
                "datasetId": dataset,
                "datapoint": {"datapointId": datapoint},
                "dataset": {"datasetId": dataset},
            },
            {"datapointId": "EXT-1", "datasetId": "EXT-2", "datapoint": None, "dataset": None},
        ]
        found = await project(client, "datapoints { nodes { calls { totalCount nodes { datapointId } } } }")
        calls = {"totalCount": 1, "nodes": [{"datapointId": datapoint}]}
        assert found["datapoints"]["nodes"] == [{"calls": calls}]
        found = await project(client, 'calls(filter: {datasetIds: ["EXT-2"]}) { totalCount }')
        assert found["calls"] == {"totalCount": 1}


PAGES = """query($first: Int, $after: String, $last: Int, $before: String) { project(slug: "team/app") { dataset(
  datasetId: "d") { datapoints(first: $first, after: $after, last: $last, before: $before) { nodes { inputs } pageInfo {
  hasNextPage hasPreviousPage startCursor endCursor } } } } }"""


async def test_datapoints_of_a_dataset_have_pages_in_its_order(client: httpx.AsyncClient) -> None:
    ids = [await make(client, inputs={"n": n}) for n in range(7)]
    order = [3, 1, 6, 0, 2]
    await make_dataset(client, datasetId="d", datapointIds=[ids[n] for n in order])

    async def page(**arguments: Any) -> tuple[list[int], Any]:
        found = (await asked(client, PAGES, **arguments))["project"]["dataset"]["datapoints"]
        return [node["inputs"]["n"] for node in found["nodes"]], found["pageInfo"]

    first, info = await page(first=2)
    assert (first, info["hasNextPage"], info["hasPreviousPage"]) == ([3, 1], True, False)
    # What is put in behind the page, or taken out of it, moves nothing else.
    await did(client, "datasetAddDatapoints", "datapointIds", datasetId="d", datapointIds=[ids[4], ids[3]])
    await did(client, "datasetRemoveDatapoint", "datasetId", datasetId="d", datapointId=ids[1])
    second, info = await page(first=3, after=info["endCursor"])
    assert (second, info["hasNextPage"]) == ([6, 0, 2], True)
    assert (await page(first=3, after=info["endCursor"]))[0] == [4]
    back, info = await page(last=2, before=info["startCursor"])
    assert (back, info["hasPreviousPage"], info["hasNextPage"]) == ([3], False, True)
    assert (await page(last=2))[0] == [2, 4]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ('orderBy: [{field: "inputs.n", direction: DESC}]', [3, 2, 1, 0]),
        ('query: {gt: [{getField: "inputs.n"}, {literal: {value: 1}}]}', [2, 3]),
        ('query: {eq: [{getField: "groundTruth.even"}, {literal: {value: true}}]}', [0, 2]),
        ('query: {eq: [{getField: "history.0.role"}, {literal: {value: "r1"}}]}', [1]),
        ("queryJson: {_expr: 0}", None),
        ('filter: {datasetNames: ["d"]}', [0, 1, 3]),
        ('filter: {datasetNames: ["d"]}, orderBy: [{field: "position"}]', [3, 1, 0]),
        ('filter: {datasetIds: ["d", "e"]}, orderBy: [{field: "position", direction: DESC}]', [0, 1, 3, 2]),
        ('filter: {linkedCallIds: ["call-2"]}', [2]),
        ('filter: {datapointIds: ["2", "none"]}', [2]),
        ('filter: {createdBefore: "2020-01-01"}', []),
        ('filter: {datasetNames: []}, query: {eq: [{getField: "linkedCallId"}, {literal: {value: null}}]}', [0, 1, 3]),
        ('orderBy: [{field: "position"}]', None),
        ('query: {eq: [{getField: "input.n"}, {literal: {value: 1}}]}', None),
    ],
)
async def test_lists_of_datapoints(client: httpx.AsyncClient, arguments: str, expected: list[int] | None) -> None:
    for n in range(4):
        linked = {"linkedCallId": "call-2"} if n == 2 else {}
        given = {"inputs": {"n": n}, "groundTruth": {"even": n % 2 == 0}, "history": [{"role": f"r{n}"}]}
        await make(client, datapointId=str(n), **given, **linked)
    await make_dataset(client, datasetId="d", name="d", datapointIds=["3", "1", "0"])
    await make_dataset(client, datasetId="e", datapointIds=["2"])
    document = f'{{ project(slug: "team/app") {{ datapoints({arguments}) {{ totalCount nodes {{ inputs }} }} }} }}'
    document = document.replace("()", "").replace("_expr", "expr")
    answer = (await client.post("/graphql", json={"query": document})).json()
    if expected is None:
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "INVALID_QUERY", error
        return
    found = answer["data"]["project"]["datapoints"]
    assert ([node["inputs"]["n"] for node in found["nodes"]], found["totalCount"]) == (expected, len(expected))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", ["alpha", "Beta", "alphabet"]),
        ('orderBy: [{field: "datapointCount", direction: DESC}, {field: "name"}]', ["Beta", "alpha", "alphabet"]),
        ('filter: {names: ["alpha", "none"]}', ["alpha"]),
        ('filter: {nameContains: "BET"}', ["Beta", "alphabet"]),
        ('filter: {namePrefix: "alpha"}', ["alpha", "alphabet"]),
        ('query: {eq: [{getField: "description"}, {literal: {value: "b"}}]}', ["Beta"]),
    ],
)
async def test_lists_of_datasets(client: httpx.AsyncClient, arguments: str, expected: list[str]) -> None:
    await make_dataset(client, name="alpha")
    await make_dataset(client, name="Beta", description="b", datapointIds=[await make(client)])
    await make_dataset(client, name="alphabet")
    found = await project(client, f"datasets({arguments}) {{ totalCount nodes {{ name }} }}".replace("()", ""))
    assert [node["name"] for node in found["datasets"]["nodes"]] == expected
    assert found["datasets"]["totalCount"] == len(expected)


async def fill_calls(client: httpx.AsyncClient) -> None:
    inputs = {"question": "q1", "chat_history": [{"role": "user"}], "ctx": {"user": "u"}}
    await record(client, "call-1", inputs=inputs, output={"answer": "a1", "score": 1})
    feedback = {"honeyhive": {"feedback": {"ground_truth": "right"}, "metadata": {"a.b": "flat"}}}
    await record(client, "call-2", inputs={"question": "q2"}, output="a2", attributes=feedback)
    await record(client, "call-3", inputs={}, output=None, attributes={"weave": {"kind": "tool"}})


async def made_of(client: httpx.AsyncClient, **given: Any) -> list[Any]:
    ids = (await did(client, "datapointsCreateFromCalls", "datapointIds", **given))["datapointIds"]
    fields = "datapointId linkedCallId inputs history groundTruth metadata"
    found = await project(client, f"datapoints {{ nodes {{ {fields} }} }}")
    by_id = {node.pop("datapointId"): node for node in found["datapoints"]["nodes"]}
    return [by_id[datapoint_id] for datapoint_id in ids]


async def test_calls_become_datapoints(client: httpx.AsyncClient) -> None:
    await fill_calls(client)
    dataset = await make_dataset(client, datapointIds=[await make(client)])
    default = [
        {
            "linkedCallId": "call-1",
            "inputs": {"question": "q1", "ctx": {"user": "u"}},
            "history": [{"role": "user"}],
            "groundTruth": {"answer": "a1", "score": 1},
            "metadata": None,
        },
        {
            "linkedCallId": "call-2",
            "inputs": {"question": "q2"},
            "history": [],
            "groundTruth": {"ground_truth": "right"},
            "metadata": None,
        },
        {"linkedCallId": "call-3", "inputs": {}, "history": [], "groundTruth": None, "metadata": None},
    ]
    assert await made_of(client, selectAll=True, datasetId=dataset) == default
    found = await project(client, f'dataset(datasetId: "{dataset}") {{ datapoints {{ nodes {{ linkedCallId }} }} }}')
    linked = [node["linkedCallId"] for node in found["dataset"]["datapoints"]["nodes"]]
    assert linked == [None, "call-1", "call-2", "call-3"]
    assert await made_of(client, callIds=["call-2", "call-1", "call-2"]) == [default[1], default[0]]
    assert await made_of(client, selectAll=True, callIds=["call-2"], exceptCallIds=["call-1"]) == default[1:]
    assert await made_of(client, filter={"startedAfter": "2026-01-01T00:00:02Z"}) == default[1:]
    filters = [{"field": "event_type", "operator": "IS", "value": "tool"}]
    assert await made_of(client, filters=filters) == default[2:]
    assert await made_of(client, filters=filters, callIds=["call-1", "call-3"]) == default[2:]
    assert await made_of(client, filters=filters, callIds=["call-1"]) == []
    mapping = {
        "inputs": ["question", "inputs.ctx.user", "a.b", "outputs.score", "missing"],
        "groundTruth": ["outputs", "feedback.ground_truth"],
        "history": ["chat_history", "event_name"],
    }
    assert await made_of(client, mapping=mapping, callIds=["call-1", "call-2"]) == [
        {
            "linkedCallId": "call-1",
            "inputs": {"question": "q1", "user": "u", "score": 1},
            "history": [{"role": "user"}, {"event_name": "op"}],
            "groundTruth": {"answer": "a1", "score": 1},
            "metadata": None,
        },
        {
            "linkedCallId": "call-2",
            "inputs": {"question": "q2", "b": "flat"},
            "history": [{"event_name": "op"}],
            "groundTruth": {"result": "a2", "ground_truth": "right"},
            "metadata": None,
        },
    ]


REFUSED: dict[str, tuple[str, dict[str, Any], str, str, list[str]]] = {
    "nothing selected": (
        "datapointsCreateFromCalls",
        {"exceptCallIds": ["call-1"]},
        "INVALID_INPUT",
        "Name calls by their ids or by a filter, or say that all are meant",
        ["callIds"],
    ),
    "no such call": (
        "datapointsCreateFromCalls",
        {"callIds": ["call-1", "none"]},
        "NOT_FOUND",
        "Call 'none' not found in project 'team/app'",
        ["callIds"],
    ),
    "no such dataset for calls": (
        "datapointsCreateFromCalls",
        {"selectAll": True, "datasetId": "none"},
        "NOT_FOUND",
        "Dataset 'none' not found in project 'team/app'",
        ["datasetId"],
    ),
    "two ways of adding": (
        "datasetAddDatapoints",
        {"datasetId": "d", "datapointIds": [], "data": []},
        "INVALID_INPUT",
        "Datapoints are either named by datapointIds or made of data",
        ["datapointIds"],
    ),
    "data that is none": (
        "datasetAddDatapoints",
        {"datasetId": "d", "data": [{}, "text"]},
        "INVALID_INPUT",
        'data must be objects, but item 1 is "text"',
        ["data", "1"],
    ),
    "an id that is taken": (
        "datasetCreate",
        {"datasetId": "d"},
        "CONFLICT",
        "Dataset 'd' is there already",
        ["datasetId"],
    ),
    "a datapoint that is there": (
        "datapointCreate",
        {"datapointId": "p"},
        "CONFLICT",
        "Datapoint 'p' is there already",
        ["datapointId"],
    ),
    "a long id": (
        "datapointCreate",
        {"datapointId": "é" * 129},
        "INVALID_INPUT",
        f"An id of a datapoint has at most 256 bytes of UTF-8, not {'é' * 60!r}...",
        ["datapointId"],
    ),
    "history that is none": (
        "datapointCreate",
        {"history": [{}, 1]},
        "INVALID_INPUT",
        "history of a datapoint must be a list of objects, but its item 1 is 1",
        ["history", "1"],
    ),
    "inputs that are none": (
        "datapointUpdate",
        {"datapointId": "p", "inputs": [1]},
        "INVALID_INPUT",
        "inputs of a datapoint must be an object, not [1]",
        ["inputs"],
    ),
    "a name of null": (
        "datasetUpdate",
        {"datasetId": "d", "name": None},
        "INVALID_INPUT",
        "The name of a dataset cannot be null",
        ["name"],
    ),
    "publishing what is not there": (
        "datasetPublish",
        {"datasetId": "none"},
        "NOT_FOUND",
        "Dataset 'none' not found in project 'team/app'",
        ["datasetId"],
    ),
    "publishing under a bad name": (
        "datasetPublish",
        {"datasetId": "d", "objectId": "a b"},
        "INVALID_NAME",
        "Invalid object name 'a b': it contains ' '",
        ["objectId"],
    ),
    "importing what is not there": (
        "datasetImport",
        {"ref": "weave:///team/app/object/none:v0"},
        "NOT_FOUND",
        "Object none:v0 not found in project 'team/app'",
        [],
    ),
    "importing a call": (
        "datasetImport",
        {"ref": "weave:///team/app/call/c"},
        "INVALID_INPUT",
        "'weave:///team/app/call/c' is no ref of a version of an object",
        ["ref"],
    ),
    "importing what is no dataset": (
        "datasetImport",
        {"ref": "weave:///team/app/object/model:v0"},
        "INVALID_INPUT",
        "'weave:///team/app/object/model:v0' is no dataset: its rows are no table",
        ["ref"],
    ),
}


@pytest.fixture(scope="module")
async def holding(module_client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a server with what the cases name."""
    await record(module_client, "call-1")
    await make(module_client, datapointId="p", inputs={"a": 1})
    await make_dataset(module_client, datasetId="d")
    obj = {"project_id": PROJECT, "object_id": "model", "val": {"rows": 1}}
    assert (await module_client.post("/obj/create", json={"obj": obj})).status_code == 200
    return module_client


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_is_refused(holding: httpx.AsyncClient, case: str) -> None:
    client = holding
    everything = "datapoints { nodes { datapointId inputs history } } datasets { nodes { name datapointCount } }"
    before = await project(client, everything)
    field, given, code, message, path = REFUSED[case]
    assert (await tried(client, field, "", **given))["userErrors"] == [
        {"code": code, "message": message, "field": path}
    ]
    assert await project(client, everything) == before


async def rows_of(client: httpx.AsyncClient, ref: str) -> list[Any]:
    found = await client.post("/refs/read_batch", json={"refs": [ref]})
    (value,) = found.json()["vals"]
    assert value["_class_name"] == "Dataset"
    digest = value["rows"].rpartition("/")[2]
    rows = await client.post("/table/query", json={"project_id": PROJECT, "digest": digest})
    return [row["val"] for row in rows.json()["rows"]]


async def publish(client: httpx.AsyncClient, dataset: str, **given: Any) -> str:
    return str((await did(client, "datasetPublish", "ref", datasetId=dataset, **given))["ref"])


async def test_a_dataset_is_published_as_a_weave_dataset(client: httpx.AsyncClient) -> None:
    first = await make(client, inputs={"q": "a", "n": 1.0}, groundTruth={"expected": "x", "n": 1.0})
    second = await make(client, inputs={"q": "b\ud800"}, history=[{"role": "user"}], metadata={"m": None})
    dataset = await make_dataset(client, name="My set: v2!", datapointIds=[second, first])
    ref = await publish(client, dataset)
    assert ref.startswith(f"weave:///{PROJECT}/object/My-set-v2:")
    assert await rows_of(client, ref) == [
        {"q": "b\ud800", "history": [{"role": "user"}], "metadata": {"m": None}},
        {"q": "a", "n": 1.0, "expected": "x"},
    ]
    assert await publish(client, dataset) == ref
    version = "{ ref baseObjectClass versionIndex }"
    found = (await project(client, f"datasets {{ nodes {{ publishedRef publishedVersion {version} }} }}"))["datasets"]
    expected = {"ref": ref, "baseObjectClass": "Dataset", "versionIndex": 0}
    assert found["nodes"] == [{"publishedRef": ref, "publishedVersion": expected}]
    # A field of both that differs has a column of its own, in all rows.
    await did(client, "datapointUpdate", "changed", datapointId=first, groundTruth={"q": "other"})
    third = await make(client, groundTruth={"q": "third"}, datasetIds=[dataset])
    again = await publish(client, dataset)
    assert again != ref
    assert await rows_of(client, again) == [
        {"q": "b\ud800", "history": [{"role": "user"}], "metadata": {"m": None}},
        {"q": "a", "n": 1.0, "ground_truth_q": "other"},
        {"ground_truth_q": "third"},
    ]
    nested = await publish(client, dataset, layout="NESTED", objectId="nested")
    assert (await rows_of(client, nested))[2] == {
        "id": third,
        "inputs": {},
        "history": [],
        "ground_truth": {"q": "third"},
        "metadata": None,
    }


async def imported(client: httpx.AsyncClient, ref: str, **given: Any) -> tuple[Any, list[Any]]:
    selected = """dataset { datasetId name description datapointCount importedFrom { ref }
        datapoints { nodes { inputs history groundTruth metadata } } }"""
    dataset = (await did(client, "datasetImport", selected, ref=ref, **given))["dataset"]
    return dataset, dataset.pop("datapoints")["nodes"]


async def weave_dataset(client: httpx.AsyncClient, name: str, rows: list[Any]) -> str:
    table = await client.post("/table/create", json={"table": {"project_id": PROJECT, "rows": rows}})
    value = {
        "_type": "Dataset",
        "name": name,
        "description": "theirs",
        "rows": f"weave:///{PROJECT}/table/{table.json()['digest']}",
        "_class_name": "Dataset",
        "_bases": ["Object", "BaseModel"],
    }
    made = await client.post("/obj/create", json={"obj": {"project_id": PROJECT, "object_id": name, "val": value}})
    return f"weave:///{PROJECT}/object/{name}:{made.json()['digest']}"


async def test_a_weave_dataset_is_imported(client: httpx.AsyncClient) -> None:
    rows = [{"id": "0", "question": "q0", "a.b": [1.0], "expected": "x"}, {"id": "1", "question": None, "Label": True}]
    ref = await weave_dataset(client, "theirs", rows)
    dataset, datapoints = await imported(client, ref.rpartition(":")[0] + ":latest")
    assert dataset == {
        "datasetId": dataset["datasetId"],
        "name": "theirs",
        "description": "theirs",
        "datapointCount": 2,
        "importedFrom": {"ref": ref},
    }
    assert datapoints == [
        {
            "inputs": {"id": "0", "question": "q0", "a.b": [1.0]},
            "history": [],
            "groundTruth": {"expected": "x"},
            "metadata": None,
        },
        {"inputs": {"id": "1", "question": None}, "history": [], "groundTruth": {"Label": True}, "metadata": None},
    ]
    # Published unchanged, it is the version that it came from.
    assert await publish(client, dataset["datasetId"]) == ref
    mapping = {"inputs": ["question"], "groundTruth": ["Label"], "history": []}
    dataset, datapoints = await imported(client, ref, mapping=mapping, name="mine", datasetId="mine")
    assert (dataset["datasetId"], dataset["name"]) == ("mine", "mine")
    assert datapoints[1] == {
        "inputs": {"question": None},
        "history": [],
        "groundTruth": {"Label": True},
        "metadata": {"id": "1"},
    }
    assert (await tried(client, "datasetImport", "", ref=ref, datasetId="mine"))["userErrors"][0]["code"] == "CONFLICT"


@pytest.mark.parametrize("layout", ["FLAT", "NESTED"])
async def test_what_is_published_is_imported_again(client: httpx.AsyncClient, layout: str) -> None:
    given: list[dict[str, Any]] = [
        {"inputs": {"question": "q", "deep": {"x": [1]}}, "groundTruth": {"answer": "a"}, "metadata": {"m": 1}},
        {"inputs": {"question": "\x00"}, "history": [{"role": "user", "content": "\ud800"}]},
    ]
    ids = [await make(client, **each) for each in given]
    dataset = await make_dataset(client, datapointIds=ids)
    _, datapoints = await imported(client, await publish(client, dataset, layout=layout))
    missing: dict[str, Any] = {"history": [], "groundTruth": None, "metadata": None}
    assert datapoints == [{**missing, **each} for each in given]


async def test_a_dataset_of_nothing_is_published_and_imported(client: httpx.AsyncClient) -> None:
    ref = await publish(client, await make_dataset(client, name="!"))
    assert ref.startswith(f"weave:///{PROJECT}/object/dataset:")
    assert await rows_of(client, ref) == []
    dataset, datapoints = await imported(client, ref)
    assert (dataset["name"], dataset["datapointCount"], datapoints) == ("!", 0, [])


async def test_a_page_of_large_datapoints_is_cut(client: httpx.AsyncClient) -> None:
    ids = [await make(client, inputs={"text": "x" * 5_000_000, "n": n}) for n in range(3)]
    await make_dataset(client, datasetId="d", datapointIds=ids[::-1])
    for place in ("datapoints", 'dataset(datasetId: "d") { datapoints'):
        closing = "}" if "dataset(" in place else ""
        selected = f"{place}(first: 3) {{ nodes {{ datapointId inputs }} pageInfo {{ hasNextPage }} }} {closing}"
        found = await project(client, selected)
        page = found.get("datapoints") or found["dataset"]["datapoints"]
        assert [node["datapointId"] for node in page["nodes"]] == [ids[-1] if closing else ids[0]]
        assert page["pageInfo"] == {"hasNextPage": True}
