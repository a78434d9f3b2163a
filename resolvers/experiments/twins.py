"""Rows of Weave datasets and datapoints that are the same: a run of HoneyHive over a dataset and an evaluation of Weave
over what the dataset was published as, or imported from."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection

from db.datapoints import PAYLOADS, select_datapoints_by_id
from db.dataset_members import select_datapoint_ids
from db.rows import Row
from resolvers.context import Context
from resolvers.datasets.layout import DatasetLayout, rows_of_datapoints
from resolvers.digests import json_digest
from resolvers.errors import InvalidInputError
from resolvers.experiments.read import ExperimentOrigin

__all__ = ["twins_of"]

MOST_DATAPOINTS = 10_000
MOST_BYTES = 64 << 20


async def twins_of(context: Context, project: str, one: Row, other: Row) -> dict[str, str]:
    """The datapoints that rows of the Weave dataset stand for, by the digests of the rows, where one of two runs
    (``origin``, ``dataset_id``) is an evaluation of Weave and the other is over a dataset that is here.

    By content: a datapoint that changed since is another. Empty for a dataset of more than 10,000 datapoints or 64 MiB.
    """
    weave = [run.origin == ExperimentOrigin.WEAVE for run in (one, other)]
    dataset_id = (one if weave[1] else other).dataset_id
    if weave[0] is weave[1] or dataset_id is None:
        return {}
    held = await context.read(lambda connection: _held(connection, project, dataset_id))
    return await asyncio.to_thread(_digests, held)


def _held(connection: Connection, project: str, dataset_id: str) -> list[Row]:
    ids = select_datapoint_ids(connection, project, [dataset_id]).get(dataset_id, [])
    if len(ids) > MOST_DATAPOINTS:
        return []
    sizes = select_datapoints_by_id(connection, project, ids, {"storage_size_bytes"})
    if sum(row.storage_size_bytes for row in sizes.values()) > MOST_BYTES:
        return []
    found = select_datapoints_by_id(connection, project, ids, PAYLOADS)
    return [found[datapoint_id] for datapoint_id in ids if datapoint_id in found]


def _digests(datapoints: Sequence[Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    for layout in DatasetLayout:
        try:
            rows = rows_of_datapoints(datapoints, layout)
        except InvalidInputError:  # a datapoint that has no such row was never published as one
            continue
        for datapoint, row in zip(datapoints, rows, strict=True):
            found.setdefault(json_digest(row), datapoint.datapoint_id)
    return found
