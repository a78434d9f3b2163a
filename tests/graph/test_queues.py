"""Annotation queues in the graph: their items, how far they are, and what feedback does to them."""

from typing import Any

import httpx

from tests.graph.test_nodes import START, answer, posted

PROJECT = "team/app"

QUEUE = "queueId name description enabled filters { field operator value type } createdBy user { id }"
CREATE = f"""mutation($input: AnnotationQueueCreateInput!) {{ annotationQueueCreate(input: $input) {{
  queueId queue {{ {QUEUE} }} userErrors {{ code message field }} }} }}"""
UPDATE = f"""mutation($input: AnnotationQueueUpdateInput!) {{ annotationQueueUpdate(input: $input) {{
  queueId queue {{ {QUEUE} }} userErrors {{ code message field }} }} }}"""
DELETE = """mutation($input: AnnotationQueueDeleteInput!) { annotationQueueDelete(input: $input) {
  queueId userErrors { code message field } } }"""
ITEMS = """query($id: String!, $filter: AnnotationQueueItemFilterInput, $order: [SortByInput!]) {
  project(slug: "team/app") { annotationQueue(queueId: $id) {
    progress { total done skipped remaining }
    items(filter: $filter, orderBy: $order) { totalCount nodes { callId state completedBy call { opName } } } } } }"""


async def create(client: httpx.AsyncClient, name: str = "q", **fields: Any) -> Any:
    made = (await answer(client, CREATE, input={"project": PROJECT, "name": name, **fields}))["annotationQueueCreate"]
    assert made["userErrors"] == []
    return made["queueId"]


async def update(client: httpx.AsyncClient, queue_id: str, **fields: Any) -> Any:
    which = {"project": PROJECT, "queueId": queue_id}
    return (await answer(client, UPDATE, input={**which, **fields}))["annotationQueueUpdate"]


async def put(client: httpx.AsyncClient, action: str, queue_id: str, call_id: str) -> Any:
    document = f"""mutation($input: AnnotationQueueItemInput!) {{ done: annotationQueueItem{action}(input: $input) {{
      item {{ state completedAt completedBy completedByUser {{ id }} }} userErrors {{ code message field }} }} }}"""
    which = {"project": PROJECT, "queueId": queue_id, "callId": call_id}
    return (await answer(client, document, input=which))["done"]


async def queue_of(client: httpx.AsyncClient, queue_id: str, filter_: Any = None, order: Any = None) -> Any:
    found = await answer(client, ITEMS, id=queue_id, filter=filter_, order=order)
    return found["project"]["annotationQueue"]


async def states(client: httpx.AsyncClient, queue_id: str) -> dict[str, str]:
    return {node["callId"]: node["state"] for node in (await queue_of(client, queue_id))["items"]["nodes"]}


async def record(client: httpx.AsyncClient, *call_ids: str, project: str = PROJECT) -> None:
    for call_id in call_ids:
        start = {**START, "project_id": project, "id": call_id, "thread_id": None}
        await posted(client, "/call/start", {"start": start})


async def give(client: httpx.AsyncClient, queue_id: str | None, call_id: str, **fields: Any) -> Any:
    body = {
        "project_id": PROJECT,
        "weave_ref": f"weave:///{PROJECT}/call/{call_id}",
        "feedback_type": "wandb.note.1",
        "payload": {"note": call_id},
        "queue_id": queue_id,
        **fields,
    }
    return await posted(client, "/feedback/create", body)


async def test_a_queue_is_made_changed_and_deleted(client: httpx.AsyncClient) -> None:
    given = [
        {"field": "event_type", "operator": "IS", "value": "model"},
        {"field": "metadata.n", "operator": "EXISTS", "type": "NUMBER"},
    ]
    made = await create(client, "first", filters=given, callIds=["a"])
    shown = [{"value": None, "type": None, **each} for each in given]
    changed = await update(client, made)
    assert changed == {
        "queueId": made,
        "queue": {
            "queueId": made,
            "name": "first",
            "description": "",
            "enabled": True,
            "filters": shown,
            "createdBy": "local",
            "user": {"id": "local"},
        },
        "userErrors": [],
    }
    changed = await update(client, made, name="second", description="why", enabled=False, filters=[])
    assert changed["queue"] == {
        "queueId": made,
        "name": "second",
        "description": "why",
        "enabled": False,
        "filters": [],
        "createdBy": "local",
        "user": {"id": "local"},
    }
    which = {"project": PROJECT, "queueId": made}
    gone = (await answer(client, DELETE, input=which))["annotationQueueDelete"]
    assert gone == {"queueId": made, "userErrors": []}
    missing = {"code": "NOT_FOUND", "message": f"Queue not found: {made!r}", "field": ["queueId"]}
    gone = (await answer(client, DELETE, input=which))["annotationQueueDelete"]
    assert gone == {"queueId": None, "userErrors": [missing]}
    assert await update(client, made, name="third") == {"queueId": None, "queue": None, "userErrors": [missing]}
    assert await put(client, "Complete", made, "a") == {"item": None, "userErrors": [missing]}
    assert await queue_of(client, made) is None


