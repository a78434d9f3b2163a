"""Filling a project with the demo, once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from db.chunks import chunked
from db.json_text import dump_json, parse_json
from resolvers.calls.events import CallStart
from resolvers.calls.read import calls_by_id
from resolvers.calls.record import record_calls
from resolvers.calls.validate import check_event
from resolvers.context import Context, recorded_at
from resolvers.errors import ConflictError, Refusal
from resolvers.feedback.read import feedback_by_id
from resolvers.feedback.record import feedback_create_batch
from resolvers.feedback.validate import NewFeedback
from resolvers.objects.create import object_create
from resolvers.objects.kinds import ObjectKind
from resolvers.objects.read import objects_by_ref
from server.demo.arguments import Plan
from server.demo.chats import tell_chats
from server.demo.faq import tell_evaluations
from server.demo.imports import tell_imports
from server.demo.judging import judge
from server.demo.objects import Published, publish
from server.demo.research import tell_research
from server.demo.story import Comment, Story, Trace
from server.demo.support import tell_support

__all__ = ["Filled", "fill"]

MARK = "tracegraph-demo"
"""The object in which a project keeps what its demo was made from, so that a later run tells the same story."""

EVENTS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Filled:
    """What a project has of the demo; ``added`` says whether any of it is new."""

    added: bool
    seed: int
    end: int
    traces: int
    calls: int
    feedback: int
    versions: int
    failed: str
    """Call id of a root that ended with an exception."""

    tree: str | None
    """Call id of the root of the one more trace."""


async def fill(context: Context, plan: Plan, now: int) -> Filled:
    """Write the demo into a project; what is there of it stays as it is.

    Raises a Refusal for a bad project id, and where the project has the demo of another seed or time.
    """
    context.caller.require_write(plan.project)
    seed, end, published = await _begin(context, plan, now)
    story = Story(plan.project, f"{seed}", published.ops)
    tell_support(story, published, end)
    failed = next(trace for trace in reversed(story.traces) if trace.failed)
    tell_evaluations(story, published, end)
    tell_chats(story, end)
    tell_imports(story, published, end)
    traces = story.traces
    if plan.calls:
        # By a seed of its own: the story is the same without it.
        more = Story(plan.project, f"{seed}:{plan.calls}", published.ops)
        tell_research(more, end, plan.calls)
        traces = [*traces, *more.traces]
    recorded = await _record(context, plan.project, traces)
    commented = await _comment(context, plan.project, story.comments)
    judged = await judge(context, story, published, end)
    return Filled(
        added=recorded or commented or judged,
        seed=seed,
        end=end,
        traces=len(traces),
        calls=sum(isinstance(event, CallStart) for trace in traces for event in trace.events),
        feedback=len(story.comments),
        versions=len({*published.objects.values(), *published.ops.values()}),
        failed=failed.events[0].id,
        tree=traces[-1].events[0].id if plan.calls else None,
    )


async def _begin(context: Context, plan: Plan, now: int) -> tuple[int, int, Published]:
    """Seed, end and objects: those that the project has its demo from, or new ones."""
    key = (plan.project, ObjectKind.OBJECT.value, MARK, "latest")
    (mark,) = await objects_by_ref(context, [key], columns=frozenset({"val"}))
    if mark is not None:
        kept = parse_json(mark.val)
        try:
            seed, end, published = kept["seed"], kept["end"], Published(**kept["published"])
        except (KeyError, TypeError) as error:
            message = f"Object {MARK!r} of project {plan.project!r} is not of this command; name another project"
            raise ConflictError(message) from error
        if plan.seed not in {None, seed} or plan.end not in {None, end}:
            raise ConflictError(
                f"Project {plan.project!r} has the demo already, of another seed or time: leave out --seed and --now, "
                "or name another project"
            )
        return seed, end, published
    seed, end = plan.seed or 0, now if plan.end is None else plan.end
    published = await publish(context, plan.project, end)
    with recorded_at(end):
        kept = {"seed": seed, "end": end, "published": asdict(published)}
        await object_create(context, plan.project, MARK, dump_json(kept), kind=ObjectKind.OBJECT)
    return seed, end, published


async def _record(context: Context, project: str, traces: Sequence[Trace]) -> bool:
    """Record the traces that are not there, in the order in which they ended; returns whether there were any."""
    last = [trace.events[-1] for trace in traces]
    found = await calls_by_id(context, [(project, event.id) for event in last], columns=frozenset({"ended_at"}))
    missing = [
        trace
        for trace, event, row in zip(traces, last, found, strict=True)
        if row is None or (row.ended_at is None and not isinstance(event, CallStart))
    ]
    for trace in sorted(missing, key=lambda trace: trace.clock):
        for event in trace.events:
            check_event(event, context.caller)
        with recorded_at(trace.clock):
            for events in chunked(trace.events, EVENTS_AT_ONCE):
                await record_calls(context, events)
    return bool(missing)


async def _comment(context: Context, project: str, comments: Sequence[Comment]) -> bool:
    """Give the feedback that is not there, each at its time; returns whether there was any."""
    found = await feedback_by_id(context, [(project, comment.id) for comment in comments], columns=frozenset())
    missing = [comment for comment, row in zip(comments, found, strict=True) if row is None]
    for at, group in groupby(sorted(missing, key=lambda comment: comment.at), key=lambda comment: comment.at):
        batch = [
            NewFeedback(
                project,
                comment.target_ref,
                comment.type,
                dump_json(comment.payload),
                id=comment.id,
                creator=comment.user,
                wb_user_id=comment.user,
                annotation_ref=comment.refs.get("annotation_ref"),
                runnable_ref=comment.refs.get("runnable_ref"),
                call_ref=comment.refs.get("call_ref"),
            )
            for comment in group
        ]
        with recorded_at(at):
            results = await feedback_create_batch(context, batch)
        for result in results:
            if isinstance(result, Refusal):
                raise result
    return bool(missing)
