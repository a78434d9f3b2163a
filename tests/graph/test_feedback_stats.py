"""Statistics of feedback in the graph."""

from typing import Any

import pytest

from db.json_text import dump_json
from graph.scalars import format_time, parse_time
from graph.schema import schema
from resolvers.context import Context, now
from resolvers.feedback import stats
from resolvers.feedback.record import feedback_create_batch
from resolvers.feedback.validate import NewFeedback

PROJECT = "team/app"
CALL = f"weave:///{PROJECT}/call/c"


async def give(context: Context, *payloads: Any) -> None:
    await feedback_create_batch(context, [NewFeedback(PROJECT, CALL, "x", dump_json(payload)) for payload in payloads])


async def run(context: Context, document: str, **variables: Any) -> Any:
    """The data, or the messages of the errors."""
    fresh = Context(context.database, context.caller)
    result = await schema.execute(document, variable_values=variables, context_value=fresh)
    return [error.message for error in result.errors] if result.errors else result.data


STATS = """
query Stats($start: DateTime!, $path: String!, $type: FeedbackMetricType! = NUMERIC) {
  project(slug: "team/app") {
    feedbackStats(
      start: $start, granularity: 86400, metrics: [{jsonPath: $path, valueType: $type, percentiles: [50, 90]}]
    ) {
      granularity timezone
      window { count metrics { jsonPath count sum avg min max countTrue countFalse percentiles { percentile value } } }
      buckets { count }
    }
  }
}
"""


async def test_a_window_ends_now_and_a_path_may_hold_any_key(context: Context) -> None:
    await give(context, {"a.b-c": [{"é": 1}]}, {"a.b-c": [{"é": 4}]}, {"a.b-c": "none"})
    start = now() - 3_600_000_000
    data = await run(context, STATS, start=start, path="a\\.b-c.0.é")
    found = data["project"]["feedbackStats"]
    assert sum(bucket["count"] for bucket in found.pop("buckets")) == 3
    assert found == {
        "granularity": 86400,
        "timezone": "UTC",
        "window": {
            "count": 3,
            "metrics": [
                {
                    "jsonPath": "a\\.b-c.0.é",
                    "count": 2,
                    "sum": 5.0,
                    "avg": 2.5,
                    "min": 1.0,
                    "max": 4.0,
                    "countTrue": 1,
                    "countFalse": 0,
                    "percentiles": [{"percentile": 50.0, "value": 2.5}, {"percentile": 90.0, "value": 3.7}],
                }
            ],
        },
    }


async def test_texts_are_counted_and_nothing_else(context: Context) -> None:
    await give(context, {"tone": "kind"}, {"tone": "rude"}, {"tone": 1})
    data = await run(context, STATS, start=now() - 3_600_000_000, path="tone", type="CATEGORICAL")
    assert data["project"]["feedbackStats"]["window"]["metrics"] == [
        {
            "jsonPath": "tone",
            "count": 2,
            "sum": None,
            "avg": None,
            "min": None,
            "max": None,
            "countTrue": 0,
            "countFalse": 0,
            "percentiles": [],
        }
    ]


COUNTS = """
query Counts($path: String!, $first: Int! = 10, $start: DateTime, $type: FeedbackMetricType! = CATEGORICAL) {
  project(slug: "team/app") {
    feedbackStats(start: $start, granularity: 31622400, metrics: [{jsonPath: $path, valueType: $type}]) {
      window { start end count metrics { count valueCounts(first: $first) { value count } } }
      buckets { metrics { valueCounts { count } } }
    }
  }
}
"""


async def test_texts_are_told_apart_where_that_is_asked_for(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    await give(context, *({"tone": tone} for tone in ["rude", "kind", "\x00é", "rude", "x" * 600, 1, None, "kind"]))

    async def counts(**variables: Any) -> tuple[int, list[tuple[str, int]]]:
        data = await run(context, COUNTS, **variables)
        [metric] = data["project"]["feedbackStats"]["window"]["metrics"]
        return metric["count"], [(one["value"], one["count"]) for one in metric["valueCounts"]]

    assert await counts(path="tone") == (6, [("kind", 2), ("rude", 2), ("x" * 500, 1), ("\x00é", 1)])
    assert await counts(path="tone", first=1) == (6, [("kind", 2)])
    assert await counts(path="tone", type="NUMERIC") == (1, [])
    assert await counts(path="none") == (0, [])
    assert await run(context, COUNTS, path="tone", first=101) == ["first must be from 1 to 100, not 101"]
    monkeypatch.setattr(stats, "MOST_TEXTS", 2)
    counted, listed = await counts(path="tone")
    assert (counted, len(listed)) == (6, 2)


async def test_a_window_left_open_begins_with_the_first_feedback_and_may_be_long(context: Context) -> None:
    await give(context, {"tone": "kind"}, {"tone": "rude"})
    data = await run(context, COUNTS, path="tone")
    window = data["project"]["feedbackStats"]["window"]
    assert window["count"] == 2
    assert now() - 600_000_000 < parse_time(window["start"]) < now()
    data = await run(context, COUNTS, path="tone", start=now() - 3_000 * 86_400_000_000)
    assert data["project"]["feedbackStats"]["window"]["count"] == 2
    [refusal] = await run(context, COUNTS, path="tone", start=now() - 3_661 * 86_400_000_000)
    assert "at most 316224000 (3,660 days) are taken" in refusal


async def test_what_cannot_be_is_refused(context: Context) -> None:
    await give(context, {})
    assert await run(context, STATS, start=now() - 1_000_000, path=".a") == ["The path '.a' has an empty part"]


async def test_a_project_that_was_never_written_can_be_read_as_empty(context: Context) -> None:
    document = """query Empty($start: DateTime!, $unwritten: Boolean!) {
      project(slug: "never/written", unwritten: $unwritten) {
        slug createdAt calls { totalCount } stats { filesStorageSizeBytes }
        feedbackStats(start: $start, end: $start) { buckets { count } window { start end count } }
      }
    }"""
    start = format_time(1_700_000_000_000_000)
    assert await run(context, document, start=start, unwritten=False) == {"project": None}
    assert await run(context, document, start=start, unwritten=True) == {
        "project": {
            "slug": "never/written",
            "createdAt": None,
            "calls": {"totalCount": 0},
            "stats": {"filesStorageSizeBytes": 0},
            "feedbackStats": {"buckets": [{"count": 0}], "window": {"start": start, "end": start, "count": 0}},
        }
    }
