"""How large the payloads of calls are."""

from collections.abc import Sequence

from db.calls.reads import PayloadSizes, select_payload_sizes
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["call_sizes"]


async def call_sizes(context: Context, keys: Sequence[tuple[str, str]]) -> list[PayloadSizes | None]:
    """Bytes of each payload of calls by (project, call id); None for what is not there or may not be seen."""
    return await read_by_key(context, keys, select_payload_sizes)
