"""Where the code of PYTHON metrics runs: an interpreter of its own, in processes of its own.

The interpreter is Monty (PyPI ``pydantic-monty``, the extra ``tracegraph[metrics]``). It has no file system, network,
environment or packages, and nothing of this server can be reached from it. Each run has a worker process for itself,
with a limit of time and of memory; one that crashes or hangs is replaced, and nothing but its run notices.
"""

import asyncio
import textwrap
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

from db.json_text import JSONText, JSONValue, parse_json
from resolvers.errors import NotConfiguredError
from resolvers.metrics.engines.event import plain_text
from resolvers.metrics.engines.result import LONGEST_TEXT, MetricFailedError

if TYPE_CHECKING:
    from pydantic_monty import AsyncMonty

__all__ = ["Sandbox"]

GRACE = 1.0  # seconds after which a worker is killed that does not stop by itself at its limit
LONGEST_WAIT = 60.0  # seconds that a run waits for a free worker
SHORT = 0.25  # seconds of a run that waits for no long ones
DEPTH = 1000  # of calls
RUNS = 1000  # of one worker, before another takes its place
LONGEST_ERROR = 500  # characters

PROGRAM = r"""
import json
import re

namespace = {}
nothing = [None]


def last_expression():
    lines = code.split("\n")
    start = len(lines) - 1
    while start >= 0 and (not lines[start].strip() or lines[start][0] in " \t#)]}"):
        start -= 1
    if start < 0:
        return None
    try:
        return eval("\n".join(lines[start:]), namespace)
    except SyntaxError:
        return None


def last_function():
    names = [name for name, value in namespace.items() if type(value).__name__ == "function"]
    pattern = r"(?m)^(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(\s*event\b"
    of_event = [name for name in re.findall(pattern, code) if name in names]
    return namespace[(of_event or names)[-1]] if names else nothing


def expression():
    try:
        return eval(code, namespace)
    except SyntaxError:
        return nothing


def statements():
    exec(code, namespace)
    if "result" in namespace:
        return namespace["result"]
    value = last_expression()
    return last_function() if value is None else value


def answer_of(value):
    if value is nothing:
        return ("nothing", "")
    if isinstance(value, str) and len(value) > longest_text:
        return ("text", str(len(value)))
    if isinstance(value, int) and not -(10**308) <= value <= 10**308:
        return ("integer", "")
    if value is None or isinstance(value, (bool, int, float, str)):
        return ("value", value)
    return ("type", type(value).__name__)


try:
    namespace["event"] = json.loads(event) if isinstance(event, str) else event[0]
except json.JSONDecodeError:
    answer = ("deep", "")
else:
    event = ""
    value = expression()
    if value is nothing:
        value = statements()
    if type(value).__name__ == "function":
        value = value(namespace["event"])
    if type(value).__name__ == "coroutine":
        value = await value
    if type(value).__name__ == "Decimal":
        value = float(value)
    answer = answer_of(value)
answer
"""
"""Runs ``code`` on the event, and answers with what kind of result there is and the result.

It runs in the sandbox as well, so that no object of the metric's code comes out but numbers, booleans and texts, and
those only up to a size.
"""


class _TooSlowError(Exception):
    """A run was ended at its limit of time."""


