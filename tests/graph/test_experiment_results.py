"""What experiments come to, and two of them side by side, of either origin."""

import json
from typing import Any

import httpx
import pytest

from tests.graph.recording import ask
from tests.runs import PROJECT, make_run, posted, publish_rows, record_evaluation, record_session, uid
from tests.statements import counted

RESULT = """query($project: String!, $id: String!, $aggregate: ExperimentAggregate! = AVERAGE,
    $filters: [EventFilterInput!], $passed: Boolean, $first: Int, $after: String) {
  project(slug: $project) { experiment(experimentId: $id) { result(aggregate: $aggregate, filters: $filters) {
    status success aggregateFunction passed failed
    metrics { name eventName eventType metricType betterWhen aggregate values labels { label count }
      passingRange { min max } passed failed metric { name } }
    datapoints(passed: $passed, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
      datapointId sessionId callId passed metrics { name eventName eventType value label passed }
      call { callId } datapoint { datapointId } } }
    eventKinds { eventName eventType } } } } }"""


async def result(client: httpx.AsyncClient, experiment_id: str, **variables: Any) -> Any:
    found = await ask(client, RESULT, project=PROJECT, id=experiment_id, **variables)
    return found["project"]["experiment"]["result"]


async def two_datapoints(client: httpx.AsyncClient, **fields: Any) -> str:
    run = await make_run(client, "run", **fields)
    await record_session(
        client, run, "one", "a", {"overall": 4}, [{"metrics": {"accuracy": 0.9, "fine": True, "tone": "kind"}}]
    )
    await record_session(
        client, run, "two", "b", {"overall": 2}, [{"metrics": {"accuracy": 0.5, "fine": False}}], began=60
    )
    return run


async def test_a_run_comes_to_what_its_events_say(client: httpx.AsyncClient) -> None:
    run = await two_datapoints(client, passingRanges=[{"metric": "accuracy", "min": 0.6}, {"metric": "overall"}])
    found = await result(client, run)
    assert found == {
        "status": "PENDING",
        "success": False,
        "aggregateFunction": "AVERAGE",
        "passed": ["a"],
        "failed": ["b"],
        "metrics": [
            {
                "name": "accuracy",
                "eventName": "answer",
                "eventType": "chain",
                "metricType": None,
                "betterWhen": "HIGHER",
                "aggregate": 0.7,
                "values": [0.9, 0.5],
                "labels": [],
                "passingRange": {"min": 0.6, "max": None},
                "passed": ["a"],
                "failed": ["b"],
                "metric": None,
            },
            {
                "name": "fine",
                "eventName": "answer",
                "eventType": "chain",
                "metricType": None,
                "betterWhen": "HIGHER",
                "aggregate": 0.5,
                "values": [1, 0],
                "labels": [{"label": "false", "count": 1}, {"label": "true", "count": 1}],
                "passingRange": None,
                "passed": [],
                "failed": [],
                "metric": None,
            },
            {
                "name": "overall",
                "eventName": "session",
                "eventType": "session",
                "metricType": None,
                "betterWhen": "HIGHER",
                "aggregate": 3,
                "values": [4, 2],
                "labels": [],
                "passingRange": None,
                "passed": [],
                "failed": [],
                "metric": None,
            },
            {
                "name": "tone",
                "eventName": "answer",
                "eventType": "chain",
                "metricType": None,
                "betterWhen": "HIGHER",
                "aggregate": None,
                "values": [],
                "labels": [{"label": "kind", "count": 1}],
                "passingRange": None,
                "passed": [],
                "failed": [],
                "metric": None,
            },
        ],
        "datapoints": {
            "totalCount": 2,
            "pageInfo": {"hasNextPage": False, "endCursor": found["datapoints"]["pageInfo"]["endCursor"]},
            "nodes": [
                {
                    "datapointId": "a",
                    "sessionId": uid("one"),
                    "callId": uid("one"),
                    "passed": True,
                    "metrics": [
                        {
                            "name": "accuracy",
                            "eventName": "answer",
                            "eventType": "chain",
                            "value": 0.9,
                            "label": None,
                            "passed": True,
                        },
                        {
                            "name": "fine",
                            "eventName": "answer",
                            "eventType": "chain",
                            "value": 1,
                            "label": "true",
                            "passed": None,
                        },
                        {
                            "name": "overall",
                            "eventName": "one",
                            "eventType": "session",
                            "value": 4,
                            "label": None,
                            "passed": None,
                        },
                        {
                            "name": "tone",
                            "eventName": "answer",
                            "eventType": "chain",
                            "value": None,
                            "label": "kind",
                            "passed": None,
                        },
                    ],
                    "call": {"callId": uid("one")},
                    "datapoint": None,
                },
                {
                    "datapointId": "b",
                    "sessionId": uid("two"),
                    "callId": uid("two"),
                    "passed": False,
                    "metrics": found["datapoints"]["nodes"][1]["metrics"],
                    "call": {"callId": uid("two")},
                    "datapoint": None,
                },
            ],
        },
        "eventKinds": [
            {"eventName": "answer", "eventType": "chain"},
            {"eventName": "one", "eventType": "session"},
            {"eventName": "two", "eventType": "session"},
        ],
    }


