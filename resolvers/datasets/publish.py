"""Datasets as Weave datasets: published as a version of an object, and imported from one."""

import asyncio
import re
from collections.abc import Sequence

from sqlalchemy import Connection

from db.chunks import chunked
from db.datapoints import PAYLOADS, select_datapoints_by_id
from db.dataset_members import select_datapoint_ids
from db.datasets import insert_dataset, select_datasets_by_id, update_dataset
from db.json_text import JSONText, JSONValue, dump_json, parse_json
from db.projects import lock
from db.rows import Row
from resolvers.context import Context, now
from resolvers.datapoints.mapping import FieldMapping, check_mapping
from resolvers.datapoints.record import insert_batch, rows_of
from resolvers.datapoints.validate import missing
from resolvers.datasets.layout import DatasetLayout, datapoints_of_rows, rows_of_datapoints
from resolvers.datasets.members import MOST_HELD
from resolvers.datasets.record import LONGEST_NAME, NewDataset, new_dataset_row
from resolvers.errors import ConflictError, InvalidInputError, TooLargeError
from resolvers.objects.create import LONGEST_NAME as LONGEST_OBJECT_NAME
from resolvers.objects.create import object_create
from resolvers.objects.kinds import ObjectKind
from resolvers.objects.read import object_by_ref
from resolvers.refs import ObjectRef, TableRef, is_ref, parse_ref
from resolvers.tables.create import table_create
from resolvers.tables.read import table_by_digest, table_rows_page

__all__ = ["dataset_import", "dataset_publish"]

MOST_BYTES = 256 << 20
"""Bytes of the rows of a dataset that is published or imported."""

PAGE = 1000


async def dataset_publish(
    context: Context,
    project: str,
    dataset_id: str,
    object_id: str | None = None,
    layout: DatasetLayout = DatasetLayout.FLAT,
) -> str:
    """Keep what a dataset holds as a version of the object ``object_id``, by default named after the dataset; returns
    its ref. What was published already has the same ref again.

    Raises NotFoundError where the dataset is not there, InvalidInputError for a name that objects cannot have and for
    datapoints that rows of the layout cannot hold, TooLargeError.
    """
    context.caller.require_write(project)
    context.caller.require_read(project)

    def read(connection: Connection) -> tuple[Row, list[str]]:
        found = select_datasets_by_id(connection, project, [dataset_id], {"name", "description", "published_ref"})
        if dataset_id not in found:
            missing("Dataset", [dataset_id], project, ["datasetId"])
        return found[dataset_id], select_datapoint_ids(connection, project, [dataset_id]).get(dataset_id, [])

    dataset, ids = await context.read(read)
    held = await _held(context, project, ids)
    rows = await asyncio.to_thread(rows_of_datapoints, held, layout)
    table = await table_create(context, project, rows)
    value = {
        "_type": "Dataset",
        "name": dataset.name,
        "description": dataset.description,
        "rows": str(TableRef(project, table.digest)),
        "_class_name": "Dataset",
        "_bases": ["Object", "BaseModel"],
    }
    made = await object_create(
        context, project, _object_name(dataset.name) if object_id is None else object_id, dump_json(value)
    )
    ref = str(ObjectRef(project, made.kind, made.object_id, made.digest))
    if ref != dataset.published_ref:
        at = now()

        def write(connection: Connection) -> None:
            lock(connection, project, at)
            update_dataset(connection, project, dataset_id, {"published_ref": ref})

        await context.database.write(write)
    return ref


async def _held(context: Context, project: str, ids: Sequence[str]) -> list[Row]:
    """The datapoints with these ids, with their payloads."""
    columns = frozenset({*PAYLOADS, "storage_size_bytes"})
    found: dict[str, Row] = {}
    total = 0
    for chunk in chunked(ids, PAGE):
        found |= await context.read(
            lambda connection, chunk=chunk: select_datapoints_by_id(connection, project, chunk, columns)  # type: ignore[misc]
        )
        total += sum(found[each].storage_size_bytes for each in chunk if each in found)
        _check_bytes(total)
    return [found[datapoint_id] for datapoint_id in ids if datapoint_id in found]