async def test_items_are_worked_through(client: httpx.AsyncClient) -> None:
    await record(client, "a", "b")
    queue = await create(client, callIds=["b", "a", "later"])
    found = await queue_of(client, queue)
    assert found == {
        "progress": {"total": 3, "done": 0, "skipped": 0, "remaining": 3},
        "items": {
            "totalCount": 3,
            "nodes": [
                {"callId": "b", "state": "PENDING", "completedBy": None, "call": {"opName": "op"}},
                {"callId": "a", "state": "PENDING", "completedBy": None, "call": {"opName": "op"}},
                {"callId": "later", "state": "PENDING", "completedBy": None, "call": None},
            ],
        },
    }
    done = await put(client, "Complete", queue, "b")
    assert done["item"]["completedAt"] is not None
    expected = {"state": "DONE", "completedBy": "local", "completedByUser": {"id": "local"}}
    assert done == {"item": {**expected, "completedAt": done["item"]["completedAt"]}, "userErrors": []}
    assert await put(client, "Complete", queue, "b") == done  # again changes nothing

    refused = await put(client, "Skip", queue, "b")
    message = "The call 'b' is done in this queue; reopen it first"
    assert refused["userErrors"] == [{"code": "CONFLICT", "message": message, "field": ["callId"]}]
    assert refused["item"] == done["item"]
    assert (await put(client, "Skip", queue, "a"))["item"]["state"] == "SKIPPED"
    assert (await queue_of(client, queue))["progress"] == {"total": 3, "done": 1, "skipped": 1, "remaining": 1}

    pending = await queue_of(client, queue, {"states": ["PENDING"]})
    assert [node["callId"] for node in pending["items"]["nodes"]] == ["later"]
    assert pending["items"]["totalCount"] == 1
    by_hand = await queue_of(client, queue, {"states": [], "automatic": False}, [{"field": "callId"}])
    assert [node["callId"] for node in by_hand["items"]["nodes"]] == ["a", "b", "later"]
    assert (await queue_of(client, queue, {"automatic": True}))["items"]["totalCount"] == 0

    reopened = await put(client, "Reopen", queue, "b")
    nothing = {"state": "PENDING", "completedAt": None, "completedBy": None, "completedByUser": None}
    assert reopened == {"item": nothing, "userErrors": []}
    assert (await put(client, "Complete", queue, "a"))["item"]["state"] == "DONE"  # though it was skipped
    assert await states(client, queue) == {"b": "PENDING", "a": "DONE", "later": "PENDING"}

    missing = await put(client, "Complete", queue, "x")
    message = f"Queue {queue!r} has no item for the call 'x'"
    assert missing == {
        "item": None,
        "userErrors": [{"code": "NOT_FOUND", "message": message, "field": ["callId"]}],
    }


async def test_feedback_through_a_queue_makes_its_items_done(client: httpx.AsyncClient) -> None:
    await record(client, "a", "b", "c")
    queue, other = await create(client, callIds=["a", "b", "c"]), await create(client, callIds=["a"])
    await give(client, None, "a")
    await give(client, "none", "a")
    assert await states(client, queue) == {"a": "PENDING", "b": "PENDING", "c": "PENDING"}

    await give(client, queue, "a", wb_user_id="ann")
    assert (await put(client, "Skip", queue, "b"))["userErrors"] == []
    batch = [
        {
            "project_id": PROJECT,
            "weave_ref": f"weave:///{PROJECT}/call/{call_id}",
            "feedback_type": "custom",
            "payload": {},
            "queue_id": queue,
            "wb_user_id": "bob",
        }
        for call_id in ("a", "b", "elsewhere")
    ]
    await posted(client, "/feedback/batch/create", {"batch": batch})
    found = await queue_of(client, queue)
    assert [(node["callId"], node["state"], node["completedBy"]) for node in found["items"]["nodes"]] == [
        ("a", "DONE", "ann"),  # whoever was first
        ("b", "DONE", "bob"),
        ("c", "PENDING", None),
    ]
    assert found["progress"] == {"total": 3, "done": 2, "skipped": 0, "remaining": 1}
    assert await states(client, other) == {"a": "PENDING"}

    replaced = (await give(client, None, "c"))["id"]
    new = {
        "project_id": PROJECT,
        "feedback_id": replaced,
        "weave_ref": f"weave:///{PROJECT}/call/c",
        "feedback_type": "custom",
        "payload": {},
        "queue_id": queue,
    }
    await posted(client, "/feedback/replace", new)
    assert (await states(client, queue))["c"] == "DONE"


