"""What experiments are told apart by, as GraphQL enums."""

from graph.enums import described_enum
from resolvers.experiments.read import ExperimentOrigin, ExperimentStatus

__all__ = ["ExperimentOrigin", "ExperimentStatus"]

described_enum(
    ExperimentStatus,
    name="ExperimentStatus",
    description="How an experiment stands. Values may be added.",
    values={
        "PENDING": "It is made and nobody said that it runs.",
        "RUNNING": "It runs: of a Weave evaluation, its call has not ended.",
        "COMPLETED": "It is done, also where some of its calls failed.",
        "FAILED": "It did not come to its end: of a Weave evaluation, its call ended with an exception.",
        "CANCELLED": "It was given up.",
    },
)
described_enum(
    ExperimentOrigin,
    name="ExperimentOrigin",
    description="How an experiment came to be recorded. Values may be added.",
    values={
        "HONEYHIVE": "It was created as a run: by HoneyHive's API or SDK, or by `experimentCreate`.",
        "WEAVE": "It is an evaluation of Weave's SDK: made, ended and deleted with its call of `Evaluation.evaluate`, "
        "whose id is its own.",
    },
)
