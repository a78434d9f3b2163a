"""Results of runs and comparisons of two, over HoneyHive's API."""

import json
from typing import Any

import httpx
import pytest

from tests.runs import make_run, publish_rows, record_evaluation, record_session, uid


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **parameters: Any) -> Any:
    response = await client.get(path, params=parameters)
    assert response.status_code == status, response.text
    return response.json()


async def record_two(client: httpx.AsyncClient) -> tuple[str, str]:
    """An old run and a new one over the datapoints a, b and c; the old one is over d as well."""
    old = await make_run(client, "old", passingRanges=[{"metric": "accuracy", "min": 0.5}])
    new = await make_run(client, "new", passingRanges=[{"metric": "accuracy", "min": 0.5}], status="COMPLETED")
    for run, values in ((old, {"a": 1, "b": 0, "c": 0.5, "d": 1}), (new, {"c": 0.5, "b": 0.25, "a": 0})):
        for index, (datapoint, accuracy) in enumerate(values.items()):
            metrics = {"accuracy": accuracy, "accuracy_explanation": "because", "fast": run == new}
            name = f"{'new' if run == new else 'old'} {datapoint}"
            await record_session(client, run, name, datapoint, events=[{"metrics": metrics}], began=index * 10)
    return old, new


async def test_the_result_of_a_run(client: httpx.AsyncClient) -> None:
    _, new = await record_two(client)
    found = await get(client, f"/v1/runs/{new}/result")
    run = (await get(client, f"/v1/runs/{new}"))["evaluation"]

    def metrics(accuracy: float, *, passed: bool) -> list[dict[str, Any]]:
        event = {"event_name": "answer", "event_type": "chain"}
        return [
            {"name": "accuracy", **event, "value": accuracy, "passed": passed},
            {"name": "fast", **event, "value": True, "passed": None},
        ]

    assert found == {
        "status": "completed",
        "success": False,
        "passed": ["c"],
        "failed": ["b", "a"],
        "metrics": {
            "aggregation_function": "average",
            "details": [
                {
                    "metric_name": "accuracy",
                    "metric_type": "CLIENT_SIDE",
                    "event_name": "answer",
                    "event_type": "chain",
                    "aggregate": 0.25,
                    "values": [0.5, 0.25, 0],
                    "passing_range": {"min": 0.5},
                    "datapoints": {"passed": ["c"], "failed": ["b", "a"]},
                },
                {
                    "metric_name": "fast",
                    "metric_type": "CLIENT_SIDE",
                    "event_name": "answer",
                    "event_type": "chain",
                    "aggregate": 1,
                    "values": [1, 1, 1],
                    "datapoints": {"passed": [], "failed": []},
                },
            ],
        },
        "datapoints": [
            {
                "datapoint_id": "c",
                "session_id": uid("new c"),
                "passed": True,
                "metrics": metrics(0.5, passed=True),
            },
            {
                "datapoint_id": "b",
                "session_id": uid("new b"),
                "passed": False,
                "metrics": metrics(0.25, passed=False),
            },
            {"datapoint_id": "a", "session_id": uid("new a"), "passed": False, "metrics": metrics(0, passed=False)},
        ],
        "event_details": [
            {"event_name": "answer", "event_type": "chain"},
            {"event_name": "new a", "event_type": "session"},
            {"event_name": "new b", "event_type": "session"},
            {"event_name": "new c", "event_type": "session"},
        ],
        "run_object": run,
    }
    assert await get(client, f"/v1/runs/{new}/summary") == found
    assert await get(client, f"/v1/runs/{new.upper()}/result") == found


AGGREGATES = {
    "average": 0.25,
    "min": 0,
    "max": 0.5,
    "median": 0.25,
    "p90": 0.45,
    "p95": 0.475,
    "p99": 0.495,
    "sum": 0.75,
    "count": 3,
}


async def test_the_nine_aggregates(client: httpx.AsyncClient) -> None:
    old, new = await record_two(client)
    for function, aggregate in AGGREGATES.items():
        found = (await get(client, f"/v1/runs/{new}/result", aggregate_function=function))["metrics"]
        assert found["aggregation_function"] == function
        assert found["details"][0]["aggregate"] == pytest.approx(aggregate, abs=1e-12)
        for path in (f"/v1/runs/{new}/compare/{old}", f"/v1/runs/{new}/compare-with/{old}"):
            metrics = (await get(client, path, aggregate_function=function))["metrics"]
            assert metrics[0]["new_aggregate"] == pytest.approx(aggregate, abs=1e-12)


