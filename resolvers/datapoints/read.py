"""Reading datapoints by id."""

from collections.abc import Sequence
from functools import partial

from db.datapoints import select_datapoints_by_id
from db.dataset_members import select_dataset_ids
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["datapoints_by_id", "dataset_ids_of"]


async def datapoints_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Datapoints by (project, datapoint id), in the order of ``keys``; None for what is not there or may not be
    seen."""
    return await read_by_key(context, keys, partial(select_datapoints_by_id, columns=columns))


async def dataset_ids_of(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The ids of the datasets that hold each (project, datapoint id), the oldest dataset first."""
    return [ids or [] for ids in await read_by_key(context, keys, select_dataset_ids)]