def _check_bytes(total: int) -> None:
    if total > MOST_BYTES:
        raise TooLargeError(f"A dataset of more than {MOST_BYTES >> 20} MiB can be neither published nor imported")


def _object_name(name: str) -> str:
    """The name of an object as Weave's SDK makes it of any name; ``dataset`` where nothing is left of it."""
    dashed = re.sub(r"([._-]{2,})+", "-", re.sub(r"[^\w._]+", "-", name)).strip("-_")
    return dashed[:LONGEST_OBJECT_NAME] or "dataset"


async def dataset_import(
    context: Context,
    project: str,
    ref: str,
    mapping: FieldMapping | None = None,
    name: str | None = None,
    dataset_id: str | None = None,
) -> str:
    """Make a dataset of a version of a Weave dataset, with a datapoint for each row in its order, by ``mapping`` or by
    default (``resolvers.datasets.layout``); returns its id.

    It is named ``name``, or as the Weave dataset is. Raises a Refusal for a ref that names no dataset that the caller
    may read, ConflictError for an id that is taken, TooLargeError.
    """
    context.caller.require_write(project)
    if mapping is not None:
        check_mapping(mapping)
    version, value = await _version(context, ref)
    table = await _table(context, ref, value)
    new = NewDataset(_named(name, value, version.object_id), _text(value.get("description")), id=dataset_id)
    at = now()
    row = new_dataset_row(project, new, context.caller.user_id, at)
    row["imported_ref"] = str(ObjectRef(version.project_slug, version.kind, version.object_id, version.digest))
    texts = await _rows(context, table)
    batch = await asyncio.to_thread(datapoints_of_rows, texts, mapping)
    rows = await asyncio.to_thread(rows_of, project, batch, context.caller.user_id, at)

    def write(connection: Connection) -> None:
        lock(connection, project, at)
        if select_datasets_by_id(connection, project, [row["id"]], ()):
            raise ConflictError(f"Dataset {row['id']!r} is there already", ["datasetId"])
        insert_dataset(connection, row)
        insert_batch(connection, project, rows, {row["id"]: [each["id"] for each in rows]}, at)

    await context.database.write(write)
    return str(row["id"])


async def _version(context: Context, ref: str) -> tuple[Row, dict[str, JSONValue]]:
    parsed = parse_ref(ref, ["ref"])
    if not isinstance(parsed, ObjectRef) or parsed.path or parsed.kind != ObjectKind.OBJECT:
        raise InvalidInputError(f"{ref!r} is no ref of a version of an object", ["ref"])
    columns = frozenset({"project_slug", "kind", "object_id", "digest", "val"})
    row = await object_by_ref(context, parsed.project, parsed.kind, parsed.object_id, parsed.digest, columns=columns)
    value = parse_json(row.val)
    return row, value if isinstance(value, dict) else {}


async def _table(context: Context, ref: str, value: dict[str, JSONValue]) -> TableRef:
    """The table of a dataset that may be imported."""
    rows = value.get("rows")
    table = parse_ref(rows, ["ref"]) if isinstance(rows, str) and is_ref(rows) else None
    if not isinstance(table, TableRef):
        raise InvalidInputError(f"{ref!r} is no dataset: its rows are no table", ["ref"])
    found = await table_by_digest(context, table.project, table.digest, columns=frozenset({"row_count", "size_bytes"}))
    if found.row_count > MOST_HELD:
        raise TooLargeError(f"A dataset holds at most {MOST_HELD:,} datapoints, {ref!r} has {found.row_count:,} rows")
    _check_bytes(found.size_bytes)
    return table


async def _rows(context: Context, table: TableRef) -> list[JSONText]:
    found: list[JSONText] = []
    while True:
        after = len(found) - 1 if found else None
        page = await table_rows_page(context, table.project, table.digest, limit=PAGE, after_index=after)
        found += [JSONText(row.val) for row in page]
        if len(page) < PAGE:
            return found


def _named(name: str | None, value: dict[str, JSONValue], object_id: str) -> str:
    return name if name is not None else (_text(value.get("name")) or object_id)[:LONGEST_NAME]


def _text(value: JSONValue) -> str | None:
    return value if isinstance(value, str) else None