async def test_the_metrics_of_events(client: httpx.AsyncClient) -> None:
    run = await make_run(client, "run")
    await record_session(client, run, "one", "a", {"overall": True}, [{"metrics": {"x": 1, "why": "so"}}])
    await record_session(
        client, run, "two", None, {"why": "so"}, [{"event_type": "model", "metrics": {"y": {"z": 2}}}], 9
    )
    events = [
        {
            "event_name": "one",
            "event_type": "session",
            "session_id": uid("one"),
            "metadata": {"datapoint_id": "a"},
            "metrics": {"overall": True},
        },
        {
            "event_name": "answer",
            "event_type": "chain",
            "session_id": uid("one"),
            "metadata": {"datapoint_id": "a"},
            "metrics": {"x": 1},
        },
        {
            "event_name": "answer",
            "event_type": "model",
            "session_id": uid("two"),
            "metadata": {},
            "metrics": {"y.z": 2},
        },
    ]
    path = f"/v1/runs/{run}/metrics"
    assert await get(client, path) == {"events": events, "totalEvents": 3}

    async def chosen(**parameters: Any) -> list[str]:
        found = await get(client, path, **parameters)
        assert found["totalEvents"] == len(found["events"])
        return [f"{event['event_type']} {event['event_name']}" for event in found["events"]]

    one = {"field": "event_type", "operator": "is", "value": "model", "type": "string"}
    name = {"field": "event_name", "operator": "is", "value": "one"}
    assert await chosen(filters=json.dumps([one])) == ["model answer"]
    assert await chosen(filters=json.dumps(one)) == ["model answer"]
    assert await chosen(filters=json.dumps([one, name])) == []
    assert await chosen(**{"filters[]": json.dumps(one)}) == ["model answer"]
    # What HoneyHive's SDK makes of a list of dicts.
    assert await chosen(**{"filters[]": str(name)}) == ["session one"]
    assert await chosen(filters="[]") == await chosen(filters="") == await chosen()
    dates = {"$gte": "2026-01-01T00:00:01Z", "$lte": "2026-01-01T00:00:09Z"}
    assert await chosen(dateRange=json.dumps(dates)) == ["chain answer"]
    assert await chosen(dateRange='{"$gte": 1767225601000}') == ["chain answer", "model answer"]
    assert await chosen(**{"dateRange[$lte]": "2026-01-01T00:00:00Z"}) == ["session one"]


async def test_two_runs_side_by_side(client: httpx.AsyncClient) -> None:
    old, new = await record_two(client)
    found = await get(client, f"/v1/runs/{new}/compare/{old}")
    runs = {run: (await get(client, f"/v1/runs/{run}"))["evaluation"] for run in (old, new)}
    assert found == {
        "metrics": [
            {
                "metric_name": "accuracy",
                "metric_type": "CLIENT_SIDE",
                "event_name": "answer",
                "event_type": "chain",
                "old_aggregate": 0.625,
                "new_aggregate": 0.25,
                "difference": -0.375,
                "percentage_change": -60,
                "found_count": 3,
                "improved_count": 1,
                "degraded_count": 1,
                "same_count": 1,
                "improved": ["b"],
                "degraded": ["a"],
                "same": ["c"],
                "old_values": [1, 0, 0.5],
                "new_values": [0, 0.25, 0.5],
            },
            {
                "metric_name": "fast",
                "metric_type": "CLIENT_SIDE",
                "event_name": "answer",
                "event_type": "chain",
                "old_aggregate": 0,
                "new_aggregate": 1,
                "difference": 1,
                "found_count": 3,
                "improved_count": 3,
                "degraded_count": 0,
                "same_count": 0,
                "improved": ["a", "b", "c"],
                "degraded": [],
                "same": [],
                "old_values": [0, 0, 0],
                "new_values": [1, 1, 1],
            },
        ],
        "commonDatapoints": ["c", "b", "a"],
        "event_details": [
            {"event_name": "answer", "event_type": "chain", "presence": "both"},
            *({"event_name": f"new {x}", "event_type": "session", "presence": "new"} for x in "abc"),
            *({"event_name": f"old {x}", "event_type": "session", "presence": "old"} for x in "abcd"),
        ],
        "old_run": runs[old],
        "new_run": runs[new],
    }
    assert await get(client, f"/v1/runs/{new}/compare-with/{old}") == found


async def test_a_run_with_itself_is_the_same(client: httpx.AsyncClient) -> None:
    old, _ = await record_two(client)
    found = await get(client, f"/v1/runs/{old}/compare/{old}")
    assert found["commonDatapoints"] == ["a", "b", "c", "d"]
    assert [(m["difference"], m["percentage_change"], m["same_count"], m["found_count"]) for m in found["metrics"]] == [
        (0, 0, 4, 4),
        (0, 0, 4, 4),
    ]
    assert found["old_run"] == found["new_run"]