async def test_feedback_is_listed_below_queues_and_items(client: httpx.AsyncClient) -> None:
    await record(client, "a", "b")
    one, two = await create(client, "one", callIds=["a", "b"]), await create(client, "two", callIds=["a"])
    for number, (queue, call_id) in enumerate(((one, "a"), (one, "b"), (two, "a"), (one, "a"), (None, "a"))):
        await give(client, queue, call_id, payload={"note": str(number)})
    found = await answer(
        client,
        """{ project(slug: "team/app") { annotationQueues(first: 5) { nodes { name
          feedback(first: 5) { totalCount nodes { note annotationQueue { name } } }
          items(first: 5) { nodes { callId feedback(first: 5) { totalCount nodes { note } } } }
        } } call(callId: "a") { annotationQueueItems(first: 5) { nodes { queue { name }
          feedback(first: 1) { totalCount nodes { note } pageInfo { hasNextPage } } } } } } }""",
    )
    notes = [
        (
            queue["name"],
            [(each["note"], each["annotationQueue"]["name"]) for each in queue["feedback"]["nodes"]],
            {item["callId"]: [each["note"] for each in item["feedback"]["nodes"]] for item in queue["items"]["nodes"]},
        )
        for queue in found["project"]["annotationQueues"]["nodes"]
    ]
    assert notes == [
        ("one", [("0", "one"), ("1", "one"), ("3", "one")], {"a": ["0", "3"], "b": ["1"]}),
        ("two", [("2", "two")], {"a": ["2"]}),
    ]
    assert found["project"]["call"]["annotationQueueItems"]["nodes"] == [
        {
            "queue": {"name": name},
            "feedback": {"totalCount": count, "nodes": [{"note": note}], "pageInfo": {"hasNextPage": count > 1}},
        }
        for name, count, note in (("one", 2, "0"), ("two", 1, "2"))
    ]


async def test_calls_and_queues_lead_to_each_other(client: httpx.AsyncClient) -> None:
    await record(client, "a", "b", "c")
    await record(client, "a", project="team/site")
    one = await create(client, "one", callIds=["b", "a", "missing"])
    two = await create(client, "two", callIds=["b"], enabled=False)
    gone = await create(client, "gone", callIds=["b", "c"])
    await answer(client, DELETE, input={"project": PROJECT, "queueId": gone})
    found = await answer(
        client,
        """query($ids: [String!]) { project(slug: "team/app") {
          annotationQueues(orderBy: [{ field: "name", direction: DESC }]) { totalCount nodes { name
            calls { totalCount nodes { callId } } item(callId: "a") { callId } } }
          enabled: annotationQueues(filter: { enabled: true }) { nodes { name } }
          calls { nodes { callId annotationQueues(first: 1) { totalCount nodes { name } }
            off: annotationQueues(filter: { enabled: false }) { nodes { name } }
            annotationQueueItems { totalCount nodes { state queue { name } } } } }
          waiting: calls(filter: { annotationQueueIds: $ids }) { totalCount nodes { callId } }
        } }""",
        ids=[two, gone],
    )
    project = found["project"]
    assert project["annotationQueues"] == {
        "totalCount": 2,
        "nodes": [
            {"name": "two", "calls": {"totalCount": 1, "nodes": [{"callId": "b"}]}, "item": None},
            {
                "name": "one",
                "calls": {"totalCount": 2, "nodes": [{"callId": "a"}, {"callId": "b"}]},
                "item": {"callId": "a"},
            },
        ],
    }
    assert project["enabled"]["nodes"] == [{"name": "one"}]
    assert project["calls"]["nodes"] == [
        {
            "callId": call_id,
            "annotationQueues": {"totalCount": len(queues), "nodes": [{"name": name} for name in queues[:1]]},
            "off": {"nodes": [{"name": name} for name in queues if name == "two"]},
            "annotationQueueItems": {
                "totalCount": len(queues),
                "nodes": [{"state": "PENDING", "queue": {"name": name}} for name in queues],
            },
        }
        for call_id, queues in (("a", ["one"]), ("b", ["one", "two"]), ("c", []))
    ]
    assert project["waiting"] == {"totalCount": 1, "nodes": [{"callId": "b"}]}

    found = await answer(
        client,
        """query($keys: [_Any!]!) { _entities(representations: $keys) {
          ... on AnnotationQueue { name } ... on AnnotationQueueItem { id callId } } }""",
        keys=[
            {"__typename": "AnnotationQueue", "projectSlug": PROJECT, "queueId": one},
            {"__typename": "AnnotationQueue", "projectSlug": PROJECT, "queueId": gone},
            {"__typename": "AnnotationQueueItem", "projectSlug": PROJECT, "queueId": one, "callId": "a"},
            {"__typename": "AnnotationQueueItem", "projectSlug": PROJECT, "queueId": two, "callId": "a"},
            {"__typename": "AnnotationQueueItem", "projectSlug": PROJECT, "queueId": gone, "callId": "b"},
        ],
    )
    first, second, third, *others = found["_entities"]
    assert (first, second, third["callId"], others) == ({"name": "one"}, None, "a", [None, None])
    found = await answer(
        client, "query($id: ID!) { node(id: $id) { ... on AnnotationQueueItem { callId } } }", id=third["id"]
    )
    assert found["node"] == {"callId": "a"}


