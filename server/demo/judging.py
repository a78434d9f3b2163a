"""What the demo's calls are judged by: a dataset, metrics, and a queue of calls that people look at again."""

from collections.abc import Iterator

from db.pages import PageRequest
from resolvers.context import Context, recorded_at
from resolvers.datasets.publish import dataset_import
from resolvers.datasets.read import datasets_by_id
from resolvers.metrics.definition import Category, MetricDefinition, MetricType, ReturnType, Threshold
from resolvers.metrics.read import metrics_by_name
from resolvers.metrics.record import metric_create
from resolvers.queues.complete import item_put
from resolvers.queues.read import QueueFilter, QueueList, queues_page
from resolvers.queues.record import NewQueue, queue_create
from resolvers.queues.states import ItemState
from resolvers.refs import CallRef, parse_ref
from server.demo.objects import BIG, Published
from server.demo.story import HOUR, Comment, Story

__all__ = ["judge"]

DATASET = "faq"
QUEUE = "Tickets to look at again"
LOOKED_AT = 2
"""Items of the queue that are done."""


async def judge(context: Context, story: Story, published: Published, end: int) -> bool:
    """Make what is not there; returns whether there was any. ``end`` is in microseconds."""
    with recorded_at(end - 20 * HOUR):
        made = [
            await _dataset(context, story.project, published.objects["faq-dataset"]),
            *[await _metric(context, definition) for definition in _metrics(story.project)],
            await _queue(context, story),
        ]
    return any(made)


async def _dataset(context: Context, project: str, ref: str) -> bool:
    (found,) = await datasets_by_id(context, [(project, DATASET)], columns=frozenset())
    if found is None:
        await dataset_import(context, project, ref, name="Questions that customers ask", dataset_id=DATASET)
    return found is None


async def _metric(context: Context, definition: MetricDefinition) -> bool:
    (found,) = await metrics_by_name(context, [(definition.project, definition.name)], columns=frozenset())
    if found is None:
        await metric_create(context, definition)
    return found is None


def _metrics(project: str) -> Iterator[MetricDefinition]:
    """Two that the evaluations bring along, so that their rows pass or fail, one of code and one of people."""
    yield MetricDefinition(
        project,
        "correctness.score",
        MetricType.LLM,
        "Does {{outputs.answer}} say the same as {{ground_truth}}? Answer with a number from 0 to 1.",
        "Says what is expected.",
        needs_ground_truth=True,
        model_provider="openai",
        model_name=BIG,
        scale=1,
        threshold=Threshold(min=0.5),
    )
    yield MetricDefinition(
        project,
        "groundedness.grounded",
        MetricType.LLM,
        "Is {{outputs.answer}} said in {{outputs.sources}}?",
        "The sources say so.",
        ReturnType.BOOLEAN,
        model_provider="openai",
        model_name=BIG,
        threshold=Threshold(pass_when=True),
    )
    yield MetricDefinition(
        project,
        "answer_length",
        MetricType.PYTHON,
        'len(event["outputs"]["answer"])',
        "Characters of the answer.",
        threshold=Threshold(max=280),
    )
    yield MetricDefinition(
        project,
        "tone",
        MetricType.HUMAN,
        "How does the answer sound?",
        "As customers hear it.",
        ReturnType.CATEGORICAL,
        categories=(Category("warm", 1.0), Category("neutral", 0.5), Category("cold", 0.0)),
        threshold=Threshold(passing_categories=("warm", "neutral")),
    )


async def _queue(context: Context, story: Story) -> bool:
    chosen = QueueList(QueueFilter(names=[QUEUE]))
    page = await queues_page(context, story.project, chosen, PageRequest(1), ("queue_id",))
    if page.rows:
        return False
    targets = (parse_ref(comment.target_ref) for comment in story.comments if _complains(comment))
    disliked = list(dict.fromkeys(target.call_id for target in targets if isinstance(target, CallRef)))
    queue = NewQueue(QUEUE, "What went wrong, and what should have been said?", enabled=False, call_ids=disliked)
    made = await queue_create(context, story.project, queue)
    for call_id in disliked[:LOOKED_AT]:
        await item_put(context, story.project, made, call_id, ItemState.DONE)
    return True


def _complains(comment: Comment) -> bool:
    return comment.type == "wandb.note.1" or comment.payload == {"emoji": "👎"}
