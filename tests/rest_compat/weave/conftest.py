from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.conftest import running_app
from tests.fake_provider import KEY, FakeProvider, running_provider


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    """A provider of language models that answers as a test tells it."""
    with running_provider() as fake:
        yield fake


@pytest.fixture
async def provided(database_url: str, provider: FakeProvider) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application, which has this provider."""
    async with running_app(
        database_url, provider_base_url=provider.url, provider_api_key=KEY, provider_retries=0
    ) as client:
        yield client
