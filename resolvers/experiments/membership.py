"""Which calls belong to an experiment, and which experiment a call belongs to (``db.experiments.membership``)."""

from collections.abc import Sequence

from db.experiments.membership import (
    in_experiments,
    members_of,
    select_experiments_of,
    select_experiments_of_sessions,
)
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["experiments_of_calls", "experiments_of_sessions", "in_experiments", "members_of"]


async def experiments_of_calls(context: Context, keys: Sequence[tuple[str, str]]) -> list[str | None]:
    """The id of the experiment of each (project, call id), in the order of ``keys``; None where it belongs to none."""
    return await read_by_key(context, keys, select_experiments_of)


async def experiments_of_sessions(context: Context, keys: Sequence[tuple[str, str]]) -> list[str | None]:
    """The id of the experiment of each (project, session id), in the order of ``keys``; None where it belongs to
    none."""
    return await read_by_key(context, keys, select_experiments_of_sessions)