async def test_runs_with_nothing_in_common(client: httpx.AsyncClient) -> None:
    one, two, none = await make_run(client, "1"), await make_run(client, "2"), await make_run(client, "3")
    await record_session(client, one, "one", "a", {"x": 1, "y": 1})
    await record_session(client, two, "two", "b", {"x": 2})
    found = await get(client, f"/v1/runs/{two}/compare/{one}")
    assert found["commonDatapoints"] == []
    assert [
        (m["metric_name"], m.get("old_aggregate"), m.get("new_aggregate"), m["found_count"]) for m in found["metrics"]
    ] == [("x", 1, 2, 0), ("y", 1, None, 0)]
    assert "difference" not in found["metrics"][1]
    assert (await get(client, f"/v1/runs/{two}/compare/{one}/events")) == {"totalEvents": 0, "events": []}
    empty = await get(client, f"/v1/runs/{none}/compare/{none}")
    assert (empty["metrics"], empty["commonDatapoints"], empty["event_details"]) == ([], [], [])
    result = await get(client, f"/v1/runs/{none}/result")
    assert (result["success"], result["passed"], result["failed"], result["datapoints"]) == (True, [], [], [])
    assert result["metrics"] == {"aggregation_function": "average", "details": []}
    assert await get(client, f"/v1/runs/{none}/metrics") == {"events": [], "totalEvents": 0}


async def test_events_of_two_runs_in_pairs(client: httpx.AsyncClient) -> None:
    old, new = await record_two(client)
    paths = (f"/v1/runs/{new}/compare/{old}/events", "/v1/runs/compare/events")
    runs: dict[str, Any] = {"run_id_1": new, "run_id_2": old}

    async def pairs(**parameters: Any) -> tuple[list[tuple[str, str, str]], int]:
        answers = [
            await get(client, paths[0], **parameters),
            await get(client, paths[1], **runs, **parameters),
        ]
        assert answers[0] == answers[1]
        for pair in answers[0]["events"]:
            assert {pair[name]["metadata"]["datapoint_id"] for name in ("event_1", "event_2")} == {pair["datapoint_id"]}
        return [
            (pair["datapoint_id"], pair["event_1"]["event_id"], pair["event_2"]["event_id"])
            for pair in answers[0]["events"]
        ], answers[0]["totalEvents"]

    def sessions(datapoint: str) -> tuple[str, str, str]:
        return datapoint, uid(f"new {datapoint}"), uid(f"old {datapoint}")

    def answered(datapoint: str) -> tuple[str, str, str]:
        return datapoint, uid(f"new {datapoint} 1"), uid(f"old {datapoint} 1")

    everything = [pair for datapoint in "cba" for pair in (sessions(datapoint), answered(datapoint))]
    assert await pairs() == (everything, 6)
    assert await pairs(event_type="session") == ([sessions("c"), sessions("b"), sessions("a")], 3)
    assert await pairs(event_name="answer") == ([answered("c"), answered("b"), answered("a")], 3)
    assert await pairs(event_name="answer", event_type="session") == ([], 0)
    assert await pairs(limit=4) == (everything[:4], 6)
    assert await pairs(limit=4, page=2) == (everything[4:], 6)
    assert await pairs(limit=4, page=3) == ([], 6)
    fine = {"field": "metrics.accuracy", "operator": "less than", "value": 1}
    assert await pairs(filter=json.dumps(fine)) == ([answered("c"), answered("b")], 2)
    assert await pairs(filter=str(fine)) == ([answered("c"), answered("b")], 2)
    event = (await get(client, paths[0], limit=1))["events"][0]["event_1"]
    assert event == (await get(client, f"/v1/events/{event['event_id']}"))["event"]


async def test_an_evaluation_of_weave_against_a_run(client: httpx.AsyncClient) -> None:
    rows, digests = await publish_rows(client, [{"q": 1}, {"q": 2}])
    evaluation = await record_evaluation(
        client,
        "evaluation",
        [
            (f"{rows}/id/{digests[0]}", {"accuracy": 0.5, "judge": {"fine": True, "reason": "so"}}, 2),
            ({"q": 2}, {"accuracy": 1.0, "judge": {"fine": False}}, 4),
        ],
    )
    run = await make_run(client, "run")
    for index, digest in enumerate(digests):
        metrics = {"accuracy": 1 - index, "model_latency": 1}
        await record_session(client, run, f"s{index}", digest, events=[{"metrics": metrics}], began=index)
    result = await get(client, f"/v1/runs/{evaluation}/result", aggregate_function="sum")
    assert [(m["metric_name"], m["event_name"], m["aggregate"], m["values"]) for m in result["metrics"]["details"]] == [
        ("accuracy", "Evaluation.predict_and_score", 1.5, [0.5, 1]),
        ("judge.fine", "Evaluation.predict_and_score", 1, [1, 0]),
        ("model_latency", "Evaluation.predict_and_score", 6, [2, 4]),
    ]
    assert [each["datapoint_id"] for each in result["datapoints"]] == digests
    found = await get(client, f"/v1/runs/{run}/compare/{evaluation}")
    assert found["commonDatapoints"] == digests
    assert [(m["metric_name"], m["improved"], m["degraded"]) for m in found["metrics"]] == [
        ("accuracy", [digests[0]], [digests[1]]),
        ("judge.fine", [], []),
        ("model_latency", digests, []),
    ]


