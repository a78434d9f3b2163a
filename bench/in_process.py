"""What an executor takes by itself: one operation again and again, with replayed answers of the database.

    python -m bench.in_process DATABASE_URL compiled|generic < OPERATION

The operation is JSON with ``query`` and ``variables``. It is executed once with the database, then with what each read
of that gave, so that no SQL is measured. Prints JSON: of each run the milliseconds of processor time that it took from
the rows to the JSON that is sent, and how many of them writing took once there was a result; the most bytes that were
allocated at a time meanwhile, beside the rows; and the bytes of the answer with their digest, which is the same in all
runs.
"""

import asyncio
import gc
import hashlib
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from graphql import execute, parse

from bench.generic import use_generic_executor
from db.engines import Database
from graph.encoding import encode, encode_in_parts
from graph.executor import CompiledExecutor
from graph.schema import schema
from resolvers.callers import LOCAL
from resolvers.context import Context

T = TypeVar("T")

SECONDS, MOST = 6, 20  # of processor time; of runs


class Executor(CompiledExecutor):
    """Executes as the server does for an answer over HTTP."""

    writes_json = True


def parts_of(data: Any) -> Iterable[bytes]:
    """The JSON of a result, as the server sends it."""
    parts = encode_in_parts(data)
    return [parts] if isinstance(parts, bytes) else parts


class Replayed:
    """A database that gives each read what the read in its place gave at first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: list[Any] = []
        self._next = 0
        self._replaying = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def read(self, work: Callable[[Any], T], **how: Any) -> T:
        place, self._next = self._next, self._next + 1
        if not self._replaying:
            self._kept.append(None)
            self._kept[place] = await self._database.read(work, **how)
        await asyncio.sleep(0)
        kept: T = self._kept[place]
        return kept

    def rewind(self) -> None:
        """From here on reads are replayed, from the first."""
        self._replaying, self._next = True, 0


async def measured(url: str, operation: dict[str, Any]) -> dict[str, Any]:
    document = parse(operation["query"])
    database = Database(url)
    replayed: Any = Replayed(database)

    async def result() -> Any:
        given: Any = execute(
            schema._schema,  # noqa: SLF001 - graphql-core's own
            document,
            variable_values=operation["variables"],
            context_value=Context(replayed, LOCAL),
            executor_class=Executor,
        )
        given = await given
        assert not given.errors, given.errors
        return given.data

    took: list[float] = []
    writing: list[float] = []
    try:
        whole = encode(await result())
        replayed.rewind()
        assert encode(await result()) == whole, "what is replayed is not what was read"
        gc.collect()
        gc.freeze()  # as the server does when it has started
        while sum(took) < SECONDS * 1000 and len(took) < MOST:
            replayed.rewind()
            began = time.thread_time()
            data = await result()
            executed = time.thread_time()
            for _ in parts_of(data):
                pass
            written = time.thread_time()
            took.append((written - began) * 1000)
            writing.append((written - executed) * 1000)
            del data
        replayed.rewind()
        gc.collect()
        tracemalloc.start()
        for _ in parts_of(await result()):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    finally:
        await database.close()
    digest = hashlib.sha256(whole).hexdigest()
    return {"took": took, "writing": writing, "peak": peak, "bytes": len(whole), "digest": digest}


if __name__ == "__main__":
    if sys.argv[2] == "generic":
        use_generic_executor()
    print(json.dumps(asyncio.run(measured(sys.argv[1], json.load(sys.stdin)))))
