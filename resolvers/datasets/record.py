"""Making, changing and deleting datasets."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from db.dataset_members import delete_members, select_datapoint_ids
from db.datasets import delete_dataset, insert_dataset, select_datasets_by_id, update_dataset
from db.json_text import JSONText
from db.projects import lock
from db.rows import Row
from resolvers.context import Context, now
from resolvers.datapoints.mapping import FieldMapping, check_mapping, map_object
from resolvers.datapoints.record import datapoints_create
from resolvers.datapoints.validate import NewDatapoint, check_id, check_ids, missing
from resolvers.datasets.members import add_to_dataset, require_datapoints, set_datapoints
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.ids import new_id
from resolvers.json_parts import is_object

__all__ = [
    "LONGEST_NAME",
    "UNTITLED",
    "NewDataset",
    "dataset_add_datapoints",
    "dataset_add_objects",
    "dataset_create",
    "dataset_delete",
    "dataset_remove_datapoint",
    "dataset_update",
    "existing_dataset",
    "new_dataset_row",
]

LONGEST_NAME = 200
"""Characters."""

UNTITLED = "Untitled Dataset"


@dataclass(frozen=True, slots=True)
class NewDataset:
    """A dataset as it is made; ``id`` is made by the server where the client sent none."""

    name: str = UNTITLED
    description: str | None = None
    datapoint_ids: Sequence[str] = ()
    id: str | None = None


def new_dataset_row(project: str, new: NewDataset, user_id: str, at: int) -> dict[str, Any]:
    """The row of a dataset, which holds nothing yet. Raises InvalidInputError for a name or an id that cannot be."""
    _check_name(new.name)
    if new.id is not None:
        check_id(new.id, "dataset", ["datasetId"])
    return {
        "project_id": project,
        "id": new.id or new_id(),
        "name": new.name,
        "description": new.description,
        "datapoint_count": 0,
        "published_ref": None,
        "imported_ref": None,
        "created_by": user_id,
        "created_at": at,
        "updated_at": at,
    }


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise InvalidInputError(
            f"The name of a dataset has at most {LONGEST_NAME} characters, not {len(name)}: {name[:60]!r}...", ["name"]
        )


async def dataset_create(context: Context, project: str, new: NewDataset) -> str:
    """Make a dataset that holds datapoints that are there, each once, in the order given; returns its id.

    Names need not be unique. Raises InvalidInputError for a name or id that cannot be, NotFoundError naming datapoints
    that are not there, ConflictError for an id that is taken, TooLargeError.
    """
    context.caller.require_write(project)
    row = new_dataset_row(project, new, context.caller.user_id, now())
    check_ids(new.datapoint_ids, "datapoint", ["datapointIds"])

    def write(connection: Connection) -> None:
        lock(connection, project, row["created_at"])
        if select_datasets_by_id(connection, project, [row["id"]], ()):
            raise ConflictError(f"Dataset {row['id']!r} is there already", ["datasetId"])
        require_datapoints(connection, project, new.datapoint_ids, ["datapointIds"])
        insert_dataset(connection, row)
        add_to_dataset(connection, project, row["id"], new.datapoint_ids, row["created_at"])

    await context.database.write(write)
    return str(row["id"])


async def dataset_update(context: Context, project: str, dataset_id: str, changes: Mapping[str, Any]) -> None:
    """Change what ``changes`` name of a dataset: ``name``, ``description``, and ``datapoint_ids``, which it then holds
    in that order and no others. Raises as ``dataset_create``, and NotFoundError where the dataset is not there."""
    context.caller.require_write(project)
    ids: Sequence[str] | None = changes.get("datapoint_ids")
    if "name" in changes:
        _check_name(changes["name"])
    check_ids(ids or (), "datapoint", ["datapointIds"])
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        before = existing_dataset(connection, project, dataset_id, {"name", "description"})
        named = {name: changes[name] for name in ("name", "description") if name in changes}
        if values := {name: value for name, value in named.items() if value != getattr(before, name)}:
            update_dataset(connection, project, dataset_id, {**values, "updated_at": at})
        if ids is not None:
            held = set(select_datapoint_ids(connection, project, [dataset_id]).get(dataset_id, ()))
            new = [datapoint_id for datapoint_id in ids if datapoint_id not in held]
            require_datapoints(connection, project, new, ["datapointIds"])
            set_datapoints(connection, project, dataset_id, ids, at)

    await context.database.write(write)


async def dataset_delete(context: Context, project: str, dataset_id: str) -> None:
    """Delete a dataset; its datapoints stay, and so do versions of objects that it was published as. Raises
    NotFoundError where it is not there."""
    context.caller.require_write(project)
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        existing_dataset(connection, project, dataset_id, ())
        delete_members(connection, project, dataset_id, None, at)
        delete_dataset(connection, project, dataset_id)

    await context.database.write(write)


async def dataset_add_datapoints(context: Context, project: str, dataset_id: str, ids: Sequence[str]) -> None:
    """Put datapoints that are there at the end of a dataset, in their order; those that it holds keep their places.

    Raises NotFoundError naming what is not there, TooLargeError.
    """
    context.caller.require_write(project)
    check_ids(ids, "datapoint", ["datapointIds"])
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        existing_dataset(connection, project, dataset_id, ())
        require_datapoints(connection, project, ids, ["datapointIds"])
        add_to_dataset(connection, project, dataset_id, ids, at)

    await context.database.write(write)


async def dataset_add_objects(
    context: Context, project: str, dataset_id: str, data: Sequence[JSONText], mapping: FieldMapping
) -> list[str]:
    """Make a datapoint of each JSON object by ``mapping`` and put them at the end of a dataset, all or none of them;
    returns their ids, in order.

    Raises InvalidInputError naming an item that is no object or a mapping that cannot be, NotFoundError where the
    dataset is not there, TooLargeError.
    """
    context.caller.require_write(project)
    check_mapping(mapping)
    for index, text in enumerate(data):
        if not is_object(text):
            raise InvalidInputError(f"data must be objects, but item {index} is {text[:60]}", ["data", index])
    check_id(dataset_id, "dataset", ["datasetId"])

    def made() -> list[NewDatapoint]:
        return [replace(map_object(text, mapping), dataset_ids=(dataset_id,)) for text in data]

    if data:
        return await datapoints_create(context, project, await asyncio.to_thread(made))
    await dataset_add_datapoints(context, project, dataset_id, ())
    return []


async def dataset_remove_datapoint(context: Context, project: str, dataset_id: str, datapoint_id: str) -> None:
    """Take a datapoint out of a dataset; it stays. Raises NotFoundError where the dataset does not hold it."""
    context.caller.require_write(project)
    at = now()

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        existing_dataset(connection, project, dataset_id, ())
        if not delete_members(connection, project, dataset_id, [datapoint_id], at):
            raise NotFoundError(f"Datapoint {datapoint_id!r} is not in dataset {dataset_id!r}", ["datapointId"])

    await context.database.write(write)


def existing_dataset(connection: Connection, project: str, dataset_id: str, columns: Collection[str]) -> Row:
    """A dataset; raises NotFoundError where it is not there."""
    found = select_datasets_by_id(connection, project, [dataset_id], columns)
    if dataset_id not in found:
        missing("Dataset", [dataset_id], project, ["datasetId"])
    return found[dataset_id]
