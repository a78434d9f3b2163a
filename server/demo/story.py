"""How the demo's calls come about: nested blocks that move a clock of their own, and leave events behind."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from db.json_text import JSONValue, dump_json
from resolvers.calls.events import CallEnd, CallEvent, CallStart
from resolvers.calls.kinds import CallKind
from resolvers.refs import CallRef

__all__ = ["HOUR", "MINUTE", "SECOND", "Call", "Comment", "Story", "Trace"]

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
SDK = {"client_version": "0.52.43", "source": "python-sdk", "sys_version": "3.13.2", "os_name": "Linux"}
PROVIDERS_THAT_SAY_INPUT = ("claude",)


@dataclass(frozen=True, slots=True)
class Comment:
    """Feedback to give; ``at`` in microseconds since the epoch, ``refs`` by name (``resolvers.feedback.validate``)."""

    id: str
    at: int
    target_ref: str
    type: str
    payload: JSONValue
    user: str
    refs: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Trace:
    """One trace: its events, in the order in which they happened, and what its calls have in common."""

    id: str
    story: "Story"
    user: str
    attributes: Mapping[str, JSONValue]
    clock: int
    session: str | None
    thread: str | None
    turn: str | None = None
    failed: bool = False
    """Whether its root raised."""

    events: list[CallEvent] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Call:
    """A call that is being made. Its time goes on with ``takes`` and with the calls inside it."""

    trace: Trace
    id: str
    op: str
    started_at: int
    output: JSONValue = None
    usage: dict[str, dict[str, int]] = field(default_factory=dict)
    exception: str | None = None
    running: bool = False
    succeeded: int = 0
    failed: int = 0

    @property
    def ref(self) -> str:
        """Its ref."""
        return str(CallRef(self.trace.story.project, self.id))

    def takes(self, seconds: float) -> None:
        """Let time pass: ``seconds`` or up to a third more."""
        self.trace.clock += int(seconds * (1 + self.trace.story.random.random() / 3) * SECOND)

    def fails(self, kind: str, message: str, place: str = "agent.py") -> None:
        """It raises, at a line of ``place``."""
        line = self.trace.story.random.randrange(20, 240)
        function = self.op.partition(":")[0]
        frame = {"filename": f"/app/{place}", "line_number": line, "function_name": function, "text": "raise"}
        self.exception = str(dump_json({"type": kind, "message": message, "traceback": [frame]}))

    def uses(self, model: str, tokens_in: int, tokens_out: int) -> None:
        """It is a request to a model; the words for tokens are those of its provider."""
        if model.startswith(PROVIDERS_THAT_SAY_INPUT):
            counts = {"input_tokens": tokens_in, "output_tokens": tokens_out}
        elif tokens_out:
            counts = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
        else:
            counts = {"prompt_tokens": tokens_in}
        self.usage[model] = {"requests": 1, **counts, "total_tokens": tokens_in + tokens_out}

    @contextmanager
    def call(
        self,
        op: str,
        inputs: Mapping[str, JSONValue],
        kind: CallKind | None = None,
        *,
        name: str | None = None,
        attributes: Mapping[str, JSONValue] | None = None,
    ) -> Iterator["Call"]:
        """A call that this one makes; it ends with the block."""
        with self.trace.story.called(self.trace, self, op, inputs, kind, name, attributes or {}) as made:
            yield made


class Story:
    """Makes ids, traces and calls, all of them from one seed."""

    def __init__(self, project: str, seed: str, ops: Mapping[str, str]) -> None:
        """``ops`` has the ref of each version of an op: ``answer_ticket`` is the latest, ``answer_ticket:v0`` one."""
        self.project = project
        self.ops = ops
        self.random = Random(seed)  # noqa: S311 - the same seed must tell the same story
        self.traces: list[Trace] = []
        self.comments: list[Comment] = []

    def new_id(self, at: int) -> str:
        """A UUID of version 7 for a moment, as the SDKs make them."""
        value = ((at // 1000) << 80) | self.random.getrandbits(80)
        value = (value & ~(0xF << 76)) | (0x7 << 76)
        value = (value & ~(0x3 << 62)) | (0x2 << 62)
        return str(uuid.UUID(int=value))

    @contextmanager
    def trace(
        self,
        op: str,
        inputs: Mapping[str, JSONValue],
        kind: CallKind | None = None,
        *,
        at: int,
        user: str,
        name: str | None = None,
        session: str | None = None,
        thread: str | None = None,
        attributes: Mapping[str, JSONValue] | None = None,
    ) -> Iterator[Call]:
        """A new trace that begins at ``at``, and its root. In a thread the root is a turn."""
        trace = Trace(self.new_id(at), self, user, attributes or {}, at, session, thread)
        self.traces.append(trace)
        with self.called(trace, None, op, inputs, kind, name, {}) as root:
            yield root

    @contextmanager
    def called(
        self,
        trace: Trace,
        parent: Call | None,
        op: str,
        inputs: Mapping[str, JSONValue],
        kind: CallKind | None,
        name: str | None,
        attributes: Mapping[str, JSONValue],
    ) -> Iterator[Call]:
        """A call and its events: its start before those of the block, its end after them."""
        trace.clock += self.random.randrange(500, 4000)
        made = Call(trace, self.new_id(trace.clock), op, trace.clock)
        if parent is None and trace.thread is not None:
            trace.turn = made.id
        weave: dict[str, JSONValue] = {**SDK} if kind is None else {**SDK, "kind": kind.lower()}
        trace.events.append(
            CallStart(
                project=self.project,
                id=made.id,
                trace_id=trace.id,
                parent_id=None if parent is None else parent.id,
                op_name=self.ops.get(op, op),
                started_at=made.started_at,
                attributes=dump_json({**trace.attributes, **attributes, "weave": weave}),
                inputs=dump_json(inputs),
                display_name=name,
                thread_id=trace.thread,
                turn_id=trace.turn,
                session_id=trace.session,
                kind=kind,
                wb_user_id=trace.user,
            )
        )
        yield made
        if made.running:
            return
        if trace.clock == made.started_at:
            made.takes(0.002)
        made.failed += made.exception is not None
        made.succeeded += made.exception is None
        summary: dict[str, JSONValue] = {"usage": made.usage} if made.usage else {}
        summary["status_counts"] = {"success": made.succeeded, "error": made.failed}
        trace.events.append(
            CallEnd(self.project, made.id, trace.clock, dump_json(made.output), dump_json(summary), made.exception)
        )
        if parent is not None:
            parent.succeeded += made.succeeded
            parent.failed += made.failed
        else:
            trace.failed = made.exception is not None

    def comment(
        self, at: int, target_ref: str, type_: str, payload: JSONValue, user: str, refs: Mapping[str, str] | None = None
    ) -> None:
        """Give feedback."""
        self.comments.append(Comment(self.new_id(at), at, target_ref, type_, payload, user, refs or {}))
