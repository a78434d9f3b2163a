"""Feedback in the graph: given, listed, linked, found again."""

from itertools import chain
from typing import Any

import pytest

from db.json_text import dump_json
from graph.schema import schema
from resolvers.calls.events import CallStart
from resolvers.calls.record import delete_calls, record_calls
from resolvers.context import Context
from resolvers.feedback.record import feedback_create_batch
from resolvers.feedback.validate import NewFeedback
from resolvers.objects.create import object_create
from tests.statements import counted

PROJECT = "team/app"
EMPTY = dump_json({})


def call_ref(call_id: str) -> str:
    return f"weave:///{PROJECT}/call/{call_id}"


async def run(context: Context, document: str, **variables: Any) -> Any:
    result = await schema.execute(
        document, variable_values=variables, context_value=Context(context.database, context.caller)
    )
    assert result.errors is None
    return result.data


async def start_calls(context: Context, *ids: str) -> None:
    await record_calls(
        context,
        [CallStart(PROJECT, call_id, "t", None, "op", at, EMPTY, EMPTY) for at, call_id in enumerate(ids, start=1)],
    )


CREATE = """
mutation Create($input: FeedbackCreateInput!) {
  feedbackCreate(input: $input) {
    feedbackId wbUserId payload
    userErrors { code message field }
    feedback { feedbackType creator target { ... on Call { callId } } }
  }
}
"""


async def test_feedback_is_given_and_read_back_with_its_target(context: Context) -> None:
    await start_calls(context, "c1")
    data = await run(
        context,
        CREATE,
        input={
            "project": PROJECT,
            "targetRef": call_ref("c1"),
            "feedbackType": "wandb.note.1",
            "payload": {"note": "fine"},
            "feedbackId": "f1",
            "creator": "Jane",
        },
    )
    recorded = data["feedbackCreate"]
    assert recorded.pop("payload").text == '{"note":"fine"}'
    assert recorded == {
        "feedbackId": "f1",
        "wbUserId": "local",
        "userErrors": [],
        "feedback": {"feedbackType": "wandb.note.1", "creator": "Jane", "target": {"callId": "c1"}},
    }


async def test_a_refusal_is_an_answer(context: Context) -> None:
    data = await run(
        context,
        CREATE,
        input={
            "project": PROJECT,
            "targetRef": call_ref("c1"),
            "feedbackType": "wandb.note.1",
            "payload": {"note": ""},
        },
    )
    assert data["feedbackCreate"] == {
        "feedbackId": None,
        "wbUserId": None,
        "payload": None,
        "userErrors": [
            {
                "code": "INVALID_INPUT",
                "message": "A note has 1 to 1024 characters, not 0",
                "field": ["payload", "note"],
            }
        ],
        "feedback": None,
    }


BATCH = """
mutation Batch($items: [FeedbackCreateInput!]!, $allOrNothing: Boolean!) {
  feedbackCreateBatch(input: {items: $items, allOrNothing: $allOrNothing}) {
    results { feedbackId userErrors { code } }
    userErrors { code field }
  }
}
"""


@pytest.mark.parametrize("all_or_nothing", [False, True])
async def test_a_batch_answers_each_item(context: Context, *, all_or_nothing: bool) -> None:
    good = {"project": PROJECT, "targetRef": call_ref("c1"), "feedbackType": "x", "payload": {}, "feedbackId": "f1"}
    items = [good, {**good, "feedbackId": "f2", "payload": []}]
    data = await run(context, BATCH, items=items, allOrNothing=all_or_nothing)
    assert data["feedbackCreateBatch"] == {
        "results": [
            {"feedbackId": None if all_or_nothing else "f1", "userErrors": []},
            {"feedbackId": None, "userErrors": [{"code": "INVALID_INPUT"}]},
        ],
        "userErrors": [{"code": "INVALID_INPUT", "field": ["items", "1", "payload"]}],
    }
    found = await run(context, f'{{ project(slug: "{PROJECT}") {{ feedback {{ totalCount }} }} }}')
    assert found["project"] == (None if all_or_nothing else {"feedback": {"totalCount": 1}})