async def test_items_are_paged_in_their_order(client: httpx.AsyncClient) -> None:
    ids = [str(number) for number in range(7)]
    queue = await create(client, callIds=ids)
    document = """query($id: String!, $first: Int, $after: String, $last: Int, $before: String) {
      project(slug: "team/app") { annotationQueue(queueId: $id) {
        items(first: $first, after: $after, last: $last, before: $before) {
          nodes { callId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""

    async def page(**arguments: Any) -> tuple[list[str], Any]:
        found = (await answer(client, document, id=queue, **arguments))["project"]["annotationQueue"]["items"]
        return [node["callId"] for node in found["nodes"]], found["pageInfo"]

    shown, info = await page(first=3)
    assert (shown, info["hasNextPage"]) == (ids[:3], True)
    shown, info = await page(first=5, after=info["endCursor"])
    assert (shown, info["hasNextPage"]) == (ids[3:], False)
    shown, info = await page(last=2, before=info["startCursor"])
    assert (shown, info["hasPreviousPage"]) == (ids[1:3], True)


async def test_refusals_name_what_is_wrong_and_write_nothing(client: httpx.AsyncClient) -> None:
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"name": "n" * 201}, f"name has 201 characters, at most 200 are taken: {'n' * 60!r}...", ["name"]),
        (
            {"description": "d" * 1001},
            f"description has 1001 characters, at most 1000 are taken: {'d' * 60!r}...",
            ["description"],
        ),
        (
            {"filters": [{"field": "duration", "operator": "LESS_THAN", "value": "short"}]},
            "'duration' less than 'short': it is no number",
            ["filters", "0", "value"],
        ),
        (
            {"callIds": ["a", ""]},
            "The id of a call has 1 to 512 characters, none of them NUL, unlike ''",
            ["callIds", "1"],
        ),
        ({"project": "app"}, "Invalid project id 'app': expected 'entity/project'", ["project"]),
    ]
    for fields, message, field in cases:
        made = await answer(client, CREATE, input={"project": PROJECT, "name": "q", **fields})
        refused = [{"code": "INVALID_INPUT", "message": message, "field": field}]
        assert made["annotationQueueCreate"] == {"queueId": None, "queue": None, "userErrors": refused}
    assert await answer(client, "{ projects { totalCount } }") == {"projects": {"totalCount": 0}}
    queue = await create(client, callIds=["a"])
    refused = await update(client, queue, name="other", addCallIds=["b"], removeCallIds=["a", "b"])
    message = "'b' is both to be added and to be removed"
    assert refused["userErrors"] == [{"code": "INVALID_INPUT", "message": message, "field": ["removeCallIds"]}]
    assert await states(client, queue) == {"a": "PENDING"}