async def metrics_of(client: httpx.AsyncClient, experiment_id: str, **variables: Any) -> dict[str, Any]:
    """Names of metrics to their values, numbers before texts."""
    found = await result(client, experiment_id, **variables)
    return {
        metric["name"]: metric["values"] + [each["label"] for each in metric["labels"] for _ in range(each["count"])]
        for metric in found["metrics"]
    }


async def test_a_session_that_fails_to_say_its_datapoint_has_that_of_its_events(client: httpx.AsyncClient) -> None:
    run = await make_run(client, "run")
    said = {"run_id": run, "datapoint_id": "a"}
    await record_session(client, run, "late", None, {"x": 1}, [{"metadata": said, "metrics": {"y": 2}}])
    await record_session(client, run, "none", None, {"x": 3}, began=10)
    # Two datapoints in one session: what is beside them is over neither.
    both = [{"metadata": {"run_id": run, "datapoint_id": name}, "metrics": {"y": 4}} for name in "bc"]
    await record_session(client, run, "both", None, {"x": 5}, both, began=20)
    found = await result(client, run)
    assert [
        (each["datapointId"], each["sessionId"], [(metric["name"], metric["value"]) for metric in each["metrics"]])
        for each in found["datapoints"]["nodes"]
    ] == [
        ("a", uid("late"), [("x", 1), ("y", 2)]),
        (None, uid("none"), [("x", 3)]),
        ("b", uid("both"), [("y", 4)]),
        ("c", uid("both"), [("y", 4)]),
    ]
    assert found["passed"] == ["a", uid("none"), "b", "c"]
    assert (await metrics_of(client, run))["x"] == [1, 3, 5]


async def test_a_metric_of_the_project_says_which_values_pass(client: httpx.AsyncClient) -> None:
    document = """mutation($input: MetricCreateInput!) { metricCreate(input: $input) { userErrors { message } } }"""
    definitions = [
        {"name": "seconds", "type": "PYTHON", "criteria": "1", "threshold": {"max": 2}},
        {
            "name": "tone",
            "type": "HUMAN",
            "criteria": "?",
            "returnType": "CATEGORICAL",
            "categories": [{"category": "kind"}, {"category": "rude"}],
            "threshold": {"passingCategories": ["kind"]},
        },
        {"name": "score", "type": "HUMAN", "criteria": "?", "threshold": {"min": 5}},
    ]
    for definition in definitions:
        made = await ask(client, document, input={"project": PROJECT, "definition": definition})
        assert made["metricCreate"]["userErrors"] == []
    run = await make_run(client, "run", passingRanges=[{"metric": "score", "max": 1}])
    for index, (name, seconds, tone) in enumerate([("a", 1, "kind"), ("b", 3, "kind"), ("c", 2, "rude")]):
        await record_session(client, run, name, name, {"seconds": seconds, "tone": tone, "score": 1}, began=index)
    found = await result(client, run)
    assert (found["passed"], found["failed"]) == (["a"], ["b", "c"])
    assert [
        (each["name"], each["metricType"], each["metric"]["name"], each["betterWhen"], each["passingRange"])
        for each in found["metrics"]
    ] == [
        ("score", "HUMAN", "score", "LOWER", {"min": None, "max": 1}),
        ("seconds", "PYTHON", "seconds", "LOWER", {"min": None, "max": 2}),
        ("tone", "HUMAN", "tone", "HIGHER", None),
    ]
    assert [(each["passed"], each["failed"]) for each in found["metrics"]] == [
        (["a", "b", "c"], []),
        (["a", "c"], ["b"]),
        (["a", "b"], ["c"]),
    ]


