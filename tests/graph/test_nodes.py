"""The ids of nodes: each type gives its own wherever it is reached, and is found again by it."""

from typing import Any

import httpx

from graph.entities import ENTITIES
from graph.nodes import NODE_KEYS
from resolvers.ids import decode_id

PROJECT = "team/app"
START = {
    "project_id": PROJECT,
    "id": "call-1",
    "op_name": "op",
    "trace_id": "trace-1",
    "thread_id": "thread-1",
    "started_at": "2026-01-01T00:00:00Z",
    "attributes": {},
    "inputs": {},
}
# Only ids are selected, so that a read has no other reason to select the columns of keys.
DOCUMENT = """
query($table: String!, $file: String!) { project(slug: "team/app") {
  id
  calls { nodes { id } }
  traces { nodes { id } }
  threads { nodes { id } }
  objectVersions { nodes { id } }
  objects { nodes { id } }
  feedback { nodes { id } }
  prices { nodes { id } }
  datasets { nodes { id } }
  datapoints { nodes { id } }
  metrics { nodes { id versions { nodes { id } } } }
  configurations { nodes { id } }
  experiments { nodes { id } }
  annotationQueues { nodes { id } }
  table(digest: $table) { id rows { nodes { id } } }
  file(digest: $file) { id }
} }
"""


async def answer(client: httpx.AsyncClient, document: str, **variables: Any) -> Any:
    response = (await client.post("/graphql", json={"query": document, "variables": variables})).json()
    assert "errors" not in response, response
    return response["data"]


async def posted(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_every_node_is_found_again_by_its_id(client: httpx.AsyncClient) -> None:
    await posted(client, "/call/start", {"start": START})
    value = {"project_id": PROJECT, "object_id": "model", "val": {"a": 1}}
    version = (await posted(client, "/obj/create", {"obj": value}))["digest"]
    table = await posted(client, "/table/create", {"table": {"project_id": PROJECT, "rows": [{"a": 1}]}})
    file = (await client.post("/file/create", data={"project_id": PROJECT}, files={"file": ("a", b"a")})).json()[
        "digest"
    ]
    given = {"weave_ref": f"weave:///{PROJECT}/call/call-1", "feedback_type": "custom", "payload": {}}
    feedback = (await posted(client, "/feedback/create", {"project_id": PROJECT, **given}))["id"]
    price = {"gpt": {"prompt_token_cost": 1, "completion_token_cost": 2}}
    prices = (await posted(client, "/cost/create", {"project_id": PROJECT, "costs": price}))["ids"]
    given = {"project": PROJECT, "name": "v0", "provider": "p", "parameters": {"call_type": "chat", "model": "m"}}
    create = "mutation($given: ConfigurationCreateInput!) { configurationCreate(input: $given) { configurationId } }"
    configuration = (await answer(client, create, given=given))["configurationCreate"]["configurationId"]
    given = {"project": PROJECT, "name": "q", "callIds": ["call-1"]}
    create = "mutation($given: AnnotationQueueCreateInput!) { annotationQueueCreate(input: $given) { queueId } }"
    queue = (await answer(client, create, given=given))["annotationQueueCreate"]["queueId"]

    experiment = "mutation($i: ExperimentCreateInput!) { experimentCreate(input: $i) { userErrors { message } } }"
    await answer(client, experiment, i={"project": PROJECT, "experimentId": "run-1"})
    create = """mutation { datasetCreate(input: { project: "team/app" }) { datasetId }
        datapointCreate(input: { project: "team/app" }) { datapointId } }"""
    made = await answer(client, create)

    create = "mutation($given: MetricCreateInput!) { metricCreate(input: $given) { metricId } }"
    given = {"project": PROJECT, "definition": {"name": "m", "type": "HUMAN", "criteria": "?"}}
    metric = (await answer(client, create, given=given))["metricCreate"]["metricId"]

    project = (await answer(client, DOCUMENT, table=table["digest"], file=file))["project"]
    ids = {
        "Project": project["id"],
        "Table": project["table"]["id"],
        "TableRow": project["table"]["rows"]["nodes"][0]["id"],
        "File": project["file"]["id"],
        "MetricVersion": project["metrics"]["nodes"][0]["versions"]["nodes"][0]["id"],
        **{
            noun: project[name]["nodes"][0]["id"]
            for noun, name in (
                ("Call", "calls"),
                ("Trace", "traces"),
                ("Thread", "threads"),
                ("ObjectVersion", "objectVersions"),
                ("VersionedObject", "objects"),
                ("Feedback", "feedback"),
                ("Price", "prices"),
                ("Configuration", "configurations"),
                ("Metric", "metrics"),
                ("Experiment", "experiments"),
                ("AnnotationQueue", "annotationQueues"),
                ("Dataset", "datasets"),
                ("Datapoint", "datapoints"),
            )
        },
    }
    assert {noun: decode_id(node_id) for noun, node_id in ids.items()} == {
        "Project": ("Project", PROJECT, ()),
        "Table": ("Table", PROJECT, (table["digest"],)),
        "TableRow": ("TableRow", PROJECT, (table["row_digests"][0],)),
        "File": ("File", PROJECT, (file,)),
        "Call": ("Call", PROJECT, ("call-1",)),
        "Trace": ("Trace", PROJECT, ("trace-1",)),
        "Thread": ("Thread", PROJECT, ("thread-1",)),
        "ObjectVersion": ("ObjectVersion", PROJECT, ("object", "model", version)),
        "VersionedObject": ("VersionedObject", PROJECT, ("object", "model")),
        "Feedback": ("Feedback", PROJECT, (feedback,)),
        "Price": ("Price", PROJECT, (prices[0][0],)),
        "Configuration": ("Configuration", PROJECT, (configuration,)),
        "Metric": ("Metric", PROJECT, (metric,)),
        "MetricVersion": ("MetricVersion", PROJECT, (metric, "v1")),
        "Experiment": ("Experiment", PROJECT, ("run-1",)),
        "AnnotationQueue": ("AnnotationQueue", PROJECT, (queue,)),
        "Dataset": ("Dataset", PROJECT, (made["datasetCreate"]["datasetId"],)),
        "Datapoint": ("Datapoint", PROJECT, (made["datapointCreate"]["datapointId"],)),
    }
    for noun, node_id in ids.items():
        data = await answer(client, "query($id: ID!) { node(id: $id) { __typename id } }", id=node_id)
        assert data["node"] == {"__typename": noun, "id": node_id}
        if noun != "Project":
            document = f"query($id: ID!) {{ node(id: $id) {{ ... on {noun} {{ projectSlug project {{ slug }} }} }} }}"
            data = await answer(client, document, id=node_id)
            assert data["node"] == {"projectSlug": PROJECT, "project": {"slug": PROJECT}}


def test_every_entity_has_its_key_in_order() -> None:
    assert {noun: len(keys) - 1 for noun, keys in NODE_KEYS.items()} == {
        noun: entity.width for noun, entity in ENTITIES.items()
    }
