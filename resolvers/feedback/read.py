"""Reading feedback."""

from collections.abc import Sequence

from db.feedback import select_feedback_by_id, select_feedback_by_target
from db.rows import Row, RowSet
from resolvers.batches import read_by_key
from resolvers.context import Context

__all__ = ["feedback_by_id", "feedback_by_target"]


async def feedback_by_id(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Feedback by (project, feedback id), in the order of ``keys``; None for what is not there or may not be seen."""
    return await read_by_key(
        context, keys, lambda connection, project, ids: select_feedback_by_id(connection, project, ids, columns)
    )


async def feedback_by_target(
    context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]
) -> list[RowSet | None]:
    """All feedback on (project, ref), in the order of ``keys``, oldest first in each; None where there is none, or
    it may not be seen. The project is the one that holds the feedback."""
    return await read_by_key(
        context, keys, lambda connection, project, refs: select_feedback_by_target(connection, project, refs, columns)
    )
