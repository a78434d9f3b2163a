"""The executor of this schema, whose resolvers wait for loaders."""

from collections.abc import Coroutine, Sequence
from typing import Any

from graph.executor import CompiledExecutor
from resolvers.loaders import together

__all__ = ["BatchingExecutor"]


class BatchingExecutor(CompiledExecutor):
    """The compiled executor, with the resolvers of a list waiting for their loaders as one."""

    async def together(self, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> Sequence[Any]:
        """What each gives, or the exception that it raises in its place."""
        return await together(coroutines)
