"""The registry: every endpoint of the dialect."""

from rest_compat.otlp import spans
from rest_compat.weave import (
    actions,
    calls,
    calls_query,
    completions,
    evaluations,
    feedback,
    feedback_stats,
    files,
    images,
    objects,
    ops,
    prices,
    refs,
    service,
    stats,
    tables,
    threads,
)

__all__ = ["ENDPOINTS"]

ENDPOINTS = [
    *service.ENDPOINTS,
    *stats.ENDPOINTS,
    *calls.ENDPOINTS,
    *calls_query.ENDPOINTS,
    *completions.ENDPOINTS,
    *actions.ENDPOINTS,
    *evaluations.ENDPOINTS,
    *threads.ENDPOINTS,
    *objects.ENDPOINTS,
    *ops.ENDPOINTS,
    *tables.ENDPOINTS,
    *refs.ENDPOINTS,
    *files.ENDPOINTS,
    *images.ENDPOINTS,
    *feedback.ENDPOINTS,
    *feedback_stats.ENDPOINTS,
    *prices.ENDPOINTS,
    *spans.ENDPOINTS,
]
