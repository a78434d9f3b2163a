"""Reading what was measured in experiments: the metrics of events, the scores of evaluations' rows, and what scorers
say of the calls of either as feedback."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, Connection, and_, true

from db.calls.event_fields import EVENT_TYPES
from db.calls.fields import call_fields
from db.calls.filters import CallFilter, conditions
from db.experiments.measures import select_event_kinds, select_feedback, select_measured
from db.json_text import JSONValue, parse_json
from db.query.compile import compile_query
from db.rows import Row, RowSet
from resolvers.batches import read_by_key
from resolvers.calls.event_filters import EventFilter, filters_expression
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.experiments.aggregates import Value
from resolvers.experiments.comparison import Measured, MetricKey
from resolvers.experiments.entries import MOST_EVENTS, Evaluations, Key, Reading, Sessions, Sources, sources
from resolvers.experiments.goals import MODEL_LATENCY
from resolvers.experiments.judgement import Entry
from resolvers.queries import refusing_queries
from resolvers.refs import CallRef, parse_ref
from resolvers.scores import Score, scores_of_feedback, scores_of_scorers

__all__ = [
    "SESSION",
    "EventKind",
    "MeasuredEvent",
    "RunEvents",
    "RunValues",
    "event_kinds",
    "run_values",
]

MOST_KINDS = 1_000

SESSION = "session"
"""The type of the events that sessions are."""


@dataclass(frozen=True, slots=True)
class RunEvents:
    """Which events of a run count: all that is set must hold. Times are microseconds, both inclusive."""

    filters: tuple[EventFilter, ...] = ()
    started_after: int | None = None
    started_until: int | None = None

    def condition(self, project: str) -> ColumnElement[bool]:
        """On ``calls``. Raises InvalidInputError for a filter that cannot be."""
        before = None if self.started_until is None else self.started_until + 1
        found = conditions(project, CallFilter(started_after=self.started_after, started_before=before))
        expression = filters_expression(self.filters)
        if expression is not None:
            with refusing_queries("filters", InvalidInputError):
                found.append(compile_query(expression, call_fields(project)))
        return and_(true(), *found)


@dataclass(frozen=True, slots=True)
class MeasuredEvent:
    """An event that has metrics; ``started_at`` is in microseconds."""

    project: str
    call_id: str
    event_name: str
    event_type: str
    session_id: str
    entry: Entry
    started_at: int
    metrics: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunValues:
    """What was measured in a run: entries and events, in the order in which they began."""

    entries: Sequence[Entry] = ()
    events: Sequence[MeasuredEvent] = ()

    def values(self) -> Iterator[Measured]:
        """The metrics of all events. Those of sessions belong together, whatever each is called."""
        sessions = {event.event_name for event in self.events if event.event_type == SESSION}
        for event in self.events:
            together = event.event_type == SESSION and len(sessions) > 1
            kind = (SESSION if together else event.event_name, event.event_type)
            for name, value in event.metrics.items():
                entry = event.entry
                yield Measured(MetricKey(name, *kind), entry.datapoint_id, value, entry.name, event.event_name)

    def over(self, twins: Mapping[str, str]) -> "RunValues":
        """The same, over other datapoints: ``twins`` of those that it has."""
        entries: dict[str, Entry] = {}
        for entry in self.entries:
            twin = entry.over(twins)
            entries.setdefault(twin.name, twin)
        events = [replace(event, entry=event.entry.over(twins)) for event in self.events]
        return RunValues(list(entries.values()), events)

    @property
    def datapoint_ids(self) -> list[str]:
        """The datapoints that it is over."""
        return [entry.datapoint_id for entry in self.entries if entry.datapoint_id is not None]


@dataclass(frozen=True, slots=True, order=True)
class EventKind:
    """A name of events and their type: ``model``, ``tool``, ``chain`` or ``session``."""

    event_name: str
    event_type: str


async def run_values(context: Context, keys: Sequence[tuple[str, str]], *, events: RunEvents) -> list[RunValues | None]:
    """What was measured in each (project, experiment id); None for what is not there or may not be seen.

    At most eight statements a project, whatever the runs hold. Raises TooLargeError for more than 200,000 events.
    """

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, RunValues]:
        reading = Reading(connection, project, events.condition(project))
        found: dict[str, RunValues] = {}
        for source in sources(reading, ids):
            if source is not None:
                found |= _Values(reading, source).read()
        return found

    return await read_by_key(context, keys, read)


async def event_kinds(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[EventKind]]:
    """The kinds of events of each (project, experiment id), in the order of names: one statement a project."""

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, set[EventKind]]:
        found: defaultdict[str, set[EventKind]] = defaultdict(set)
        for row in select_event_kinds(connection, project, ids, MOST_KINDS):
            found[row.experiment_id].add(EventKind(row.event_name, event_type_of(row.kind)))
        return found

    return [sorted(found or ()) for found in await read_by_key(context, keys, read)]


def event_type_of(kind: str | None) -> str:
    """The type that events of a kind have."""
    event_type: str = EVENT_TYPES.get(kind or "", "chain")
    return event_type


class _Values:
    """The values of experiments of one origin."""

    def __init__(self, reading: Reading, source: Sources) -> None:
        self._reading = reading
        self._source = source
        self._entries: Mapping[str, dict[str, Entry]] = defaultdict(dict)
        self._events: dict[Key, MeasuredEvent] = {}

    def read(self) -> dict[str, RunValues]:
        if isinstance(self._source, Evaluations):
            self._add_rows(self._source)
        elif isinstance(self._source, Sessions):
            self._entries = self._source.entries
        self._add(select_measured, lambda row: scores_of_scorers(_object(row.metrics)))
        self._add(select_feedback, self._said_beside)
        events: defaultdict[str, list[MeasuredEvent]] = defaultdict(list)
        for (experiment_id, _), event in sorted(self._events.items(), key=lambda item: (item[1].started_at, item[0])):
            if event.metrics:
                events[experiment_id].append(event)
        return {
            each: RunValues(sorted(self._entries[each].values(), key=_began), events[each]) for each in self._source.ids
        }

    def _add_rows(self, evaluations: Evaluations) -> None:
        for (experiment_id, call_id), row in evaluations.rows.items():
            if row.call.matches:
                self._entries[experiment_id].setdefault(row.entry.name, row.entry)
                event = self._events[experiment_id, call_id] = self._event(row.call, row.entry)
                latency = None if row.call.latency is None else parse_json(row.call.latency)
                _add_scores(event.metrics, scores_of_scorers({**row.scores, MODEL_LATENCY: latency}))

    def _add(self, select: Callable[..., RowSet], scores: Callable[[Row], Iterable[Score]]) -> None:
        """Add the scores in each row of ``select`` to the metrics of the row's call, where it does not have them."""
        reading = self._reading
        found = select(reading.connection, reading.project, self._source.ids, reading.matching, MOST_EVENTS + 1)
        for row in reading.bounded(found):
            _add_scores(self._event_of(row).metrics, scores(row))

    def _event_of(self, call: Row) -> MeasuredEvent:
        """The event of a call: of one below an evaluation's row that counts, the row's."""
        key = (call.experiment_id, call.call_id)
        if key in self._events:
            return self._events[key]
        entry = self._source.entry(call)
        above = (call.experiment_id, entry.call_id)
        if isinstance(self._source, Evaluations):
            if above in self._source.rows and above in self._events:
                return self._events[above]
            if above in self._source.rows:
                self._entries[call.experiment_id].setdefault(entry.name, entry)
        event = self._events[key] = self._event(call, entry)
        return event

    def _event(self, call: Row, entry: Entry) -> MeasuredEvent:
        return MeasuredEvent(
            self._reading.project,
            call.call_id,
            call.event_name,
            event_type_of(call.kind),
            call.session_id,
            entry,
            call.started_at,
        )

    def _said_beside(self, feedback: Row) -> Iterable[Score]:
        """What feedback says, but for what an evaluation's own scorers said: the row has it already."""
        source, scorer = self._source, feedback.call_ref
        if isinstance(source, Evaluations) and scorer is not None and isinstance(ref := parse_ref(scorer), CallRef):
            within = source.row_of(feedback.experiment_id, ref.call_id)
            if within is not None and within.scores:
                return ()
        return scores_of_feedback(feedback)


def _began(entry: Entry) -> tuple[int, str]:
    return entry.began, entry.name


def _add_scores(metrics: dict[str, Value], scores: Iterable[Score]) -> None:
    for score in scores:
        value = _value_of(score)
        if value is not None:
            metrics.setdefault(score.name, value)


def _value_of(score: Score) -> Value | None:
    if score.value is None:
        return score.label
    return score.value if score.label is None else bool(score.value)


def _object(text: str | None) -> dict[str, JSONValue]:
    value = None if text is None else parse_json(text)
    return value if isinstance(value, dict) else {}
