"""Serving: the port, the worker processes, and a stop that lets open requests finish.

uvicorn does the work. What is added here: the port is bound and the database brought up to date before the
application starts, so that what is wrong is said in one line; a stop by SIGTERM or Ctrl-C is a success and ends with
exit code 0; worker processes end when their supervisor is gone, however it went.
"""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from db.migrate import migrate
from server.graphql.trusted import ManifestError, load
from server.memory import return_memory
from server.setting_checks import masked_url
from server.settings import Settings

__all__ = ["StartError", "prepare_database", "serve", "using_database"]

logger = logging.getLogger("tracegraph.serve")

BACKLOG = 2048
MOST_SOCKETS = 65_536
# A thread that computes, such as one that validates a long document, hands over to the one that answers requests this
# often. Small requests take turns some tens of times, which at Python's default of 5 ms would add up.
SWITCH_SECONDS = 0.0005
# A batch, or a page, is thousands of objects that are all in use: at Python's default of 700 they would be looked
# through for cycles a dozen times a request. What a request leaves behind is in no cycle
# (tests/rest_compat/test_memory.py). At 50,000 batches that come side by side would cost 4 % less, and each look, for
# which everybody waits, take three times as long.
YOUNG_OBJECTS = 10_000
# A worker answers health checks late while it imports the application on a busy machine.
WORKER_HEALTH_SECONDS = 60


class StartError(Exception):
    """The server cannot start; the message is one line that says why."""


@dataclass(frozen=True)
class AppFactory:
    """Makes the application, in this process or in a worker process that it travels to."""

    settings: Settings

    def __call__(self) -> Starlette:
        sys.setswitchinterval(SWITCH_SECONDS)
        return_memory()
        if parent_process() is not None:
            threading.Thread(target=_stop_with_parent, name="supervisor-watch", daemon=True).start()
        # What is made here stays: looking through it for garbage again and again would make the start a fifth longer,
        # and large answers wait later.
        gc.disable()
        # Imported here, so that a worker answers its supervisor while it still imports the application.
        from server.app import create_app

        app = create_app(self.settings)
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
        gc.enable()
        end_streams = getattr(app.state, "end_streams", None)
        if end_streams is not None:
            _when_stopped(end_streams)
        return app


