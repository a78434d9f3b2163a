"""The events of two experiments in pairs, by the datapoint that they are over."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from db.experiments.measures import select_events
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.experiments.entries import MOST_EVENTS, Evaluations, Reading, sources
from resolvers.experiments.results import two_experiments
from resolvers.experiments.twins import twins_of
from resolvers.experiments.values import SESSION, RunEvents, event_type_of

__all__ = ["EventPair", "LocatedEvent", "event_pairs", "located_events", "paired"]


class LocatedEvent(NamedTuple):
    """An event over a datapoint. ``started_at`` is in microseconds, ``size`` the bytes of its payloads; ``whole`` says
    that it is all that was done with the datapoint: a session, or the row of an evaluation."""

    datapoint_id: str
    event_name: str
    event_type: str
    call_id: str
    started_at: int
    size: int = 0
    whole: bool = False


class EventPair(NamedTuple):
    """What two runs did with one datapoint."""

    new: LocatedEvent
    old: LocatedEvent


async def located_events(
    context: Context, keys: Sequence[tuple[str, str]], *, events: RunEvents
) -> list[list[LocatedEvent]]:
    """The events of each (project, experiment id) that are over a datapoint, oldest first. Five statements a project.

    Raises TooLargeError for more than 200,000.
    """

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, list[LocatedEvent]]:
        reading = Reading(connection, project, events.condition(project))
        found: defaultdict[str, list[LocatedEvent]] = defaultdict(list)
        for source in sources(reading, ids):
            if source is None:
                continue
            rows = select_events(connection, project, source.ids, reading.matching, MOST_EVENTS + 1)
            for row in reading.bounded(rows):
                datapoint_id = source.entry(row).datapoint_id
                if datapoint_id is not None:
                    event_type = event_type_of(row.kind)
                    key = (row.experiment_id, row.call_id)
                    whole = key in source.rows if isinstance(source, Evaluations) else event_type == SESSION
                    found[row.experiment_id].append(
                        LocatedEvent(
                            datapoint_id, row.event_name, event_type, row.call_id, row.started_at, row.size, whole
                        )
                    )
        return found

    return [found or [] for found in await read_by_key(context, keys, read)]


async def event_pairs(context: Context, project: str, new_id: str, old_id: str, events: RunEvents) -> list[EventPair]:
    """The pairs of two experiments, in the order in which the new one's events began. Raises NotFoundError."""
    runs = await two_experiments(context, project, old_id, new_id)
    new, old = await located_events(context, [(project, new_id), (project, old_id)], events=events)
    twins = await twins_of(context, project, *runs)
    return paired(_over(new, twins), _over(old, twins))


def _over(events: Iterable[LocatedEvent], twins: Mapping[str, str]) -> list[LocatedEvent]:
    return [event._replace(datapoint_id=twins.get(event.datapoint_id, event.datapoint_id)) for event in events]


def paired(new: Iterable[LocatedEvent], old: Iterable[LocatedEvent]) -> list[EventPair]:
    """The events in pairs; both lists are in the order in which events began, and so is the result.

    Events over the same datapoint pair with those of the same name and type, the first with the first. Of what is left,
    sessions and rows of evaluations pair in the same order, others where each run has one of their type left: a
    function that was renamed.
    """
    ours, theirs = _by_datapoint(new), _by_datapoint(old)
    found: list[EventPair] = []
    for datapoint_id, events in ours.items():
        named, left, right = _zipped(events, theirs.get(datapoint_id, []), lambda event: (event[1:3], event.whole))
        parts = [event for event in left if not event.whole], [event for event in right if not event.whole]
        wholes, _, _ = _zipped(
            [event for event in left if event.whole], [event for event in right if event.whole], lambda _event: None
        )
        counts = [Counter(event.event_type for event in part) for part in parts]
        alone = {each for each in counts[0] if counts[0][each] == counts[1][each] == 1}
        renamed, _, _ = _zipped(
            [event for event in parts[0] if event.event_type in alone],
            [event for event in parts[1] if event.event_type in alone],
            lambda event: event.event_type,
        )
        found += [*named, *wholes, *renamed]
    return sorted(found, key=lambda pair: (pair.new.started_at, pair.new.call_id))


def _zipped(
    new: Sequence[LocatedEvent], old: Sequence[LocatedEvent], key: Callable[[LocatedEvent], Hashable]
) -> tuple[list[EventPair], list[LocatedEvent], list[LocatedEvent]]:
    """Events of equal keys in pairs, the first with the first, and what is left of either run."""
    waiting: defaultdict[Hashable, deque[LocatedEvent]] = defaultdict(deque)
    for event in old:
        waiting[key(event)].append(event)
    pairs: list[EventPair] = []
    left: list[LocatedEvent] = []
    for event in new:
        if same := waiting[key(event)]:
            pairs.append(EventPair(event, same.popleft()))
        else:
            left.append(event)
    unpaired = {event.call_id for events in waiting.values() for event in events}
    return pairs, left, [event for event in old if event.call_id in unpaired]


def _by_datapoint(events: Iterable[LocatedEvent]) -> dict[str, list[LocatedEvent]]:
    found: dict[str, list[LocatedEvent]] = {}
    for event in events:
        found.setdefault(event.datapoint_id, []).append(event)
    return found
