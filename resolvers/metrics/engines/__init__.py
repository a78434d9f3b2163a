"""Running metrics on events."""

from resolvers.metrics.engines.event import MetricEvent
from resolvers.metrics.engines.result import MetricFailedError, MetricResult, checked_value
from resolvers.metrics.engines.run import run_metric

__all__ = ["MetricEvent", "MetricFailedError", "MetricResult", "checked_value", "run_metric"]