class Sandbox:
    """The workers of one process. ``seconds`` and ``memory`` (bytes) are the limits of one run, ``workers`` is how many
    run at a time; others wait. None is started before the first run.

    One more worker is there for short runs: each run begins as one, and what takes longer begins anew when there is
    room among the long ones. So code that hangs, however much of it there is, is in the way of such code alone.
    """

    def __init__(self, *, seconds: float, memory: int, workers: int) -> None:
        self._seconds = seconds
        self._memory = memory
        self._workers = workers
        self._long = asyncio.Semaphore(workers)
        self._pool: AsyncMonty | None = None
        self._opening = asyncio.Lock()

    async def run(self, code: str, event: JSONText) -> JSONValue:
        """What ``code`` gives for an event: None, a boolean, a number or a text.

        Raises MetricFailedError for code that fails or passes a limit, NotConfiguredError without the extra.
        """
        text = await asyncio.to_thread(plain_text, event)
        source = textwrap.dedent(code.encode("utf-8", "replace").decode().replace("\r\n", "\n")).strip("\n")
        kind, value = await self._feed(source, text)
        if kind == "deep":
            # The interpreter's parser takes 200 levels. Its objects may have more, but take the event loop's time.
            kind, value = await self._feed(source, [await asyncio.to_thread(parse_json, text)])
        return _value(kind, value)

    async def _feed(self, source: str, event: Any) -> Any:
        try:
            if self._seconds > SHORT:
                with suppress(_TooSlowError):
                    return await self._feed_for(SHORT, source, event)
            async with asyncio.timeout(LONGEST_WAIT) as waiting, self._long:
                waiting.reschedule(None)
                return await self._feed_for(self._seconds, source, event)
        except _TooSlowError:
            raise MetricFailedError(f"The code takes longer than {self._seconds:g} seconds") from None
        except TimeoutError:
            raise MetricFailedError("Too many metrics run at the moment", transient=True) from None

    async def _feed_for(self, seconds: float, source: str, event: Any) -> Any:
        """Run it once. Raises _TooSlowError, and TimeoutError where no worker was free."""
        library = _library()
        pool = await self._open(library)
        try:
            async with pool.checkout(
                limits={
                    "max_feed_duration_secs": seconds,
                    "max_memory": self._memory,
                    "max_recursion_depth": DEPTH,
                },
                os_policy={"sleep": "zero"},
            ) as session:
                return await session.feed_run(
                    PROGRAM,
                    inputs={"event": event, "code": source, "longest_text": LONGEST_TEXT},
                    print_callback=_ignore,
                )
        except library.MontyError as error:
            raise self._failure(library, error) from None

    async def _open(self, library: ModuleType) -> "AsyncMonty":
        async with self._opening:
            if self._pool is None:
                pool: AsyncMonty = library.AsyncMonty(
                    min_processes=0,
                    max_processes=self._workers + 1,
                    checkout_timeout=LONGEST_WAIT,
                    request_timeout=self._seconds + 2 * GRACE,
                    max_checkouts_per_worker=RUNS,
                    feed_duration_limit_grace=GRACE,
                )
                self._pool = await pool.__aenter__()
            return self._pool

    def _failure(self, library: ModuleType, error: Any) -> MetricFailedError | _TooSlowError:
        """What went wrong, in words for whoever wrote the code."""
        said = str(error)[: 2 * LONGEST_ERROR]
        if isinstance(error, library.MontyCrashedError):
            if error.timed_out:
                return _TooSlowError()
            return MetricFailedError("The code made its interpreter crash", transient=True)
        if said.startswith("TimeoutError: feed time limit exceeded"):
            return _TooSlowError()
        if said.startswith("MemoryError: ") and "memory limit" in said:
            return MetricFailedError(f"The code needs more memory than {self._memory >> 20} MiB")
        if isinstance(error, library.MontySyntaxError):
            return MetricFailedError(_short(f"SyntaxError: {said.replace('<string>, ', '')}"))
        assert isinstance(error, library.MontyRuntimeError)
        lines = [frame.line for frame in error.traceback() if frame.filename == "<string>"]
        return MetricFailedError(_short(said) + (f" (line {lines[-1]})" if lines else ""))

    async def close(self) -> None:
        """End the workers."""
        async with self._opening:
            pool, self._pool = self._pool, None
            if pool is not None:
                await pool.__aexit__(None, None, None)


def _library() -> ModuleType:
    try:
        import pydantic_monty  # an extra: most servers run no metrics of PYTHON
    except ImportError:
        raise NotConfiguredError(
            "PYTHON metrics need an interpreter that this server has not: install tracegraph[metrics]"
        ) from None
    return pydantic_monty


def _ignore(_stream: str, _text: str) -> None:
    """What the code prints is nobody's business."""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]}..."


def _value(kind: Any, value: Any) -> JSONValue:
    match kind:
        case "value":
            return value
        case "nothing":
            raise MetricFailedError(
                "The code gives no result: it must be an expression, end with one, define a function of the event, "
                "or set `result`"
            )
        case "text":
            raise MetricFailedError(f"The result is a text of {value} characters; the limit is {LONGEST_TEXT}")
        case "integer":
            raise MetricFailedError("The result is an integer beyond 1e308")
    raise MetricFailedError(f"The result is of type {value}; it must be a number, a boolean or a text")