async def test_filters_say_which_events_count(client: httpx.AsyncClient) -> None:
    run = await two_datapoints(client)
    fine = {"field": "metrics.fine", "operator": "IS", "value": True}
    found = await result(client, run, filters=[fine])
    assert [each["datapointId"] for each in found["datapoints"]["nodes"]] == ["a"]
    assert await metrics_of(client, run, filters=[fine]) == {"accuracy": [0.9], "fine": [1, "true"], "tone": ["kind"]}
    sessions = {"field": "event_type", "operator": "IS", "value": "session"}
    assert await metrics_of(client, run, filters=[sessions]) == {"overall": [4, 2]}
    assert (await result(client, run, filters=[sessions, fine]))["datapoints"]["totalCount"] == 0


async def test_datapoints_come_in_pages(client: httpx.AsyncClient) -> None:
    run = await make_run(client, "run", passingRanges=[{"metric": "x", "min": 2}])
    for index in range(5):
        await record_session(client, run, f"s{index}", f"d{index}", {"x": index}, began=index)
    seen: list[str] = []
    after, page = None, dict[str, Any]()
    for _ in range(3):
        page = (await result(client, run, first=2, after=after))["datapoints"]
        assert page["totalCount"] == 5
        seen += [node["datapointId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == ["d0", "d1", "d2", "d3", "d4"]
    assert page["pageInfo"]["hasNextPage"] is False
    chosen = (await result(client, run, passed=True))["datapoints"]
    assert [node["datapointId"] for node in chosen["nodes"]] == ["d2", "d3", "d4"]
    document = """query($project: String!, $id: String!, $last: Int, $before: String) {
        project(slug: $project) { experiment(experimentId: $id) { result { datapoints(last: $last, before: $before) {
        pageInfo { hasPreviousPage startCursor } nodes { datapointId } } } } } }"""
    before, seen = None, []
    for _ in range(3):
        found = await ask(client, document, project=PROJECT, id=run, last=2, before=before)
        page = found["project"]["experiment"]["result"]["datapoints"]
        seen = [node["datapointId"] for node in page["nodes"]] + seen
        before = page["pageInfo"]["startCursor"]
    assert seen == ["d0", "d1", "d2", "d3", "d4"]
    assert page["pageInfo"]["hasPreviousPage"] is False


@pytest.mark.parametrize("arguments", ["first: 0", "first: 200001", "first: 1, last: 1", 'after: "x"', "last: -1"])
async def test_pages_that_cannot_be(client: httpx.AsyncClient, arguments: str) -> None:
    run = await make_run(client, "run")
    document = f"""query($id: String!) {{ project(slug: "{PROJECT}") {{ experiment(experimentId: $id) {{
        eventMetrics({arguments}) {{ totalCount }} }} }} }}"""
    answer = await posted(client, "/graphql", {"query": document, "variables": {"id": run}})
    (error,) = answer["errors"]
    assert error["extensions"]["code"] in {"INVALID_INPUT", "INVALID_QUERY"}


EVENTS = """query($project: String!, $id: String!, $after: DateTime, $until: DateTime) {
  project(slug: $project) { experiment(experimentId: $id) { eventMetrics(startedAfter: $after, startedUntil: $until) {
    totalCount nodes { callId eventName eventType sessionId datapointId startedAt call { callId }
      metrics { name value label } } } } } }"""


async def events(client: httpx.AsyncClient, experiment_id: str, **variables: Any) -> list[Any]:
    found = await ask(client, EVENTS, project=PROJECT, id=experiment_id, **variables)
    connection = found["project"]["experiment"]["eventMetrics"]
    assert connection["totalCount"] == len(connection["nodes"])
    return list(connection["nodes"])


async def say(client: httpx.AsyncClient, call_id: str, kind: str, payload: Any, **more: Any) -> None:
    ref = f"weave:///{PROJECT}/call/{call_id}"
    body = {"project_id": PROJECT, "weave_ref": ref, "feedback_type": kind, "payload": payload, **more}
    await posted(client, "/feedback/create", body)


async def test_what_is_said_of_events_beside_is_a_metric_too(client: httpx.AsyncClient) -> None:
    run = await make_run(client, "run")
    await record_session(client, run, "one", "a", None, [{"metrics": {"judge": 1}}, {}])
    scored, silent = uid("one 1"), uid("one 2")
    runnable = {"runnable_ref": f"weave:///{PROJECT}/object/judge:1"}
    await say(client, scored, "wandb.runnable.judge", {"output": 5}, **runnable)
    await say(client, silent, "wandb.runnable.judge", {"output": 2}, **runnable)
    await say(client, silent, "wandb.runnable.judge", {"output": {"score": 3, "reason": "so"}}, **runnable)
    await say(client, silent, "wandb.runnable.judge", {"output": 4}, **runnable)
    await say(client, silent, "wandb.reaction.1", {"emoji": "👍"})
    await say(client, silent, "custom", {"output": 9})
    found = await events(client, run)
    assert [(each["callId"], each["datapointId"], each["metrics"]) for each in found] == [
        (scored, "a", [{"name": "judge", "value": 1, "label": None}]),
        (
            silent,
            "a",
            [
                {"name": "judge", "value": 4, "label": None},
                {"name": "judge.score", "value": 3, "label": None},
            ],
        ),
    ]
    assert await events(client, run, after=found[1]["startedAt"], until=found[1]["startedAt"]) == [found[1]]


async def test_rows_of_an_evaluation_are_events(client: httpx.AsyncClient) -> None:
    rows, digests = await publish_rows(client, [{"q": 1}, {"q": "é \U0001f600"}])
    evaluation = await record_evaluation(
        client,
        "eval",
        [
            (f"{rows}/id/{digests[0]}", {"judge": {"score": 0.5, "reason": "so"}, "fine": True, "tone": "kind"}, 2.5),
            # The second row stands in the evaluation itself; it is run twice.
            ({"q": "é \U0001f600"}, {"judge": {"score": 1}, "fine": False}, None),
            ({"q": "é \U0001f600"}, {"judge": {"score": 0}, "fine": False}, None),
            (None, {}, 1),
        ],
    )
    # What the evaluation's own scorers said is in its rows; what others say later is not.
    predicted = uid("eval 0 predict")
    judge, stars = (f"weave:///{PROJECT}/object/{name}:1" for name in ("Judge", "stars"))
    own = f"weave:///{PROJECT}/call/{predicted}"
    await say(client, predicted, "wandb.runnable.Judge", {"output": 7}, call_ref=own, runnable_ref=judge)
    await say(client, predicted, "wandb.runnable.stars", {"output": 4}, runnable_ref=stars)
    found = await events(client, evaluation)
    names = {uid(f"eval {index}"): index for index in range(4)}
    assert [(names[each["callId"]], each["datapointId"], each["eventName"], each["eventType"]) for each in found] == [
        (0, digests[0], "Evaluation.predict_and_score", "chain"),
        (1, digests[1], "Evaluation.predict_and_score", "chain"),
        (2, digests[1], "Evaluation.predict_and_score", "chain"),
        (3, None, "Evaluation.predict_and_score", "chain"),
    ]
    assert [{metric["name"]: metric["value"] for metric in each["metrics"]} for each in found] == [
        {"judge.score": 0.5, "fine": 1, "tone": None, "model_latency": 2.5, "stars": 4},
        {"judge.score": 1, "fine": 0},
        {"judge.score": 0, "fine": 0},
        {"model_latency": 1},
    ]
    came_to = await result(client, evaluation)
    assert [
        (each["datapointId"], each["callId"], [metric["value"] for metric in each["metrics"]])
        for each in came_to["datapoints"]["nodes"]
    ] == [
        (digests[0], uid("eval 0"), [1, 0.5, 2.5, 4, None]),
        (digests[1], uid("eval 1"), [0, 0.5]),
        (None, uid("eval 3"), [1]),
    ]
    assert came_to["passed"] == [digests[0], digests[1], uid("eval 3")]


COMPARISON = """query($project: String!, $new: String!, $old: String!, $filters: [EventFilterInput!]) {
  project(slug: $project) { experimentComparison(newExperimentId: $new, oldExperimentId: $old, filters: $filters) {
    newExperiment { experimentId origin } oldExperiment { experimentId origin } aggregateFunction
    commonDatapoints newOnlyDatapoints oldOnlyDatapoints
    metrics { name eventName eventType oldEventName oldEventType inOld inNew betterWhen metricType metric { name }
      oldAggregate newAggregate difference percentageChange
      foundCount improvedCount degradedCount sameCount differentCount found improved degraded same different
      oldValues newValues oldLabels newLabels }
    eventKinds { eventName eventType inOld inNew } } } }"""


async def test_one_query_compares_experiments_of_both_origins(client: httpx.AsyncClient) -> None:
    rows, digests = await publish_rows(client, [{"q": n} for n in range(3)])
    scores = [{"score": 0.5, "tone": "kind"}, {"score": 1, "tone": "kind"}, {"score": 0.25, "tone": "rude"}]
    evaluation = await record_evaluation(
        client, "eval", [(f"{rows}/id/{digest}", said, 1) for digest, said in zip(digests, scores, strict=True)]
    )
    run = await make_run(client, "run")
    for index, digest in enumerate([*digests[:2], "EXT-else"]):
        metrics = {"score": 0.75, "tone": "kind" if index else "plain", "other": 1}
        await record_session(client, run, f"s{index}", digest, events=[{"metrics": metrics}], began=index)
    found = (await ask(client, COMPARISON, project=PROJECT, new=run, old=evaluation))["project"]["experimentComparison"]
    assert found["newExperiment"] == {"experimentId": run, "origin": "HONEYHIVE"}
    assert found["oldExperiment"] == {"experimentId": evaluation, "origin": "WEAVE"}
    assert found["commonDatapoints"] == digests[:2]
    assert (found["newOnlyDatapoints"], found["oldOnlyDatapoints"]) == (["EXT-else"], [digests[2]])
    latency, other, score, tone = found["metrics"]
    a, b = digests[:2]
    assert score == {
        "name": "score",
        "eventName": "answer",
        "eventType": "chain",
        "oldEventName": "Evaluation.predict_and_score",
        "oldEventType": "chain",
        "inOld": True,
        "inNew": True,
        "betterWhen": "HIGHER",
        "metricType": None,
        "metric": None,
        "oldAggregate": pytest.approx(1.75 / 3),
        "newAggregate": 0.75,
        "difference": pytest.approx(0.75 - 1.75 / 3),
        "percentageChange": pytest.approx((0.75 / (1.75 / 3) - 1) * 100),
        "foundCount": 2,
        "improvedCount": 1,
        "degradedCount": 1,
        "sameCount": 0,
        "differentCount": 0,
        "found": [a, b],
        "improved": [a],
        "degraded": [b],
        "same": [],
        "different": [],
        "oldValues": [0.5, 1],
        "newValues": [0.75, 0.75],
        "oldLabels": [None, None],
        "newLabels": [None, None],
    }
    assert (tone["same"], tone["different"], tone["oldLabels"], tone["newLabels"]) == (
        [b],
        [a],
        ["kind", "kind"],
        ["plain", "kind"],
    )
    assert (latency["name"], latency["inOld"], latency["inNew"], latency["betterWhen"]) == (
        "model_latency",
        True,
        False,
        "LOWER",
    )
    assert (other["name"], other["inOld"], other["oldEventName"], other["newAggregate"]) == ("other", False, None, 1)
    assert {(kind["eventName"], kind["inOld"], kind["inNew"]) for kind in found["eventKinds"]} >= {
        ("answer", False, True),
        ("Evaluation.predict_and_score", True, False),
    }


DATASET = """mutation($dataset: DatasetCreateInput!, $first: DatapointCreateInput!, $second: DatapointCreateInput!) {
  datasetCreate(input: $dataset) { userErrors { message } }
  first: datapointCreate(input: $first) { datapointId }
  second: datapointCreate(input: $second) { datapointId } }"""
PUBLISH = """mutation($input: DatasetPublishInput!) { datasetPublish(input: $input) { ref userErrors { message } } }"""


@pytest.mark.parametrize("layout", ["FLAT", "NESTED"])
async def test_datapoints_are_the_rows_that_they_were_published_as(client: httpx.AsyncClient, layout: str) -> None:
    given = {"project": PROJECT, "datasetIds": ["dataset"]}
    made = await ask(
        client,
        DATASET,
        dataset={"project": PROJECT, "datasetId": "dataset", "name": "questions"},
        first={**given, "inputs": {"q": 1}, "groundTruth": {"answer": "é"}},
        second={**given, "inputs": {"q": 2}},
    )
    datapoints = [made[name]["datapointId"] for name in ("first", "second")]
    published = await ask(client, PUBLISH, input={"project": PROJECT, "datasetId": "dataset", "layout": layout})
    ref = published["datasetPublish"]["ref"]
    (table_ref,) = (await posted(client, "/refs/read_batch", {"refs": [f"{ref}/attr/rows"]}))["vals"]
    table = await posted(client, "/table/query", {"project_id": PROJECT, "digest": table_ref.split("/")[-1]})
    digests = [row["digest"] for row in table["rows"]]
    rows = [(f"{ref}/attr/rows/id/{digest}", {"score": index}, None) for index, digest in enumerate(digests)]
    evaluation = await record_evaluation(client, "eval", rows)
    run = await make_run(client, "run", datasetId="dataset")
    for index, datapoint in enumerate(datapoints):
        await record_session(client, run, f"s{index}", datapoint, events=[{"metrics": {"score": 1}}], began=index)
    found = (await ask(client, COMPARISON, project=PROJECT, new=run, old=evaluation))["project"]["experimentComparison"]
    assert found["commonDatapoints"] == datapoints
    assert [(each["improved"], each["same"]) for each in found["metrics"]] == [([datapoints[0]], [datapoints[1]])]
    pairs = (await ask(client, PAIRS, project=PROJECT, new=evaluation, old=run))["project"]["experimentEventPairs"]
    assert {(node["datapointId"], node["newCallId"], node["oldCallId"]) for node in pairs["nodes"]} == {
        (datapoint, uid(f"eval {index}{new}"), uid(f"s{index}{old}"))
        for index, datapoint in enumerate(datapoints)
        # The row and the session, and the one call in either.
        for new, old in (("", ""), (" predict", " 1"))
    }


PAIRS = """query($project: String!, $new: String!, $old: String!, $first: Int, $after: String) {
  project(slug: $project) { experimentEventPairs(newExperimentId: $new, oldExperimentId: $old, first: $first,
    after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
    datapointId newCallId oldCallId newCall { callId } oldCall { callId } } } } }"""


async def test_events_of_both_origins_pair_by_datapoint(client: httpx.AsyncClient) -> None:
    rows, digests = await publish_rows(client, [{"q": n} for n in range(2)])
    evaluation = await record_evaluation(
        client, "eval", [(f"{rows}/id/{digest}", {"score": 1}, 1) for digest in digests]
    )
    again = await record_evaluation(client, "again", [(f"{rows}/id/{digests[1]}", {"score": 1}, 1)])
    found = await ask(client, PAIRS, project=PROJECT, new=again, old=evaluation, first=1)
    connection = found["project"]["experimentEventPairs"]
    assert (connection["totalCount"], connection["pageInfo"]["hasNextPage"]) == (2, True)
    after = connection["pageInfo"]["endCursor"]
    found = await ask(client, PAIRS, project=PROJECT, new=again, old=evaluation, after=after)
    nodes = connection["nodes"] + found["project"]["experimentEventPairs"]["nodes"]
    assert sorted((node["newCallId"], node["oldCallId"]) for node in nodes) == sorted(
        [(uid("again 0"), uid("eval 1")), (uid("again 0 predict"), uid("eval 1 predict"))]
    )
    assert all(node["datapointId"] == digests[1] for node in nodes)
    assert all(node["newCall"]["callId"] == node["newCallId"] for node in nodes)
    assert all(node["oldCall"]["callId"] == node["oldCallId"] for node in nodes)


@pytest.mark.parametrize("missing", ["newExperimentId", "oldExperimentId"])
async def test_experiments_that_are_not_there(client: httpx.AsyncClient, missing: str) -> None:
    run = await make_run(client, "run")
    ids = {"new": run, "old": run, missing.removesuffix("ExperimentId"): "nobody"}
    for document in (COMPARISON, PAIRS):
        answer = await posted(client, "/graphql", {"query": document, "variables": {"project": PROJECT, **ids}})
        (error,) = answer["errors"]
        assert error["message"] == "There is no experiment 'nobody'"
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("NOT_FOUND", [missing])


STRANGE = {
    "nan": float("nan"),
    "huge": 10**400,
    "big": 2**63,
    "nul\0": 1,
    "half\ud800": 2,
    "null": None,
    "list": [1, {"a": True}],
    "long": "x" * 5000,
    "": 3,
    "a.b": 4,
}


async def test_strange_metrics_spoil_nothing(client: httpx.AsyncClient) -> None:
    run = await make_run(client, "run")
    await record_session(client, run, "fine", "a", None, [{"metrics": {"x": 1}}])
    start = {
        "project_id": PROJECT,
        "id": "strange",
        "trace_id": "strange",
        "op_name": "op\0",
        "started_at": "2026-01-02T00:00:00Z",
        "attributes": {"honeyhive": {"metadata": {"run_id": run}, "metrics": STRANGE}},
        "inputs": {},
    }
    await posted_json(client, "/call/start", {"start": start})
    await name_event(client, run, "strange")
    found = (await result(client, run))["metrics"]
    values = {each["name"]: each["values"] for each in found if each["values"]}
    assert values == {
        "": [3],
        "a.b": [4],
        "big": [2**63],
        "half\ud800": [2],
        "list.0": [1],
        "list.1.a": [1],
        "nul\0": [1],
        "x": [1],
    }
    labels = {each["name"]: each["labels"][0]["label"] for each in found if each["labels"] and not each["values"]}
    assert labels["nan"] == "NaN"
    assert labels["long"] == "x" * 1000
    assert set(labels) == {"nan", "long", "huge"}


async def posted_json(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    """As ``posted``, with what only Python's JSON can write."""
    headers = {"content-type": "application/json"}
    response = await client.post(path, content=json.dumps(body), headers=headers)
    assert response.status_code == 200, response.text


async def name_event(client: httpx.AsyncClient, run: str, event_id: str) -> None:
    document = """mutation($input: ExperimentUpdateInput!) { experimentUpdate(input: $input) {
        userErrors { message } } }"""
    found = await ask(client, document, input={"project": PROJECT, "experimentId": run, "eventIds": [event_id]})
    assert found["experimentUpdate"]["userErrors"] == []


async def test_reading_takes_as_many_statements_for_many_datapoints(client: httpx.AsyncClient) -> None:
    counts = []
    for run, size in (("small", 2), ("large", 30)):
        experiment = await make_run(client, run)
        for index in range(size):
            await record_session(client, experiment, f"{run} {index}", f"d{index}", None, [{"metrics": {"x": index}}])
        with counted() as statements:
            assert (await result(client, experiment))["datapoints"]["totalCount"] == size
        counts.append(len(statements))
        rows = [({"q": index}, {"x": index}, 1.0) for index in range(size)]
        evaluation = await record_evaluation(client, f"{run} evaluation", rows)
        with counted() as statements:
            assert (await result(client, evaluation))["datapoints"]["totalCount"] == size
            await ask(client, COMPARISON, project=PROJECT, new=experiment, old=evaluation)
            await ask(client, PAIRS, project=PROJECT, new=experiment, old=evaluation)
        counts.append(len(statements))
    assert counts[:2] == counts[2:]
