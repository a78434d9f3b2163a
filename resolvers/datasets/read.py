"""Reading datasets by id."""

from collections.abc import Sequence
from functools import partial

from db.dataset_members import select_datapoint_ids
from db.datasets import select_datasets_by_id
from db.rows import Row
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["datapoint_ids_of", "datasets_by_id"]


async def datasets_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Datasets by (project, dataset id), in the order of ``keys``; None for what is not there or may not be seen."""
    return await read_by_key(context, keys, partial(select_datasets_by_id, columns=columns))


async def datapoint_ids_of(context: Context, keys: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The ids of the datapoints of each (project, dataset id), in their order."""
    return [ids or [] for ids in await read_by_key(context, keys, select_datapoint_ids)]
