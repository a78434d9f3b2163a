"""Enums of metrics."""

from graph.enums import described_enum
from resolvers.metrics.definition import MetricType, ReturnType

__all__ = ["MetricType", "ReturnType"]

described_enum(
    MetricType,
    name="MetricType",
    description="How the value of a metric comes about. Values may be added.",
    values={
        "PYTHON": "By a function in Python, which runs in a sandbox.",
        "LLM": "By a language model of the server's provider, which is asked the metric's prompt.",
        "HUMAN": "By a person.",
        "COMPOSITE": "From the values of other metrics.",
    },
)

described_enum(
    ReturnType,
    name="MetricReturnType",
    description="What the value of a metric is. Values may be added.",
    values={
        "FLOAT": "A number.",
        "BOOLEAN": "True or false.",
        "STRING": "A text.",
        "CATEGORICAL": "One of the metric's categories.",
    },
)
