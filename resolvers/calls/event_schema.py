"""The fields that occur in calls as events of HoneyHive: what filters of events can name."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, Row, select

from db.calls.tables import calls
from db.json_text import parse_json
from db.query.derived import trace_name
from db.query.fields import MAX_PATH
from resolvers.calls.event_view import event_type_of, event_view, outputs_of
from resolvers.calls.facets import check_size
from resolvers.calls.pages import CallList
from resolvers.calls.paths import LARGEST, MOST_SCANNED, batches
from resolvers.context import Context

__all__ = ["EventField", "EventFields", "EventSchema", "event_schema"]

MOST_FIELDS = 1_000
MOST_NAMES = 200
MOST_DATASETS = 1_000
MOST_KNOWN = 20_000
"""Fields of events of one name that are counted; what is met behind them is left out."""

MOST_BYTES = 64 << 20
"""Payloads that are looked into."""

DEEPEST = 30

c = calls.c

_COLUMNS = (
    c.kind, trace_name(c.display_name, c.op_name).label("name"), c.dataset_id, c.model, c.input_tokens, c.output_tokens,
    c.total_tokens, c.attributes, c.inputs, c.output,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventField:
    """A field as filters name it, the type of the events that have it, and how many they are."""

    name: str
    event_type: str
    count: int


@dataclass(frozen=True, slots=True)
class EventFields:
    """The fields that the events of one name have."""

    event_name: str
    fields: list[EventField]


@dataclass(frozen=True, slots=True)
class EventSchema:
    """The most frequent fields of all, and those of the most frequent names; ``cut`` says that there are more, or that
    not all events were looked into. ``skipped`` ones are too large."""

    fields: list[EventField]
    mappings: list[EventFields]
    datasets: list[str]
    scanned: int
    skipped: int
    cut: bool


@dataclass(slots=True)
class _Seen:
    """Counts by event name, and field with event type."""

    events: Counter[str] = field(default_factory=Counter)
    fields: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    datasets: set[str] = field(default_factory=set)
    known: int = 0
    cut: bool = False

    def add(self, row: Row[Any]) -> None:
        name, event_type = row.name or "", event_type_of(row.kind)
        self.events[name] += 1
        if row.dataset_id is not None:
            self.datasets.add(row.dataset_id)
        counter = self.fields.setdefault(name, Counter())
        for path in set(_paths_of(row)):
            if (path, event_type) not in counter:
                if self.known == MOST_KNOWN:
                    self.cut = True
                    continue
                self.known += 1
            counter[path, event_type] += 1

    def schema(self, limit: int, skipped: int, *, cut: bool) -> EventSchema:
        total: Counter[tuple[str, str]] = Counter()
        for counter in self.fields.values():
            total.update(counter)
        names = sorted(self.events, key=lambda name: (-self.events[name], name))
        mappings = [EventFields(name, _most(self.fields[name], limit)) for name in names[:MOST_NAMES]]
        more = len(total) > limit or len(names) > MOST_NAMES or len(self.datasets) > MOST_DATASETS
        return EventSchema(
            fields=_most(total, limit),
            mappings=mappings,
            datasets=sorted(self.datasets)[:MOST_DATASETS],
            scanned=self.events.total(),
            skipped=skipped,
            cut=cut or self.cut or more,
        )


def _most(counted: Counter[tuple[str, str]], limit: int) -> list[EventField]:
    ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return [EventField(path, event_type, count) for (path, event_type), count in ordered[:limit]]


def _paths_of(row: Row[Any]) -> Iterator[str]:
    counts = {
        "prompt_tokens": row.input_tokens,
        "completion_tokens": row.output_tokens,
        "total_tokens": row.total_tokens,
    }
    view = event_view(row.attributes, row.model, counts)
    sections = {"inputs": row.inputs or "{}", "outputs": outputs_of(row.output), **view.sections}
    for section, text in sections.items():
        if text != "{}":
            yield from _leaves(parse_json(text), section, 1)


def _leaves(value: Any, path: str, depth: int) -> Iterator[str]:
    """The paths of what is no object and not null; of what lies deepest the object."""
    if isinstance(value, dict) and value and depth <= DEEPEST:
        for key, item in value.items():
            inner = f"{path}.{key}"
            if len(inner) <= MAX_PATH:
                yield from _leaves(item, inner, depth + 1)
    elif value is not None and depth > 1:
        yield path


async def event_schema(context: Context, chosen: CallList, limit: int, scan: int) -> EventSchema:
    """The fields in the newest ``scan`` of the calls, ``limit`` of them at most.

    Some megabytes are read at a time, 64 at most, and calls whose payloads are larger than one are passed over.
    """
    context.caller.require_read(chosen.project)
    check_size("first", limit, MOST_FIELDS)
    check_size("scan", scan, MOST_SCANNED)
    newest = (
        select(c.id, (c.start_size + c.end_size).label("size"))
        .where(*chosen.conditions())
        .order_by(c.started_at.desc(), c.id.desc())
        .limit(scan + 1)
    )
    found: list[tuple[str, int]] = await context.read(
        lambda connection: [(call_id, size) for call_id, size in connection.execute(newest)]
    )
    small = [(call_id, size) for call_id, size in found[:scan] if size <= LARGEST]
    within = sum(total <= MOST_BYTES for total in accumulate(size for _, size in small))
    seen = _Seen()
    for ids in batches(small[:within]):
        rows = await context.read(partial(_read, project=chosen.project, ids=ids))
        await asyncio.to_thread(_add_all, seen, rows)
    skipped = min(len(found), scan) - len(small)
    return seen.schema(limit, skipped, cut=len(found) > scan or within < len(small))


def _read(connection: Connection, *, project: str, ids: list[str]) -> list[Row[Any]]:
    statement = select(*_COLUMNS).where(c.project_id == project, c.id.in_(ids))
    return list(connection.execute(statement).all())


def _add_all(seen: _Seen, rows: list[Row[Any]]) -> None:
    for row in rows:
        seen.add(row)