MISSING = uid("nobody made it")


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("{missing}/result", {}, "Error processing experiment result: There is no experiment {missing!r}"),
    ("{missing}/summary", {}, "Error processing experiment result: There is no experiment {missing!r}"),
    ("{missing}/metrics", {}, "Error fetching event metrics: There is no experiment {missing!r}"),
    ("{missing}/compare/{run}", {}, "Error processing experiment comparison: There is no experiment {missing!r}"),
    ("{run}/compare/{missing}", {}, "Error processing experiment comparison: There is no experiment {missing!r}"),
    ("{run}/compare-with/{missing}", {}, "Error processing experiment comparison: There is no experiment"),
    ("{run}/compare/{missing}/events", {}, "Error fetching event comparison: There is no experiment {missing!r}"),
    ("not-a-uuid/result", {}, "Error processing experiment result: There is no experiment 'not-a-uuid'"),
    (
        "compare/events",
        {"run_id_1": "{run}", "run_id_2": "{missing}"},
        "Error fetching event comparison: There is no experiment {missing!r}",
    ),
    ("compare/events", {"run_id_1": "{run}"}, "Error fetching event comparison: query.run_id_2: Field required"),
    (
        "{run}/result",
        {"aggregate_function": "mode"},
        "Error processing experiment result: query.aggregate_function",
    ),
    ("{run}/compare/{run}", {"aggregate_function": ""}, "Error processing experiment comparison: query.aggregate"),
    ("{run}/compare/{run}", {"other": "1"}, "Error processing experiment comparison: query.other"),
    ("{run}/compare/{run}/events", {"other": "1"}, "Error fetching event comparison: query.other"),
    ("{run}/compare/{run}/events", {"limit": "0"}, "Error fetching event comparison: query.limit"),
    ("{run}/compare/{run}/events", {"limit": "1001"}, "Error fetching event comparison: query.limit"),
    ("{run}/compare/{run}/events", {"page": "0"}, "Error fetching event comparison: query.page"),
    ("{run}/metrics", {"filters": "{"}, "Error fetching event metrics: query.filters"),
    ("{run}/metrics", {"filters": "[1]"}, "Error fetching event metrics: query.filters.0"),
    ("{run}/metrics", {"filters": "(" * 5000}, "Error fetching event metrics: query.filters"),
    (
        "{run}/metrics",
        {"filters": '{"field": "nothing", "operator": "is", "value": 1}'},
        "Error fetching event metrics: Unknown field 'nothing'",
    ),
    (
        "{run}/result",
        {"filters": '{"field": "error", "operator": "like", "value": 1}'},
        "Error processing experiment result: query.filters.0.operator",
    ),
    ("{run}/metrics", {"dateRange": "yesterday"}, "Error fetching event metrics: query.dateRange"),
    ("{run}/metrics", {"dateRange": '{"$gte": "noon"}'}, "Error fetching event metrics: query.dateRange"),
]


async def test_what_cannot_be_answered(client: httpx.AsyncClient) -> None:
    names = {"run": await make_run(client, "run"), "missing": MISSING}
    for path, parameters, message in REFUSED:
        given = {
            name: value.format(**names) if value in {"{run}", "{missing}"} else value
            for name, value in parameters.items()
        }
        answer = await get(client, f"/v1/runs/{path.format(**names)}", 400, **given)
        assert answer["message"].startswith(message.format(**names)), answer
        assert answer["errorCode"] in {"NOT_FOUND", "VALIDATION_ERROR", "INVALID_INPUT"}


async def test_older_routes_pass_over_what_they_do_not_know(client: httpx.AsyncClient) -> None:
    run = await make_run(client, "run")
    assert (await get(client, f"/v1/runs/{run}/compare-with/{run}", project="p"))["metrics"] == []
    assert (await get(client, "/v1/runs/compare/events", run_id_1=run, run_id_2=run, project="p"))["events"] == []
    assert (await get(client, f"/v1/runs/{run}/result", project_id="p"))["datapoints"] == []
