"""An application that all examples of a property share."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.conftest import running_app


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_client(
    request: pytest.FixtureRequest, portal: BlockingPortal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.AsyncClient]:
    """One application for all examples, each of which has a project of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'tracegraph.db'}"
    else:
        url = request.getfixturevalue("shared_postgres_url")

    @asynccontextmanager
    async def opened() -> AsyncIterator[httpx.AsyncClient]:
        async with running_app(url) as client:
            yield client

    with portal.wrap_async_context_manager(opened()) as client:
        yield client
