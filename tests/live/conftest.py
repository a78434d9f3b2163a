from collections.abc import AsyncIterator

import httpx
import pytest

from resolvers.context import Context
from tests.live.following import live_context


@pytest.fixture
async def live(client: httpx.AsyncClient, database_url: str) -> AsyncIterator[Context]:
    """A context beside the application of ``client``, as another process on the same database has."""
    async with live_context(database_url) as context:
        yield context