async def test_links_lead_to_calls_and_versions_and_nowhere_once_they_are_gone(context: Context) -> None:
    await start_calls(context, "c1", "judge")
    scorer = await object_create(context, PROJECT, "accuracy", dump_json({"a": 1}))
    ref = f"weave:///{PROJECT}/object/accuracy:{scorer.digest}"
    score = NewFeedback(
        PROJECT,
        call_ref("c1"),
        "wandb.runnable.accuracy",
        dump_json({"output": 1}),
        id="f1",
        runnable_ref=ref,
        call_ref=call_ref("judge"),
        trigger_ref=ref,
    )
    await feedback_create_batch(context, [score, NewFeedback(PROJECT, ref, "custom", EMPTY, id="f2")])
    document = f"""
    {{ project(slug: "{PROJECT}") {{ feedback {{ nodes {{
      feedbackId
      target {{ __typename ... on Call {{ callId }} ... on ObjectVersion {{ objectId feedback {{ totalCount }} }} }}
      runnable {{ digest }} call {{ callId }} trigger {{ versionIndex }} annotation {{ digest }}
    }} }} }} }}
    """
    nodes = (await run(context, document))["project"]["feedback"]["nodes"]
    assert nodes == [
        {
            "feedbackId": "f1",
            "target": {"__typename": "Call", "callId": "c1"},
            "runnable": {"digest": scorer.digest},
            "call": {"callId": "judge"},
            "trigger": {"versionIndex": 0},
            "annotation": None,
        },
        {
            "feedbackId": "f2",
            "target": {"__typename": "ObjectVersion", "objectId": "accuracy", "feedback": {"totalCount": 1}},
            "runnable": None,
            "call": None,
            "trigger": None,
            "annotation": None,
        },
    ]
    await delete_calls(context, PROJECT, ["c1"])
    nodes = (await run(context, document))["project"]["feedback"]["nodes"]
    assert nodes[0]["target"] is None


async def test_lists_below_calls_are_read_together(context: Context) -> None:
    calls = [f"c{index}" for index in range(30)]
    await start_calls(context, *calls)
    batch = [
        NewFeedback(PROJECT, call_ref(call_id), "custom", dump_json({"n": n}), id=f"{call_id}-{n}")
        for call_id in calls[:20]
        for n in range(3)
    ]
    await feedback_create_batch(context, batch)
    document = f"""
    query Feedback($calls: Int!) {{ project(slug: "{PROJECT}") {{ calls(first: $calls) {{ nodes {{
      callId
      feedback(first: 2, orderBy: [{{field: "payload.n", direction: DESC}}]) {{
        totalCount nodes {{ feedbackId target {{ ... on Call {{ callId }} }} }} pageInfo {{ hasNextPage }}
      }}
    }} }} }} }}
    """
    counts = []
    nodes: list[Any] = []
    for size in (2, 30):
        with counted() as statements:
            nodes = (await run(context, document, calls=size))["project"]["calls"]["nodes"]
        counts.append(len(statements))
        assert len(nodes) == size
    assert counts[0] == counts[1]
    assert nodes[0] == {
        "callId": "c0",
        "feedback": {
            "totalCount": 3,
            "nodes": [
                {"feedbackId": "c0-2", "target": {"callId": "c0"}},
                {"feedbackId": "c0-1", "target": {"callId": "c0"}},
            ],
            "pageInfo": {"hasNextPage": True},
        },
    }
    assert nodes[29]["feedback"] == {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False}}


