"""Which call id a span gets, and which call is its parent.

A span's call id is its span id, or the id that its sender wants for the call. Where that is taken by another span
(another trace, or another start: a seeded SDK makes the same ids in each run), or by a call that is none, the span gets
a derived id, and so do the links to it:

1. the wanted id,
2. an id made of its trace id and span id, which those below it know even before it comes,
3. an id made of its trace id, span id and start, for runs that share both.

The same span finds itself again, however often it comes. Where several spans of a trace have the span id that a child
names as its parent, the parent is the one during which the child began, else the last that began before it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from db.spans import PlacedSpan

__all__ = ["Placement", "derived_id", "is_span"]


def derived_id(trace_id: str, span_id: str, *start: int) -> str:
    """Another id of the form of a span id, the same whenever it is made of the same."""
    key = "/".join((trace_id, span_id, *map(str, start)))
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _ids(trace_id: str, span_id: str, started_at: int, wanted: str) -> Iterator[str]:
    """The ids that a span may get, best first; nearly all get the first, for which nothing is worked out."""
    yield wanted
    yield from _derived_ids(trace_id, span_id, started_at)


def _derived_ids(trace_id: str, span_id: str, started_at: int) -> Iterator[str]:
    yield derived_id(trace_id, span_id)
    yield derived_id(trace_id, span_id, started_at)


def _identity(call: PlacedSpan) -> tuple[str | None, str, int | None]:
    """What makes it the same span, however often it comes."""
    return call.trace_id, call.span_id, call.started_at


def is_span(call: PlacedSpan) -> bool:
    """Whether a call came as a span: Weave's SDKs make longer ids."""
    return len(call.id) == 16 or call.id != call.span_id


class Placement:
    """The calls around the spans of a batch: all that have one of the ids that the batch names, or may be given."""

    def __init__(self, known: Iterable[PlacedSpan]) -> None:
        self._by_id: dict[str, PlacedSpan] = {}
        self._by_span: defaultdict[tuple[str | None, str], list[PlacedSpan]] = defaultdict(list)
        self.learn(known)

    def learn(self, known: Iterable[PlacedSpan]) -> None:
        """Take further calls into account."""
        for call in known:
            # Where it has not started only a rename or an end has come, which the span may take.
            if call.started_at is not None and call.id not in self._by_id:
                self._add(call)

    def _add(self, call: PlacedSpan) -> None:
        self._by_id[call.id] = call
        self._by_span[call.trace_id, call.span_id].append(call)

    def derived_ids(self, spans: Iterable[tuple[str, str, int, str]]) -> dict[str, None]:
        """The ids that may be made for those of ``spans`` (what ``place`` is given but for their ends) whose wanted id
        another span has, or one of them that comes before."""
        owners: dict[str, tuple[str | None, str, int | None]] = {}
        derived: dict[str, None] = {}
        for trace_id, span_id, started_at, wanted in spans:
            own = (trace_id, span_id, started_at)
            present = self._by_id.get(wanted)
            owner = owners.setdefault(wanted, own) if present is None else _identity(present)
            if owner != own:
                derived.update(dict.fromkeys(_derived_ids(trace_id, span_id, started_at)))
        return derived

    def place(
        self, trace_id: str, span_id: str, started_at: int, ended_at: int | None, wanted: str
    ) -> tuple[str, bool]:
        """The call id of a span, which is taken from now on, and whether it is new. Times are microseconds."""
        call_id = wanted
        for call_id in _ids(trace_id, span_id, started_at, wanted):
            present = self._by_id.get(call_id)
            if present is None:
                self._add(PlacedSpan(call_id, span_id, trace_id, None, started_at, ended_at))
                return call_id, True
            if _identity(present) == (trace_id, span_id, started_at):
                return call_id, False
        return call_id, False

    def parent(self, trace_id: str | None, span_id: str, started_at: int) -> str:
        """The call id of the parent with this span id, of a child that began at ``started_at``.

        Where it has not come, the id that it will have: its own, or a derived one where another trace has taken that.
        """
        candidates = self._by_span.get((trace_id, span_id))
        if not candidates:
            taken = self._by_id.get(span_id)
            return derived_id(trace_id, span_id) if trace_id and taken and taken.trace_id != trace_id else span_id

        def nearness(call: PlacedSpan) -> tuple[bool, bool, int]:
            begun = call.started_at or 0
            before = begun <= started_at
            during = before and (call.ended_at is None or started_at <= call.ended_at)
            return during, before, begun if before else -begun

        return max(candidates, key=nearness).id

    def span_id_of(self, call_id: str) -> str:
        """The span id of the span that has this call id; of one that is not known, the call id is the span id."""
        call = self._by_id.get(call_id)
        return call.span_id if call else call_id

    def is_alone(self, trace_id: str, span_id: str) -> bool:
        """Whether the span has its own id and no other of its trace has it: children of the trace are right there."""
        return [call.id for call in self._by_span[trace_id, span_id]] == [span_id]

    def ids_of(self, trace_id: str, span_id: str) -> list[str]:
        """The ids under which children of a span may stand: those of all spans like it, and its own."""
        return [span_id, *(call.id for call in self._by_span[trace_id, span_id] if call.id != span_id)]
