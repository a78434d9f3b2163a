"""Statistics of feedback over Weave's API; times of the rows are set in the database, since the API takes none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, create_engine, update

from db.engines import parse_url
from db.feedback import feedback

PROJECT = "team/app"
CALL = f"weave:///{PROJECT}/call/c1"
JUDGE = "wandb.runnable.judge"


def microseconds(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1_000_000)


async def post(client: httpx.AsyncClient, path: str, content: Any, status: int = 200) -> Any:
    response = await client.post(path, json=content)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json"), response.text
    return response.json()


async def give(
    client: httpx.AsyncClient, url: str, rows: Sequence[tuple[str, Any]], feedback_type: str = "custom", **fields: Any
) -> None:
    """Feedback with (time, payload)."""
    made = [
        {"project_id": PROJECT, "weave_ref": CALL, "feedback_type": feedback_type, "payload": payload, **fields}
        for _, payload in rows
    ]
    created = (await post(client, "/feedback/batch/create", {"batch": made}))["res"]

    def set_times(connection: Connection) -> None:
        for (time, _), row in zip(rows, created, strict=True):
            at = microseconds(time)
            connection.execute(
                update(feedback)
                .where(feedback.c.project_id == PROJECT, feedback.c.id == row["id"])
                .values(created_at=at)
            )

    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        set_times(connection)
    engine.dispose()


async def stats(client: httpx.AsyncClient, *metrics: dict[str, Any], status: int = 200, **fields: Any) -> Any:
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T03:00:00Z"}
    return await post(
        client, "/feedback/stats", {"project_id": PROJECT, **window, "metrics": list(metrics), **fields}, status
    )


async def test_the_documented_example(client: httpx.AsyncClient, database_url: str) -> None:
    runnable = {"runnable_ref": f"weave:///{PROJECT}/object/judge:d"}
    rows: list[tuple[str, Any]] = [
        ("2026-01-01T00:10:00Z", {"output": {"score": 1}}),
        ("2026-01-01T00:50:00Z", {"output": {"score": 3}}),
        ("2026-01-01T02:05:00Z", {"output": {"score": 5}}),
    ]
    await give(client, database_url, rows, JUDGE, **runnable)
    await give(client, database_url, [("2026-01-01T00:20:00Z", {"output": {"score": 100}})])
    answer = await stats(client, {"json_path": "output.score", "percentiles": [50]}, feedback_type=JUDGE)
    hour = "avg_output_score", "min_output_score", "max_output_score", "p50_output_score"
    assert answer == {
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T03:00:00Z",
        "granularity": 3600,
        "timezone": "UTC",
        "buckets": [
            {"timestamp": "2026-01-01T00:00:00Z", "count": 2, **dict(zip(hour, (2.0, 1.0, 3.0, 2.0), strict=True))},
            {"timestamp": "2026-01-01T01:00:00Z", "count": 0, **dict(zip(hour, (0.0, None, None, None), strict=True))},
            {"timestamp": "2026-01-01T02:00:00Z", "count": 1, **dict(zip(hour, (5.0, 5.0, 5.0, 5.0), strict=True))},
        ],
        "window_stats": {"output_score": {"avg": 3.0, "min": 1.0, "max": 5.0, "p50": 3.0}},
    }


async def test_every_value_type_reads_its_own_values(client: httpx.AsyncClient, database_url: str) -> None:
    values: list[Any] = [1, 0.5, True, False, "good", "1", None, [1], {"a": 1}, 1e308, 10**400, "NaN", "x" * 100_000]
    rows: list[tuple[str, Any]] = [("2026-01-01T00:10:00Z", {"v": value, "w": value, "u": value}) for value in values]
    await give(client, database_url, [*rows, ("2026-01-01T00:10:00Z", {})])
    every = ["sum", "avg", "min", "max", "count", "count_true", "count_false"]
    answer = await stats(
        client,
        {"json_path": "v", "aggregations": every, "percentiles": [0, 25, 99.9, 100]},
        {"json_path": "w", "value_type": "boolean", "aggregations": every, "percentiles": [50]},
        {"json_path": "u", "value_type": "categorical", "percentiles": [50]},
        end="2026-01-01T01:00:00Z",
        granularity=3600,
    )
    (bucket,) = answer["buckets"]
    assert bucket["count"] == 14
    assert answer["window_stats"] == {
        "v": {
            # Past a double: JSON has no infinity.
            "sum": None,
            "avg": 6.99423283715579e307,
            "min": 0.5,
            "max": 1.7976931348623157e308,
            "count": 4,
            "count_true": 1,
            "count_false": 0,
            "p0": 0.5,
            "p25": 0.875,
            "p99.9": 1.7953000554577289e308,
            "p100": 1.7976931348623157e308,
        },
        "w": {"sum": 1.0, "avg": 0.5, "min": 0.0, "max": 1.0, "count": 2, "count_true": 1, "count_false": 1},
        "u": {"count": 4},
    }
    assert {key: value for key, value in bucket.items() if key not in {"timestamp", "count"}} == {
        f"{name}_{slug}": value for slug, values in answer["window_stats"].items() for name, value in values.items()
    }


async def test_defaults_and_empty_buckets_of_each_value_type(client: httpx.AsyncClient) -> None:
    answer = await stats(
        client,
        {"json_path": "n", "aggregations": ["sum", "avg", "min", "max", "count"], "percentiles": [95]},
        {"json_path": "b", "value_type": "boolean"},
        {"json_path": "c", "value_type": "categorical"},
        end="2026-01-01T00:05:00Z",
    )
    assert answer == {
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T00:05:00Z",
        "granularity": 300,
        "timezone": "UTC",
        "buckets": [
            {
                "timestamp": "2026-01-01T00:00:00Z",
                "count": 0,
                "sum_n": 0.0,
                "avg_n": 0.0,
                "min_n": None,
                "max_n": None,
                "count_n": 0,
                "p95_n": None,
                "count_true_b": 0,
                "count_false_b": 0,
                "count_c": 0,
            }
        ],
        "window_stats": {
            "n": {"sum": 0.0, "avg": None, "min": None, "max": None, "count": 0, "p95": None},
            "b": {"count_true": 0, "count_false": 0},
            "c": {"count": 0},
        },
    }


async def test_days_of_a_zone_begin_at_its_midnight(client: httpx.AsyncClient, database_url: str) -> None:
    await give(
        client,
        database_url,
        [
            ("2026-01-02T04:59:00Z", {"s": 1}),
            ("2026-01-02T05:00:00Z", {"s": 2}),
            ("2026-01-03T04:59:59.999999Z", {"s": 4}),
            ("2026-01-03T05:00:00Z", {"s": 100}),
            ("2026-01-01T04:59:59.999999Z", {"s": 100}),
        ],
    )
    answer = await stats(
        client,
        {"json_path": "s", "aggregations": ["sum"]},
        start="2026-01-01T05:00:00",
        end="2026-01-03T00:00:00-05:00",
        granularity=86400,
        timezone="America/New_York",
    )
    assert (answer["start"], answer["end"], answer["timezone"]) == (
        "2026-01-01T05:00:00Z",
        "2026-01-03T05:00:00Z",
        "America/New_York",
    )
    assert answer["buckets"] == [
        {"timestamp": "2026-01-01T05:00:00Z", "count": 1, "sum_s": 1.0},
        {"timestamp": "2026-01-02T05:00:00Z", "count": 2, "sum_s": 6.0},
    ]


async def test_the_hour_that_is_set_back_is_two_buckets(client: httpx.AsyncClient, database_url: str) -> None:
    await give(client, database_url, [("2026-11-01T05:30:00Z", {}), ("2026-11-01T06:30:00Z", {})])
    answer = await stats(
        client,
        start="2026-11-01T04:30:00Z",
        end="2026-11-01T07:30:00Z",
        granularity=3600,
        timezone="America/New_York",
    )
    assert [(bucket["timestamp"][11:16], bucket["count"]) for bucket in answer["buckets"]] == [
        ("04:00", 0),
        ("05:00", 1),
        ("06:00", 1),
        ("07:00", 0),
    ]
    assert answer["window_stats"] is None


async def test_triggers_are_compared_whole_or_over_all_versions(client: httpx.AsyncClient, database_url: str) -> None:
    monitor = f"weave:///{PROJECT}/object/monitor"
    for index, trigger in enumerate((f"{monitor}:v1", f"{monitor}:v2", f"{monitor}2:v1")):
        refs = {"runnable_ref": f"weave:///{PROJECT}/object/judge:d", "trigger_ref": trigger}
        row = ("2026-01-01T00:10:00Z", {"output": 10**index})
        await give(client, database_url, [row], JUDGE, call_ref=CALL, **refs)
    metric = {"json_path": "output", "aggregations": ["sum"]}
    for trigger, total in ((f"{monitor}:v1", 1.0), (f"{monitor}:*", 11.0), (f"{monitor}", 0.0)):
        answer = await stats(client, metric, trigger_ref=trigger)
        assert answer["window_stats"] == {"output": {"sum": total}}


async def test_a_fine_granularity_is_raised(client: httpx.AsyncClient) -> None:
    answer = await stats(client, end="2026-02-01T00:00:00Z", granularity=1)
    assert (answer["granularity"], len(answer["buckets"])) == (268, 9995)
    assert answer["buckets"][0]["timestamp"] == "2025-12-31T23:58:20Z"


async def test_rows_past_one_read_are_all_counted(
    client: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.feedback.stats.PAGE", 2)
    # Five at one time: the pages part them by id.
    rows: list[tuple[str, Any]] = [("2026-01-01T01:00:00Z", {"a b.0": n, "l": [n]}) for n in range(5)]
    await give(client, database_url, [*rows, ("2026-01-01T02:00:00Z", {"a b.0": 5, "l": [5]})])
    answer = await stats(client, {"json_path": "l.0", "aggregations": ["sum", "count"], "percentiles": [40]})
    assert answer["window_stats"] == {"l_0": {"sum": 15.0, "count": 6, "p40": 2.0}}
    assert [bucket["count_l_0"] for bucket in answer["buckets"]] == [0, 5, 1]


async def test_a_key_with_spaces_has_a_slug_without(client: httpx.AsyncClient, database_url: str) -> None:
    await give(client, database_url, [("2026-01-01T01:00:00Z", {"output": {"Low quality": True}})])
    answer = await stats(client, {"json_path": "output.Low quality", "value_type": "boolean"})
    assert answer["window_stats"] == {"output_Low_quality": {"count_true": 1, "count_false": 0}}


def _refusals() -> list[tuple[dict[str, Any], str]]:
    metrics = [
        (
            [{"json_path": "a.b"}, {"json_path": "a_b"}],
            "The metrics 'a.b' and 'a_b' have the same key 'a_b' in the answer",
        ),
        (
            [
                {"json_path": "x", "value_type": "boolean", "aggregations": ["count_true"]},
                {"json_path": "true_x", "aggregations": ["count"]},
            ],
            "The metrics 'x' and 'true_x' have the same key 'count_true_x' in the answer",
        ),
        ([{"json_path": "a-b"}], "json_path has letters, digits, '_', '.' and spaces only, not 'a-b'"),
        ([{"json_path": " "}], "json_path has letters, digits, '_', '.' and spaces only, not ' '"),
        ([{"json_path": "a..b"}], "The path 'a..b' has an empty part"),
        ([{"json_path": "a", "percentiles": [100.5]}], "A percentile is from 0 to 100, not 100.5"),
        (
            [{"json_path": "a", "value_type": "categorical", "aggregations": ["avg"]}],
            "A categorical metric can be counted; it has no 'avg'",
        ),
        ([{"json_path": f"m{n}"} for n in range(51)], "51 metrics, at most 50 are taken"),
    ]
    remedy = "ask for a coarser granularity or for fewer metrics"
    return [
        *(({"metrics": given}, reason) for given, reason in metrics),
        (
            {"timezone": "Mars/Olympus"},
            "Unknown time zone 'Mars/Olympus': expected an IANA name such as 'Europe/Berlin'",
        ),
        ({"timezone": "../UTC"}, "Unknown time zone '../UTC': expected an IANA name such as 'Europe/Berlin'"),
        ({"end": "2025-12-31T23:59:59Z"}, "The end of the range is 1 s before its start"),
        ({"end": "2026-02-01T00:00:01Z"}, "The range is 2678401 s long, at most 2678400 (31 days) are taken"),
        ({"granularity": 0}, "granularity must be from 1 to 31622400 seconds, not 0"),
        (
            {"end": "2026-01-31T00:00:00Z", "granularity": 300, "metrics": [{"json_path": f"m{n}"} for n in range(12)]},
            f"8640 buckets of 12 metrics are 103680 values, at most 100000: {remedy}",
        ),
        ({"project_id": "nothing"}, "Invalid project id 'nothing': expected 'entity/project'"),
    ]


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    window = {"project_id": PROJECT, "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T03:00:00Z"}
    for fields, reason in _refusals():
        assert await post(client, "/feedback/stats", {**window, **fields}, 400) == {"reason": reason}


async def test_a_malformed_body_is_told_apart(client: httpx.AsyncClient) -> None:
    answer = await post(client, "/feedback/stats", {"project_id": PROJECT, "start": "soon", "bucket": 1}, 422)
    assert [(error["loc"], error["type"]) for error in answer["detail"]] == [
        (["body", "start"], "datetime_from_date_parsing"),
        (["body", "bucket"], "extra_forbidden"),
    ]