async def test_a_list_is_paged_queried_and_ordered(context: Context) -> None:
    batch = [NewFeedback(PROJECT, call_ref("c"), "x", dump_json({"n": n}), id=f"f{n}") for n in range(7)]
    await feedback_create_batch(context, batch)
    document = f"""
    query Page($after: String, $before: String, $first: Int, $last: Int) {{ project(slug: "{PROJECT}") {{
      feedback(
        first: $first, after: $after, last: $last, before: $before
        query: {{gte: [{{getField: "payload.n"}}, {{literal: {{value: 1}}}}]}}
      ) {{ totalCount nodes {{ feedbackId }} pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }}
    }} }}
    """
    seen: list[str] = []
    after = None
    while True:
        page = (await run(context, document, first=4, after=after))["project"]["feedback"]
        assert page["totalCount"] == 6
        seen += [node["feedbackId"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == ["f1", "f2", "f3", "f4", "f5", "f6"]
    back = (await run(context, document, last=2, before=page["pageInfo"]["endCursor"]))["project"]["feedback"]
    assert [node["feedbackId"] for node in back["nodes"]] == ["f4", "f5"]
    assert back["pageInfo"]["hasPreviousPage"]


async def test_a_page_is_cut_before_it_grows_large(context: Context) -> None:
    megabyte = dump_json({"text": "x" * 1_000_000})
    batch = [NewFeedback(PROJECT, call_ref("c"), "x", megabyte, id=f"f{n:02}") for n in range(12)]
    await feedback_create_batch(context, batch)
    document = f"""
    query Page($after: String) {{ project(slug: "{PROJECT}") {{
      feedback(after: $after) {{ nodes {{ feedbackId payload }} pageInfo {{ hasNextPage endCursor }} }}
    }} }}
    """
    pages: list[list[str]] = []
    after = None
    while True:
        page = (await run(context, document, after=after))["project"]["feedback"]
        pages.append([node["feedbackId"] for node in page["nodes"]])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert [len(page) for page in pages] == [8, 4]
    assert list(chain.from_iterable(pages)) == [f"f{n:02}" for n in range(12)]
    ids_alone = await run(context, f'{{ project(slug: "{PROJECT}") {{ feedback {{ nodes {{ feedbackId }} }} }} }}')
    assert len(ids_alone["project"]["feedback"]["nodes"]) == 12


async def test_feedback_is_found_again_by_id_and_by_its_natural_key(context: Context) -> None:
    await feedback_create_batch(context, [NewFeedback(PROJECT, call_ref("c"), "x", EMPTY, id="f1")])
    data = await run(context, f'{{ project(slug: "{PROJECT}") {{ feedback {{ nodes {{ id }} }} }} }}')
    (node,) = data["project"]["feedback"]["nodes"]
    document = """
    query Again($id: ID!, $entities: [_Any!]!) {
      node(id: $id) { id ... on Feedback { feedbackId } }
      _entities(representations: $entities) { ... on Feedback { feedbackId } }
    }
    """
    entities = [
        {"__typename": "Feedback", "id": node["id"]},
        {"__typename": "Feedback", "projectSlug": PROJECT, "feedbackId": "f1"},
        {"__typename": "Feedback", "projectSlug": PROJECT, "feedbackId": "none"},
    ]
    again = await run(context, document, id=node["id"], entities=entities)
    assert again == {
        "node": {**node, "feedbackId": "f1"},
        "_entities": [{"feedbackId": "f1"}, {"feedbackId": "f1"}, None],
    }


PURGE = """
mutation Purge($input: FeedbackPurgeInput!) {
  feedbackPurge(input: $input) { purgedCount userErrors { code message field } }
}
"""


async def test_a_purge_takes_either_form_of_a_query_and_needs_one(context: Context) -> None:
    await feedback_create_batch(
        context, [NewFeedback(PROJECT, call_ref("c"), "x", EMPTY, id=f"f{n}") for n in range(3)]
    )
    typed = {"eq": [{"getField": "id"}, {"literal": {"value": "f0"}}]}
    data = await run(context, PURGE, input={"project": PROJECT, "query": typed})
    assert data["feedbackPurge"] == {"purgedCount": 1, "userErrors": []}
    pasted = {"$expr": {"$in": [{"$getField": "id"}, [{"$literal": "f1"}, {"$literal": "f0"}]]}}
    data = await run(context, PURGE, input={"project": PROJECT, "queryJson": pasted})
    assert data["feedbackPurge"] == {"purgedCount": 1, "userErrors": []}
    data = await run(context, PURGE, input={"project": PROJECT})
    assert data["feedbackPurge"] == {
        "purgedCount": 0,
        "userErrors": [{"code": "INVALID_INPUT", "message": "A purge needs query or queryJson", "field": ["query"]}],
    }


async def test_one_piece_takes_the_place_of_another(context: Context) -> None:
    await feedback_create_batch(context, [NewFeedback(PROJECT, call_ref("c"), "x", EMPTY, id="f1")])
    document = """
    mutation Replace($input: FeedbackCreateInput!) {
      feedbackReplace(feedbackId: "f1", input: $input) { feedbackId userErrors { code } }
    }
    """
    new = {"project": PROJECT, "targetRef": call_ref("c"), "feedbackType": "y", "payload": {}, "feedbackId": "f2"}
    data = await run(context, document, input=new)
    assert data["feedbackReplace"] == {"feedbackId": "f2", "userErrors": []}
    data = await run(
        context, f'{{ project(slug: "{PROJECT}") {{ feedback {{ nodes {{ feedbackId feedbackType }} }} }} }}'
    )
    assert data["project"]["feedback"]["nodes"] == [{"feedbackId": "f2", "feedbackType": "y"}]


FILTERED = """query($filter: FeedbackFilterInput) { project(slug: "team/app") {
  feedback(filter: $filter) { totalCount nodes { feedbackId } }
  calls { nodes { callId feedback(filter: $filter) { totalCount nodes { feedbackId } } } } } }"""


async def give_each_kind(context: Context) -> str:
    """Feedback of each kind on two calls; returns the ref of the scorer and the spec."""
    await start_calls(context, "c1", "c2")
    made = await object_create(context, PROJECT, "stars", dump_json({"field_schema": {}}))
    ref = f"weave:///{PROJECT}/object/stars:{made.digest}"
    given = [
        ("f1", "c1", "wandb.reaction.1", {"emoji": "👍"}, {"creator": "Jane"}),
        ("f2", "c1", "wandb.note.1", {"note": "fine\0"}, {}),
        ("f3", "c2", "wandb.annotation.stars", {"value": [1.0, "x"]}, {"annotation_ref": ref}),
        ("f4", "c2", "wandb.runnable.stars", {"output": {"a": 1}}, {"runnable_ref": ref, "call_ref": call_ref("c1")}),
        ("f5", "c1", "custom", {"note": 7, "value": None}, {"wb_user_id": "bob", "queue_id": "q"}),
    ]
    batch = [
        NewFeedback(PROJECT, call_ref(call), kind, dump_json(payload), id=name, **more)  # type: ignore[arg-type]
        for name, call, kind, payload, more in given
    ]
    results = await feedback_create_batch(context, batch)
    assert not [result for result in results if isinstance(result, Exception)]
    return ref


async def test_a_filter_narrows_lists_of_feedback(context: Context) -> None:
    ref = await give_each_kind(context)
    found = await run(context, '{ project(slug: "team/app") { feedback { nodes { feedbackId createdAt } } } }')
    times = {node["feedbackId"]: node["createdAt"] for node in found["project"]["feedback"]["nodes"]}
    for chosen, expected in (
        (None, ["f1", "f2", "f3", "f4", "f5"]),
        ({}, ["f1", "f2", "f3", "f4", "f5"]),
        ({"kinds": ["NOTE", "OTHER"]}, ["f2", "f5"]),
        ({"kinds": ["SCORER", "ANNOTATION", "REACTION"]}, ["f1", "f3", "f4"]),
        ({"kinds": []}, ["f1", "f2", "f3", "f4", "f5"]),
        ({"feedbackTypes": ["custom", "wandb.note.1"]}, ["f2", "f5"]),
        ({"targetRefs": [call_ref("c2")]}, ["f3", "f4"]),
        ({"scorers": ["stars"]}, ["f4"]),
        ({"scorers": ["star"]}, []),
        ({"runnableRefs": [ref]}, ["f4"]),
        ({"runnableRefs": [f"weave:///{PROJECT}/object/stars:*"]}, ["f4"]),
        ({"annotationRefs": [f"weave:///{PROJECT}/object/stars:*"]}, ["f3"]),
        ({"callRefs": [call_ref("c1")]}, ["f4"]),
        ({"queueIds": ["q"]}, ["f5"]),
        ({"creators": ["Jane"]}, ["f1"]),
        ({"wbUserIds": ["bob"]}, ["f5"]),
        ({"wbUserIds": ["bob"], "kinds": ["NOTE"]}, []),
        ({"createdAfter": times["f4"]}, ["f4", "f5"]),
        ({"createdBefore": times["f2"]}, ["f1"]),
    ):
        project = (await run(context, FILTERED, filter=chosen))["project"]
        assert [node["feedbackId"] for node in project["feedback"]["nodes"]] == expected, chosen
        assert project["feedback"]["totalCount"] == len(expected)
        below = [call["feedback"] for call in project["calls"]["nodes"]]
        assert sorted(node["feedbackId"] for each in below for node in each["nodes"]) == expected
        assert sum(each["totalCount"] for each in below) == len(expected)


async def test_too_long_a_filter_is_refused(context: Context) -> None:
    await start_calls(context, "c1")
    result = await schema.execute(
        FILTERED,
        variable_values={"filter": {"creators": ["x"] * 1001}},
        context_value=Context(context.database, context.caller),
    )
    assert result.errors is not None
    assert "'creators' request length is greater than max length (1000)" in result.errors[0].message


async def test_what_is_said_reads_without_knowing_the_payload(context: Context) -> None:
    await give_each_kind(context)
    document = '{ project(slug: "team/app") { feedback { nodes { kind note emoji value output } } } }'
    with counted() as statements:
        nodes = (await run(context, document))["project"]["feedback"]["nodes"]
    assert len(statements) == 10  # the project, the page, and two for each word
    said = [
        (node["kind"], node["note"], node["emoji"], *(node[name] and node[name].text for name in ("value", "output")))
        for node in nodes
    ]
    assert said == [
        ("REACTION", None, "👍", None, None),
        ("NOTE", "fine\0", None, None, None),
        ("ANNOTATION", None, None, '[1.0,"x"]', None),
        ("SCORER", None, None, None, '{"a":1}'),
        ("OTHER", None, None, None, None),
    ]


async def test_feedback_inside_an_object_leads_to_its_version(context: Context) -> None:
    made = await object_create(context, PROJECT, "data", dump_json({"rows": [1]}))
    ref = f"weave:///{PROJECT}/object/data:{made.digest}/attr/rows/index/0"
    await feedback_create_batch(context, [NewFeedback(PROJECT, ref, "custom", EMPTY)])
    document = '{ project(slug: "team/app") { feedback { nodes { target { ... on ObjectVersion { objectId } } } } } }'
    assert (await run(context, document))["project"]["feedback"]["nodes"] == [{"target": {"objectId": "data"}}]


async def test_refs_give_the_values_at_their_ends(context: Context) -> None:
    inner = await object_create(context, PROJECT, "inner", dump_json({"deep": [1.0, "x"]}))
    ref = f"weave:///{PROJECT}/object/inner:{inner.digest}"
    values = {"whole": ref, "part": f"{ref}/attr/deep/index/1", "gone": f"{ref}/attr/none", "text": "weave:///a"}
    values["call"] = call_ref("c1")
    await object_create(context, PROJECT, "outer", dump_json(values))
    document = '{ project(slug: "team/app") { objectVersion(objectId: "outer") { refs { uri value } } } }'
    refs = (await run(context, document))["project"]["objectVersion"]["refs"]
    assert {link["uri"]: link["value"] and link["value"].text for link in refs} == {
        values["whole"]: '{"deep":[1.0,"x"]}',
        values["part"]: '"x"',
        values["gone"]: None,
        values["call"]: None,
        values["text"]: None,
    }
