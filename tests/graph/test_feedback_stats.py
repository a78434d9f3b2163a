"""Statistics of feedback in the graph."""

from typing import Any

from db.json_text import dump_json
from graph.scalars import format_time
from graph.schema import schema
from resolvers.context import Context, now
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
    stats = data["project"]["feedbackStats"]
    assert sum(bucket["count"] for bucket in stats.pop("buckets")) == 3
    assert stats == {
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
