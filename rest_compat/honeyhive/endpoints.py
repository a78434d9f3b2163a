"""The registry: every endpoint of the dialect, a fixed path before one whose parameters would take it too."""

from rest_compat.honeyhive import (
    configurations,
    datapoints,
    datasets,
    event_queries,
    events,
    experiment_results,
    experiments,
    metric_runs,
    metrics,
    queues,
    sessions,
    spans,
)

__all__ = ["ENDPOINTS"]

ENDPOINTS = [
    *spans.ENDPOINTS,
    *sessions.ENDPOINTS,
    *event_queries.ENDPOINTS,
    *events.ENDPOINTS,
    *metric_runs.ENDPOINTS,
    *metrics.ENDPOINTS,
    *datapoints.ENDPOINTS,
    *datasets.ENDPOINTS,
    *experiment_results.ENDPOINTS,
    *experiments.ENDPOINTS,
    *queues.ENDPOINTS,
    *configurations.ENDPOINTS,
]
