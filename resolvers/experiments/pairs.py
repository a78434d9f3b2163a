"""The events of two experiments in pairs, by the datapoint that they are over."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from db.experiments.measures import select_events
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.experiments.entries import MOST_EVENTS, Reading, sources
from resolvers.experiments.results import two_experiments
from resolvers.experiments.values import SESSION, RunEvents, event_type_of

__all__ = ["EventPair", "LocatedEvent", "event_pairs", "located_events", "paired"]


class LocatedEvent(NamedTuple):
    """An event over a datapoint. ``started_at`` is in microseconds, ``size`` the bytes of its payloads."""

    datapoint_id: str
    event_name: str
    event_type: str
    call_id: str
    started_at: int
    size: int = 0


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
                    found[row.experiment_id].append(
                        LocatedEvent(datapoint_id, row.event_name, event_type, row.call_id, row.started_at, row.size)
                    )
        return found

    return [found or [] for found in await read_by_key(context, keys, read)]


async def event_pairs(context: Context, project: str, new_id: str, old_id: str, events: RunEvents) -> list[EventPair]:
    """The pairs of two experiments, in the order in which the new one's events began. Raises NotFoundError."""
    await two_experiments(context, project, old_id, new_id)
    new, old = await located_events(context, [(project, new_id), (project, old_id)], events=events)
    return paired(new, old)


def paired(new: Iterable[LocatedEvent], old: Iterable[LocatedEvent]) -> list[EventPair]:
    """The events in pairs; both lists are in the order in which events began, and so is the result.

    Events over the same datapoint pair with those of the same name and type, the first with the first. Of what is left
    of a type, sessions pair in the same order, others where each run has one left: a function that was renamed.
    """
    ours, theirs = _by_datapoint(new), _by_datapoint(old)
    found: list[EventPair] = []
    for datapoint_id, events in ours.items():
        pairs, left, right = _zipped(events, theirs.get(datapoint_id, []), _name_and_type)
        found += pairs
        counts = Counter(event.event_type for event in left), Counter(event.event_type for event in right)
        alone = {each for each in counts[0] if each == SESSION or counts[0][each] == counts[1][each] == 1}
        pairs, _, _ = _zipped(
            [event for event in left if event.event_type in alone],
            [event for event in right if event.event_type in alone],
            _type,
        )
        found += pairs
    return sorted(found, key=lambda pair: (pair.new.started_at, pair.new.call_id))


def _name_and_type(event: LocatedEvent) -> Hashable:
    return event.event_type, event.event_name


def _type(event: LocatedEvent) -> Hashable:
    return event.event_type


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
