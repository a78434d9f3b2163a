"""The refs that calls and objects hold."""

from collections.abc import Sequence
from functools import partial

from db.refs import select_targets
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["refs_of"]


async def refs_of(context: Context, keys: Sequence[tuple[str, str]], *, source_kind: str, role: str) -> list[list[str]]:
    """The refs at one place (``inputs`` or ``output`` of a call, ``value`` of an object) of each (project, source)."""
    found = await read_by_key(context, keys, partial(select_targets, source_kind=source_kind, role=role))
    return [targets or [] for targets in found]