def _when_stopped(act: Callable[[], None]) -> None:
    """Call `act` on the running event loop when a signal stops the server, before it waits for open requests.

    uvicorn, which has set its handlers by then, has no place for that before its wait.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)

        def handle(received: int, frame: FrameType | None, stop: Any = handler) -> None:
            loop.call_soon_threadsafe(act)
            stop(received, frame)

        signal.signal(number, handle)


def _stop_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


class AnnouncingServer(Server):
    """The server of a single process."""

    def __init__(self, config: Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        _announce(self._announcement)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _announce_stop(self.config)
        await super().shutdown(sockets)


class Supervisor(Multiprocess):
    """The parent of the worker processes."""

    def __init__(self, config: Config, sockets: list[socket.socket], announcement: str) -> None:
        super().__init__(config, sockets)
        self._announcement = announcement
        self._announced = False
        self.failed = False

    def keep_subprocess_alive(self) -> None:
        if self.should_exit.is_set():
            return
        for process in self.processes:
            # With our copy of the worker's end open, a health check of a worker that just died would wait in vain.
            process.child_conn.close()
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        if self.should_exit.is_set():
            # Only a worker that could not start makes the supervisor give up here.
            self.failed = True
            return
        for pid in {process.pid for process in self.processes} - before:
            logger.warning("a worker process ended; process %d replaces it", pid)
        if not self._announced and all(process.is_ready() for process in self.processes):
            self._announced = True
            _announce(self._announcement)

    def terminate_all(self) -> None:
        _announce_stop(self.config)
        # Otherwise new connections would wait for workers that no longer accept any.
        for each in self.sockets:
            each.close()
        super().terminate_all()


def serve(settings: Settings) -> int:
    """Serve until a signal ends it; returns the exit code. Raises StartError where the server cannot start."""
    if settings.trusted_documents:
        try:
            load(Path(settings.trusted_documents))
        except ManifestError as error:
            raise StartError(f"trusted_documents: {error}") from error
    _allow_connections()
    # uvicorn has handlers of its own while it serves, and raises the signal once more when it has finished.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_quietly)
    listeners = bind(settings.host, settings.port)
    with contextlib.ExitStack() as stack:
        for each in listeners:
            stack.callback(each.close)
        prepare_database(settings.database_url)
        announcement = _greeting(settings, listeners[0].getsockname()[1])
        config = _config(settings)
        if settings.workers > 1:
            supervisor = Supervisor(config, listeners, announcement)
            supervisor.run()
            return 1 if supervisor.failed else 0
        try:
            AnnouncingServer(config, announcement).run(listeners)
        except SystemExit as end:
            return 1 if end.code == STARTUP_FAILURE else 0
    return 0


def _allow_connections() -> None:
    """Let the process have as many open sockets as it may: many systems begin with 1,024, fewer than subscribers."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_SOCKETS if hard == resource.RLIM_INFINITY else min(hard, MOST_SOCKETS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _exit_quietly(_signal: int, _frame: object) -> None:
    sys.exit(0)


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets on all addresses of `host`, with one port for all where `port` is 0; raises StartError.

    Connections wait in their backlog until the application is ready.
    """
    listeners: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                target = (str(address[0]), port or (listeners[0].getsockname()[1] if listeners else 0))
                listeners.append(socket.create_server(target, family=family, backlog=BACKLOG))
            except OSError as error:
                # `localhost` may stand for ::1 on a machine without IPv6.
                if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} or len(found) == 1:
                    raise
    except OSError as error:
        for each in listeners:
            each.close()
        raise StartError(f"cannot listen on {host!r}, port {port}: {_reason(error)}") from error
    if not listeners:
        raise StartError(f"cannot listen on {host!r}, port {port}: this machine has none of its addresses")
    return listeners


def prepare_database(url: str) -> None:
    """Bring the database to the schema of this version; raises StartError, which names the database and the reason."""
    with using_database(url):
        migrate(url)


@contextlib.contextmanager
def using_database(url: str) -> Iterator[None]:
    """Raise what the database refuses as StartError, which names it and the reason."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StartError(f"cannot use the database {masked_url(url)}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What went wrong, on one line, in the words of the database or the operating system."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
        # Not `strerror`: the standard library adds the address to it, which our message names already.
        text = os.strerror(cause.errno)
        return text if cause.filename is None else f"{text}: {cause.filename}"
    return "; ".join(line.strip() for line in str(cause).splitlines() if line.strip())


def _greeting(settings: Settings, port: int) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}"
    return f"Tracegraph is ready at {url} (GraphiQL: {url}/graphiql, database: {masked_url(settings.database_url)})"


def _announce(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _announce_stop(config: Config) -> None:
    grace = config.timeout_graceful_shutdown
    logger.info("stopping; open requests have %s seconds to finish, Ctrl-C ends them at once", grace)


def _config(settings: Settings) -> Config:
    return Config(
        AppFactory(settings),
        factory=True,
        host=settings.host,
        workers=settings.workers,
        interface="asgi3",
        lifespan="on",
        log_config=_log_config(settings.log_level),
        access_log=settings.access_log,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_grace,
        timeout_worker_healthcheck=WORKER_HEALTH_SECONDS,
    )


def _log_config(level: str) -> dict[str, Any]:
    """Everything on standard error in one form; of uvicorn's own progress only what is a warning, or all on debug."""
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": form}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "tracegraph": {"level": level.upper()},
            "uvicorn.error": {"level": "DEBUG" if level == "debug" else "WARNING"},
            "uvicorn.access": {"level": "INFO"},
        },
    }
