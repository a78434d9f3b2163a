"""Definitions in the database: what is written is read again, by id and by name, many at once."""

from resolvers.calls.event_filters import EventFilter, EventFilterOperator, EventFilterType
from resolvers.context import Context
from resolvers.metrics.definition import (
    Category,
    ChildMetric,
    MetricDefinition,
    MetricType,
    ReturnType,
    Threshold,
)
from resolvers.metrics.read import definitions_by_id, definitions_by_name
from resolvers.metrics.record import metric_create

PROJECT = "team/app"


async def test_definitions_come_back_as_they_were(context: Context) -> None:
    given = [
        MetricDefinition(PROJECT, "plain", MetricType.HUMAN, "How was it? \0\ud800"),
        MetricDefinition(
            PROJECT,
            "Tön\0\udfff",
            MetricType.LLM,
            "Rate {{outputs.content}}",
            description=None,
            return_type=ReturnType.CATEGORICAL,
            enabled_in_prod=True,
            needs_ground_truth=True,
            sampling_percentage=0.5,
            model_provider="openai",
            model_name="gpt",
            scale=7,
            threshold=Threshold(passing_categories=("gut", "\ud800")),
            categories=(Category("gut", 1.5), Category("\ud800", None)),
            filters=(
                EventFilter("metadata.x", EventFilterOperator.IS, None, EventFilterType.STRING),
                EventFilter("metadata.y\0\ud800", EventFilterOperator.LESS_THAN, 10**30),
            ),
        ),
        MetricDefinition(
            "team/other", "sum", MetricType.COMPOSITE, "Weighted Sum", child_metrics=(ChildMetric("a", 2),)
        ),
    ]
    ids = [await metric_create(context, each) for each in given]
    keys = [(each.project, metric_id) for each, metric_id in zip(given, ids, strict=True)]
    found = await definitions_by_id(context, [*keys, (PROJECT, "none"), (PROJECT, ids[2]), ("team/none", ids[0])])
    assert [each and each.name for each in found] == ["plain", "Tön\0\udfff", "sum", None, None, None]
    by_name = await definitions_by_name(context, [(each.project, each.name) for each in given])
    assert by_name == found[:3]
    assert [each and each.metric_id for each in by_name] == ids
    for before, after in zip(given, by_name, strict=True):
        assert after is not None
        assert (after.threshold, after.categories, after.child_metrics, after.filters, after.criteria) == (
            before.threshold,
            before.categories,
            before.child_metrics,
            before.filters,
            before.criteria,
        )
        assert (after.description, after.sampling_percentage, after.scale) == (
            before.description,
            before.sampling_percentage,
            before.scale,
        )
