"""What scorers and people say of a call, as numbers and labels."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.context import Info, context_of
from graph.enums import described_enum
from graph.fields import NEEDS, link
from graph.refs.types import node_of_ref
from graph.rows import load_row
from graph.scalars import DateTime
from resolvers.feedback.read import feedback_by_id
from resolvers.scores import Score as FoundScore
from resolvers.scores import ScoreSource, feedback_scores, is_scored_prediction, metric_scores, prediction_scores

if TYPE_CHECKING:
    from graph.calls.types import Call
    from graph.feedback.types import Feedback
    from graph.objects.types import ObjectVersion

__all__ = ["CallScores"]

described_enum(
    ScoreSource,
    name="ScoreSource",
    description="Where a score was found. Values may be added.",
    values={
        "SCORER": "Feedback of a scorer: `wandb.runnable.NAME`, `wandb.agent_monitor`.",
        "ANNOTATION": "Feedback of a person by a form: `wandb.annotation.NAME`.",
        "REACTION": "An emoji: `wandb.reaction.1`.",
        "EVALUATION": "The output of the call itself, which predicts and scores a row of an evaluation.",
        "METRIC": "The metrics of the call itself, as HoneyHive records them: `attributes.honeyhive.metrics`.",
    },
)


@strawberry.type(description="A number or a label that a scorer, a person or an evaluation gives to a call.")
class Score:
    """``resolvers.scores.Score``."""

    found: strawberry.Private[FoundScore]

    @link(
        "The scorer's name and the path inside what it said: `accuracy`, `judge.correctness.score`; `reaction` for an "
        "emoji."
    )
    def name(self) -> str:
        """Made where it was read."""
        return self.found.name

    @link("Name of the scorer, of the annotation's spec, or of the metric; `reaction` for an emoji.")
    def scorer_name(self) -> str:
        """The first part of ``name``."""
        return self.found.scorer_name

    @link("Where it was found.")
    def source(self) -> ScoreSource:
        """By the type of the feedback."""
        return self.found.source

    @link("The number; 1 for true, 0 for false, null for a label.")
    def value(self) -> float | None:
        """A double."""
        return self.found.value

    @link("The word, in at most 1,000 characters: `true` and `false` for truth values, the emoji; null for a number.")
    def label(self) -> str | None:
        """Cut."""
        return self.found.label

    @link("The truth value itself, or what the scorer says beside it as `passed`; null where it says neither.")
    def passed(self) -> bool | None:
        """Of the nearest object around it."""
        return self.found.passed

    @link("What the scorer says beside it as `reason`, `explanation`, `comment` or the like.")
    def reason(self) -> str | None:
        """Of the nearest object around it."""
        return self.found.reason

    @link("When it was given; null for a metric and for a score in the output of the call.")
    def created_at(self) -> DateTime | None:
        """The time of the feedback."""
        return None if self.found.created_at is None else DateTime(self.found.created_at)

    @link("User in whose name it was given.")
    def wb_user_id(self) -> str | None:
        """Of the feedback."""
        return self.found.wb_user_id

    @link("The feedback that holds it; null for a metric and for a score in the output of the call.")
    async def feedback(self, info: Info) -> Annotated["Feedback", strawberry.lazy("graph.feedback.types")] | None:
        """By the loader of feedback."""
        if self.found.feedback_id is None:
            return None
        return await load_row(info, feedback_by_id, (self.found.project, self.found.feedback_id), "Feedback")

    @link("The scorer; null for annotations and reactions, and where it is not there.")
    async def scorer(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        scorer: ObjectVersion | None = await _named(info, self.found.runnable_ref)
        return scorer

    @link("The call in which the scorer gave it; null where there is none.")
    async def call(self, info: Info) -> Annotated["Call", strawberry.lazy("graph.calls.types")] | None:
        """By the loader of calls."""
        call: Call | None = await _named(info, self.found.call_ref)
        return call


async def _named(info: Info, ref: str | None) -> Any:
    return None if ref is None else await node_of_ref(info, ref)


Limit = Annotated[
    int, strawberry.argument(description="Most pieces of feedback that are read, the newest ones first, 1 to 100.")
]
Scorers = Annotated[
    list[str] | None,
    strawberry.argument(description="Only scores with one of these as `scorerName`, at most 100; all where missing."),
]


@strawberry.type
class CallScores:
    """The part of Call about scores."""

    @strawberry.field(
        description="What scorers, annotators and reactions say of it as numbers and labels, newest first, then its "
        "metrics in their order, then what its output holds of an evaluation's scores. Objects and lists become a "
        "score for each value inside them, at most 100 of each feedback and metric; what a scorer says in more than "
        "32 KiB, and metrics of more than that together, have none. `feedback` has all that is said. Of an "
        "evaluation, the calls of `Evaluation.predict_and_score` have the scores of each row, while "
        "`Evaluation.evaluate` holds their summary by scorer in its output, as it was sent, which is no score: "
        '`value(path: "output")`. Calls are found by what scorers said of them with a `query` on the list of calls: '
        '`query: {lt: [{getField: "feedback.[wandb.runnable.judge].payload.output.score"}, {literal: {value: 0.5}}]}` '
        "for the scorer `judge` whose output is `{score: 0.3}`; by annotations with "
        "`feedback.[wandb.annotation.NAME].payload.value`, by metrics with `attributes.honeyhive.metrics.NAME`, by the "
        "rows of evaluations with `output.scores.SCORER.PATH`.",
        metadata={NEEDS: ("project_slug", "call_id", "ref", "op_name")},
    )
    async def scores(self, info: Info, limit: Limit = 20, scorers: Scorers = None) -> list[Score]:
        """By loaders: of feedback, of metrics, and of outputs for the rows of evaluations."""
        row: Any = self
        load = context_of(info).loaders.load
        names = None if scorers is None else tuple(scorers)
        found: list[FoundScore] = list(
            await load(feedback_scores, (row.project_slug, row.ref), limit=limit, names=names)
        )
        inside: list[FoundScore] = list(await load(metric_scores, (row.project_slug, row.call_id)))
        if is_scored_prediction(row.op_name):
            inside += await load(prediction_scores, (row.project_slug, row.call_id))
        found += (score for score in inside if names is None or score.scorer_name in names)
        return [Score(found=score) for score in found]
