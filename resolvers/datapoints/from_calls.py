"""Making datapoints of calls that are named, or found by filters."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, select

from db.calls.filters import EVERY_CALL, CallFilter
from db.calls.reads import SHOWN, select_calls_by_id
from db.calls.tables import calls
from db.id_lists import among
from db.query.expression import Expression
from resolvers.calls.pages import CallList
from resolvers.context import Context
from resolvers.datapoints.events import EVENT_COLUMNS, datapoint_of_call
from resolvers.datapoints.mapping import FieldMapping, check_mapping
from resolvers.datapoints.record import datapoints_create
from resolvers.datapoints.validate import NewDatapoint, check_id, missing
from resolvers.datasets.read import datasets_by_id
from resolvers.errors import InvalidInputError, TooLargeError

__all__ = ["CallSelection", "datapoints_from_calls"]

c = calls.c

MOST_CALLS = 10_000
"""Calls that one request makes datapoints of."""

MOST_BYTES = 128 << 20
"""Bytes of their payloads together."""

BATCH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class CallSelection:
    """Which calls: those that the filter and the query leave, of these ids where any are named and not all are meant
    (``every``), but for the ``excepted``. Some restriction must be there, unless all are meant."""

    ids: Sequence[str] = ()
    excepted: Sequence[str] = ()
    every: bool = False
    filter: CallFilter = EVERY_CALL
    query: Expression | None = None

    def named(self) -> list[str]:
        """The ids, each once; none where all calls are meant."""
        return [] if self.every else [call_id for call_id in dict.fromkeys(self.ids) if call_id not in self.excepted]

    def check(self) -> None:
        """Raise InvalidInputError where it would select all calls, though nobody asked for that, or too many ids."""
        narrowed = self.query is not None or any(getattr(self.filter, each.name) for each in fields(self.filter))
        if not (self.every or self.ids or narrowed):
            raise InvalidInputError("Name calls by their ids or by a filter, or say that all are meant", ["callIds"])
        if len(self.ids) > MOST_CALLS:
            raise InvalidInputError(
                f"Datapoints are made of at most {MOST_CALLS:,} calls at once, not of {len(self.ids):,}", ["callIds"]
            )


async def datapoints_from_calls(
    context: Context,
    project: str,
    selection: CallSelection,
    mapping: FieldMapping,
    dataset_id: str | None = None,
) -> list[str]:
    """Make a datapoint of each call, all of them or none, in the order of the ids that are named, or of their start;
    they come last in the dataset, where one is named. Returns their ids.

    Raises NotFoundError naming calls or a dataset that is not there, InvalidInputError for a selection or a mapping
    that cannot be, TooLargeError past ``MOST_CALLS`` or ``MOST_BYTES``.
    """
    context.caller.require_write(project)
    context.caller.require_read(project)
    selection.check()
    check_mapping(mapping)
    if dataset_id is not None:
        check_id(dataset_id, "dataset", ["datasetId"])
        if (await datasets_by_id(context, [(project, dataset_id)], columns=frozenset()))[0] is None:
            missing("Dataset", [dataset_id], project, ["datasetId"])
    named = selection.named()
    sizes = await _selected(context, project, selection, named)
    held = () if dataset_id is None else (dataset_id,)
    made: dict[str, NewDatapoint] = {}
    for ids in _batches(sizes):
        made |= await _made(context, project, ids, mapping, held)
    order = [call_id for call_id in named or (call_id for call_id, _ in sizes) if call_id in made]
    return await datapoints_create(context, project, [made[call_id] for call_id in order])


async def _selected(
    context: Context, project: str, selection: CallSelection, named: Sequence[str]
) -> list[tuple[str, int]]:
    """Ids and bytes of the calls, by their start."""
    conditions = CallList(project, selection.filter, query=selection.query).conditions()
    if selection.ids and not selection.every:
        conditions.append(among(c.id, named))
    if selection.excepted:
        conditions.append(~among(c.id, selection.excepted))

    def read(connection: Connection) -> list[tuple[str, int]]:
        if lacking := _lacking(connection, project, named):
            missing("Call", lacking, project, ["callIds"])
        return _sizes(connection, conditions)

    found = await context.read(read)
    if len(found) > MOST_CALLS:
        raise TooLargeError(f"Datapoints are made of at most {MOST_CALLS:,} calls at once; narrow the filter")
    if (total := sum(size for _, size in found)) > MOST_BYTES:
        raise TooLargeError(
            f"Datapoints are made of calls of at most {MOST_BYTES >> 20} MiB at once, these are of {total >> 20} MiB"
        )
    return found


def _lacking(connection: Connection, project: str, ids: Sequence[str]) -> list[str]:
    if not ids:
        return []
    there = select(c.id).where(c.project_id == project, SHOWN, among(c.id, ids))
    known = set(connection.execute(there).scalars())
    return [call_id for call_id in ids if call_id not in known]


def _sizes(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> list[tuple[str, int]]:
    size = (c.start_size + c.end_size).label("size")
    listed = select(c.id, size).where(*conditions).order_by(c.started_at, c.id).limit(MOST_CALLS + 1)
    return [(row.id, row.size) for row in connection.execute(listed)]


def _batches(sizes: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    batch: list[str] = []
    total = 0
    for call_id, size in sizes:
        if batch and (total + size > BATCH_BYTES or len(batch) == 1000):
            yield batch
            batch, total = [], 0
        batch.append(call_id)
        total += size
    if batch:
        yield batch


async def _made(
    context: Context, project: str, ids: Sequence[str], mapping: FieldMapping, dataset_ids: Sequence[str]
) -> dict[str, NewDatapoint]:
    rows = await context.read(lambda connection: select_calls_by_id(connection, project, ids, EVENT_COLUMNS))

    def made() -> dict[str, NewDatapoint]:
        return {call_id: datapoint_of_call(row, mapping, dataset_ids) for call_id, row in rows.items()}

    return await asyncio.to_thread(made)
