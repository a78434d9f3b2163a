"""The calls of an evaluation's trace, collected until they are recorded."""

from dataclasses import dataclass, field

from db.json_text import JSONValue, dump_json
from resolvers.calls.events import CallEnd, CallEvent, CallStart
from resolvers.calls.kinds import CallKind
from resolvers.context import now
from resolvers.ids import new_id
from resolvers.refs import CallRef

__all__ = ["Span", "exception_text"]


def exception_text(kind: str, message: str) -> str:
    """An exception as Weave's SDK records it."""
    return str(dump_json({"type": kind, "message": message, "traceback": []}))


@dataclass(slots=True, eq=False)
class Span:
    """A call that runs. ``end`` puts its events into ``events``, which it has in common with the calls below it."""

    project: str
    trace_id: str
    parent: "Span | None"
    op_name: str
    inputs: JSONValue
    wb_user_id: str
    kind: CallKind | None = None
    display_name: str | None = None
    id: str = field(default_factory=new_id)
    started_at: int = field(default_factory=now)
    events: list[CallEvent] = field(default_factory=list)
    succeeded: int = 0
    failed: int = 0
    """Calls at and below this one that ended well, and that did not."""

    @property
    def ref(self) -> str:
        """Its ref."""
        return str(CallRef(self.project, self.id))

    def child(self, op_name: str, inputs: JSONValue, kind: CallKind | None = None, *, collect: bool = False) -> "Span":
        """A call that this one makes; with ``collect`` it and those below it are recorded by themselves."""
        return Span(
            project=self.project,
            trace_id=self.trace_id,
            parent=self,
            op_name=op_name,
            inputs=inputs,
            wb_user_id=self.wb_user_id,
            kind=kind,
            events=[] if collect else self.events,
        )

    def start(self) -> CallStart:
        """The event of its start."""
        meta: dict[str, JSONValue] = {"evaluate_model_worker": True}
        if self.parent is not None:
            meta["declarative"] = True
        attributes: dict[str, JSONValue] = {"_weave_eval_meta": meta}
        if self.kind is not None:
            attributes["weave"] = {"kind": self.kind.lower()}
        return CallStart(
            project=self.project,
            id=self.id,
            trace_id=self.trace_id,
            parent_id=None if self.parent is None else self.parent.id,
            op_name=self.op_name,
            started_at=self.started_at,
            attributes=dump_json(attributes),
            inputs=dump_json(self.inputs),
            display_name=self.display_name,
            kind=self.kind,
            wb_user_id=self.wb_user_id,
        )

    def end(self, output: JSONValue = None, exception: str | None = None) -> None:
        """Take the call for ended, with what it gave back or the exception that it raised."""
        self.succeeded += exception is None
        self.failed += exception is not None
        self.events.append(self.start())
        self.events.append(self.ended(output, exception))
        if self.parent is not None:
            self.parent.succeeded += self.succeeded
            self.parent.failed += self.failed

    def ended(self, output: JSONValue, exception: str | None) -> CallEnd:
        """The event of its end, now."""
        counts = {"success": self.succeeded, "error": self.failed}
        return CallEnd(
            project=self.project,
            id=self.id,
            ended_at=now(),
            output=dump_json(output),
            summary=dump_json({"status_counts": counts}),
            exception=exception,
        )
