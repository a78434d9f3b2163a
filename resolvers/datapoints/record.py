"""Making, changing and deleting datapoints."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from db.datapoints import (
    PAYLOADS,
    delete_datapoints,
    insert_datapoints,
    payload_columns,
    select_datapoints_by_id,
    update_datapoint,
)
from db.dataset_members import delete_memberships, select_dataset_ids
from db.projects import lock
from db.rows import Row
from resolvers.context import Context, now
from resolvers.datapoints.validate import NewDatapoint, check_id, check_ids, check_payloads, missing, payload_size
from resolvers.datasets.members import add_to_dataset, require_datasets
from resolvers.errors import ConflictError
from resolvers.ids import new_id

__all__ = ["datapoint_delete", "datapoint_update", "datapoints_create", "insert_batch", "rows_of"]

_Row = dict[str, Any]


async def datapoints_create(context: Context, project: str, batch: Sequence[NewDatapoint]) -> list[str]:
    """Make datapoints, all of them or none, each at the end of the datasets that it names; returns their ids, in order.

    Raises InvalidInputError naming a payload or id that cannot be, NotFoundError naming datasets that are not there,
    ConflictError naming an id that is taken, TooLargeError for a dataset that would be too large.
    """
    context.caller.require_write(project)
    rows = await asyncio.to_thread(rows_of, project, batch, context.caller.user_id, now())
    if rows:
        await context.database.write(lambda connection: _write(connection, project, rows, batch))
    return [row["id"] for row in rows]


def _write(connection: Connection, project: str, rows: Sequence[_Row], batch: Sequence[NewDatapoint]) -> None:
    at = rows[0]["created_at"]
    lock(connection, project, at)
    held: defaultdict[str, list[str]] = defaultdict(list)
    for row, new in zip(rows, batch, strict=True):
        for dataset_id in new.dataset_ids:
            held[dataset_id].append(row["id"])
    require_datasets(connection, project, list(held), ["datasetIds"])
    given = [new.id for new in batch if new.id is not None]
    if taken := select_datapoints_by_id(connection, project, given, ()):
        raise ConflictError(f"Datapoint {next(iter(taken))!r} is there already", ["datapointId"])
    insert_batch(connection, project, rows, held, at)


def insert_batch(
    connection: Connection, project: str, rows: Sequence[_Row], held: Mapping[str, Sequence[str]], at: int
) -> None:
    """Insert ``rows_of`` a batch, and put the ids that ``held`` names into datasets that are there. Raises
    TooLargeError."""
    insert_datapoints(connection, rows)
    for dataset_id, ids in held.items():
        add_to_dataset(connection, project, dataset_id, ids, at)


def rows_of(project: str, batch: Sequence[NewDatapoint], user_id: str, at: int) -> list[_Row]:
    """The rows to insert for a batch. Raises InvalidInputError for what cannot be, ConflictError for an id twice."""
    seen: set[str] = set()
    rows = []
    for index, new in enumerate(batch):
        field: Sequence[str | int] = [] if len(batch) == 1 else ["items", index]
        payloads = {name: getattr(new, name) for name in PAYLOADS}
        check_payloads(payloads, field)
        _check_links(new.linked_call_id, new.dataset_ids, field)
        if new.id is not None:
            check_id(new.id, "datapoint", [*field, "datapointId"])
            if new.id in seen:
                raise ConflictError(f"Datapoint {new.id!r} is named twice", [*field, "datapointId"])
            seen.add(new.id)
        # A microsecond apart, so that a batch reads back in its order.
        times = {"created_at": at + index, "updated_at": at + index}
        rows.append(
            {
                "project_id": project,
                "id": new.id or new_id(),
                "linked_call_id": new.linked_call_id or None,
                "created_by": user_id,
                "size_bytes": payload_size(payloads.values()),
                **times,
                **payload_columns(payloads),
            }
        )
    return rows


def _check_links(linked_call_id: str | None, dataset_ids: Sequence[str], field: Sequence[str | int]) -> None:
    if linked_call_id:
        check_id(linked_call_id, "call", [*field, "linkedCallId"])
    check_ids(dataset_ids, "dataset", [*field, "datasetIds"])


async def datapoint_update(context: Context, project: str, datapoint_id: str, changes: Mapping[str, Any]) -> bool:
    """Change what ``changes`` name of a datapoint: payloads, ``linked_call_id`` and ``dataset_ids``, which are then the
    datasets that hold it: it stays where it is in those that did, and comes last in the others.

    Returns whether anything is another than before. Raises NotFoundError where the datapoint or a dataset is not there,
    and as ``datapoints_create``.
    """
    context.caller.require_write(project)
    dataset_ids: Sequence[str] | None = changes.get("dataset_ids")
    payloads = {name: changes[name] for name in PAYLOADS if name in changes}
    await asyncio.to_thread(check_payloads, payloads)
    _check_links(changes.get("linked_call_id"), dataset_ids or (), [])
    at = now()

    def write(connection: Connection) -> bool:
        lock(connection, project, at)
        before = _existing(connection, project, datapoint_id, {*PAYLOADS, "linked_call_id"})
        values: dict[str, Any] = {}
        if changed := {name: text for name, text in payloads.items() if text != getattr(before, name)}:
            after = {**{name: getattr(before, name) for name in PAYLOADS}, **changed}
            values = {**payload_columns(changed), "size_bytes": payload_size(after.values())}
        if "linked_call_id" in changes and (changes["linked_call_id"] or None) != before.linked_call_id:
            values["linked_call_id"] = changes["linked_call_id"] or None
        moved = dataset_ids is not None and _move(connection, project, datapoint_id, dataset_ids, at)
        if values or moved:
            update_datapoint(connection, project, datapoint_id, {**values, "updated_at": at})
        return bool(values) or moved

    return await context.database.write(write)


def _move(connection: Connection, project: str, datapoint_id: str, dataset_ids: Sequence[str], at: int) -> bool:
    before = select_dataset_ids(connection, project, [datapoint_id]).get(datapoint_id, [])
    if set(before) == set(dataset_ids):
        return False
    new = [dataset_id for dataset_id in dict.fromkeys(dataset_ids) if dataset_id not in before]
    require_datasets(connection, project, new, ["datasetIds"])
    delete_memberships(connection, project, [datapoint_id], at, but=dataset_ids)
    for dataset_id in new:
        add_to_dataset(connection, project, dataset_id, [datapoint_id], at)
    return True


async def datapoint_delete(context: Context, project: str, datapoint_id: str) -> None:
    """Delete a datapoint, and take it out of the datasets that hold it. Raises NotFoundError where it is not there.

    Calls that were made for it keep its id.
    """
    context.caller.require_write(project)
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        _existing(connection, project, datapoint_id, ())
        delete_memberships(connection, project, [datapoint_id], at)
        delete_datapoints(connection, project, [datapoint_id])

    await context.database.write(write)


def _existing(connection: Connection, project: str, datapoint_id: str, columns: Collection[str]) -> Row:
    found = select_datapoints_by_id(connection, project, [datapoint_id], columns)
    if datapoint_id not in found:
        missing("Datapoint", [datapoint_id], project, ["datapointId"])
    return found[datapoint_id]
