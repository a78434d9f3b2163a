"""What the code of PYTHON metrics can do, and what it cannot."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from db.json_text import dump_json
from resolvers.errors import NotConfiguredError
from resolvers.metrics.engines.event import MetricEvent, plain_text
from resolvers.metrics.engines.result import MetricFailedError
from resolvers.metrics.engines.sandbox import Sandbox

EVENT = {
    "event_name": "Answer",
    "inputs": {"question": "Wie heißt du? 😀", "n": 10**30},
    "outputs": {"content": "hello"},
    "metadata": {"nul": "a\0b", "a.b": 1.5},
    "feedback": {"ground_truth": None},
    "metrics": {},
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(seconds=1, memory=64 << 20, workers=2)
    yield sandbox
    await sandbox.close()


async def run(sandbox: Sandbox, code: str, event: Any = EVENT) -> Any:
    return await sandbox.run(code, MetricEvent.of(event).text)


GIVES = {
    "a function": ('def length(event):\n    return len(event["outputs"]["content"])\n', 5),
    "a function, annotated": ("def f(event: dict) -> float:\n    return 0.5\n", 0.5),
    "a function of another parameter": ('def f(x):\n    return x["event_name"]\n', "Answer"),
    "a coroutine": ("import asyncio\nasync def f(event):\n    await asyncio.sleep(1000)\n    return True\n", True),
    "the last function": ("def a(event):\n    return 1\n\ndef b(event):\n    return 2\n", 2),
    "the function of an event": ("def a(event):\n    return b(3)\n\ndef b(number):\n    return number + 1\n", 4),
    "a function after an import": (
        'import re\ndef f(event):\n    return len(re.findall("l", event["outputs"]["content"]))\n',
        2,
    ),
    "a lambda": ('lambda event: event["outputs"]["content"]', "hello"),
    "an expression": ('len(event["outputs"]["content"]) > 3', True),
    "an expression with spaces around": ('\n   event["outputs"]["content"] + "!"\n\n', "hello!"),
    "an expression over lines": ('max(\n  len(event["outputs"]["content"]),\n  7,\n)\n', 7),
    "a last expression": ("x = 3\nx * 2", 6),
    "a last expression over lines": ("x = 3\nmax(\n  x,\n  4,\n)\n# that is it\n", 4),
    "a call of its function": ("def f(word):\n    return len(word)\n\nf('four')\n", 4),
    "result": ("x = 20\nresult = x + 1\n", 21),
    "result before another expression": ("result = 1\nmax(2, 3)\n", 1),
    "a function called result": ("def result(event):\n    return 3\n", 3),
    "a function, printing": ("def f(event):\n    print('x' * 1000)\n    return 3\n", 3),
    "lines of Windows": ("def f(event):\r\n    return 3\r\n", 3),
    "indented code": ("    def f(event):\n        return 3\n", 3),
    "none": ('event["feedback"]["ground_truth"]', None),
    "a big integer": ('event["inputs"]["n"]', 10**30),
    "unicode": ('event["inputs"]["question"]', "Wie heißt du? 😀"),
    "U+0000": ('event["metadata"]["nul"]', "a\0b"),
    "a decimal": ('from decimal import Decimal\nDecimal("1.5")', 1.5),
    "not a number": ('float("nan") != float("nan")', True),
    "changing the event": ('event["outputs"] = 3\nresult = event["outputs"]', 3),
    "names of the program around it": (
        "nothing = 1\nnamespace = 2\nlongest_text = 3\nlast_function = 4\nresult = 5",
        5,
    ),
    "a sleep": ("import time\ntime.sleep(3600)\nresult = 1", 1),
}


@pytest.mark.parametrize("case", GIVES)
async def test_what_code_may_look_like(sandbox: Sandbox, case: str) -> None:
    code, expected = GIVES[case]
    found = await run(sandbox, code)
    assert (found, type(found)) == (expected, type(expected))


NO_RESULT = (
    "The code gives no result: it must be an expression, end with one, define a function of the event, or set `result`"
)
SLOW = "The code takes longer than 1 seconds"
LARGE = "The code needs more memory than 64 MiB"

REFUSED = {
    # Nothing that is a result.
    "nothing": ("", NO_RESULT),
    "spaces": (" \n\n  ", NO_RESULT),
    "a statement": ("x = 1", NO_RESULT),
    "a list": ("[1, 2]", "The result is of type list; it must be a number, a boolean or a text"),
    "a large list": ("[1] * 1000000", "The result is of type list; it must be a number, a boolean or a text"),
    "a module": ("import re\nresult = re", "The result is of type module; it must be a number, a boolean or a text"),
    "an object": (
        "class Result:\n    pass\nresult = Result()",
        "The result is of type Result; it must be a number, a boolean or a text",
    ),
    "a long text": ("'x' * 10001", "The result is a text of 10001 characters; the limit is 10000"),
    "an endless integer": ("10 ** 400", "The result is an integer beyond 1e308"),
    # Errors of the code.
    "syntax": ("def f(event):\n    return (", "SyntaxError: unexpected EOF while parsing (line 2)"),
    "syntax in the middle": (
        "x = 1\ny = = 2\n",
        "SyntaxError: Expected an expression (line 2)",
    ),
    "a missing key": ('def f(event):\n    x = 1\n    return event["nope"]\n', "KeyError: nope (line 3)"),
    "a name": ("x = 1\nresult = foo(x)\n", "NameError: name 'foo' is not defined (line 2)"),
    "no parameter": (
        "def f():\n    return 1\n",
        "TypeError: f() takes 0 positional arguments but 1 was given (line 1)",
    ),
    "a huge message": ("raise ValueError('x' * 10_000_000)", "ValueError: " + "x" * 488 + "... (line 1)"),
    "leaving": ("raise SystemExit", "SystemExit (line 1)"),
    "half a surrogate pair": ("raise ValueError('\\ud800')", "ValueError: \N{REPLACEMENT CHARACTER} (line 1)"),
    # The machine.
    "a file": ("open('/etc/passwd').read()", "PermissionError: Permission denied: '/etc/passwd'"),
    "writing a file": ("open('x', 'w').write('x')", "PermissionError: Permission denied: '/x'"),
    "a folder": ("import os\nos.listdir('/')", "PermissionError: Permission denied: '/' (line 2)"),
    "a path": (
        "from pathlib import Path\nPath('/etc/passwd').read_text()",
        "PermissionError: Permission denied: '/etc/passwd' (line 2)",
    ),
    "the environment": (
        "import os\nos.environ['PATH']",
        "RuntimeError: 'os.environ' is not supported in this environment (line 2)",
    ),
    "one variable": (
        "import os\nos.getenv('PATH')",
        "RuntimeError: 'os.getenv' is not supported in this environment (line 2)",
    ),
    "the network": ("import socket", "ModuleNotFoundError: No module named 'socket' (line 1)"),
    "a process": ("import subprocess", "ModuleNotFoundError: No module named 'subprocess' (line 1)"),
    "a shell": ("import os\nos.system('true')", "AttributeError: module 'os' has no attribute 'system' (line 2)"),
    "a package": ("import numpy", "ModuleNotFoundError: No module named 'numpy' (line 1)"),
    "the server": ("import resolvers", "ModuleNotFoundError: No module named 'resolvers' (line 1)"),
    "the importer": ("__import__('os')", "NameError: name '__import__' is not defined"),
    "modules": ("import sys\nsys.modules", "AttributeError: module 'sys' has no attribute 'modules' (line 2)"),
    # Ways out of an interpreter.
    "subclasses": (
        "().__class__.__bases__[0].__subclasses__()",
        "AttributeError: 'tuple' object has no attribute '__class__'",
    ),
    "subclasses by another name": (
        "getattr((), '__cl' + 'ass__')",
        "AttributeError: 'tuple' object has no attribute '__class__'",
    ),
    "globals of a function": (
        "(lambda: 0).__globals__",
        "AttributeError: 'function' object has no attribute '__globals__'",
    ),
    "globals": ("globals()", "NameError: name 'globals' is not defined"),
    "a format": (
        "'{0.__class__.__mro__}'.format(1)",
        "AttributeError: 'int' object has no attribute '__class__'",
    ),
    "eval of an import": ("eval('__import__(\"os\")')", "NameError: name '__import__' is not defined"),
    # Time.
    "a loop": ("while True:\n    pass", SLOW),
    "a loop that catches": ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", SLOW),
    "a loop at the end": ("try:\n    while True: pass\nfinally:\n    while True: pass", SLOW),
    "a long sum": ("sum(range(10**12))", SLOW),
    "a loop that prints": ("while True:\n    print('x' * 10000)", SLOW),
    "endless sleeping": ("import time\nwhile True:\n    x = 1\n", SLOW),
    "large numbers": ("x = 7\nwhile True:\n    x = x * x", SLOW),
    "an endless iterator": ("import itertools\nsum(itertools.count())", SLOW),
    "recursion that catches": (
        "def f(event):\n while True:\n  try:\n   f(event)\n  except BaseException:\n   pass\n",
        SLOW,
    ),
    # Memory.
    "a huge power": ("2 ** (10 ** 9)", LARGE),
    "a huge shift": ("1 << 10**11", LARGE),
    "a huge text": ("'x' * 10**10", LARGE),
    "a huge list": ("[0] * 10**10", LARGE),
    "a growing list": ("x = []\nwhile True:\n    x.append('abc' * 1000)", LARGE),
    "a huge width": ("'{:>1000000000}'.format(1)", LARGE),
    "a huge percent": ("'%1000000000d' % 1", LARGE),
    "many replacements": ("('x' * 10**6).replace('x', 'y' * 10**6)", LARGE),
    "a huge join": ("('x' * 10**6).join(['y'] * 10**6)", LARGE),
    "nesting": ("x = []\nfor i in range(10**7):\n    x = [x]\nresult = 1", LARGE),
    "huge code": ("x = 1\n" * 500_000, LARGE),
    # Depth.
    "recursion": ("def f(n):\n    return f(n + 1)\nf(0)", "RecursionError: maximum recursion depth exceeded (line 2)"),
    "deep code": ("(" * 10_000 + ")" * 10_000, "SyntaxError: Source is too deeply nested (line 1)"),
    "deep signs": ("-" * 100_000 + "1", "SyntaxError: Source is too deeply nested (line 1)"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_code_may_not_do(case: str) -> None:
    code, expected = REFUSED[case]
    # A busy machine must not make slow what is too large.
    sandbox = Sandbox(seconds=1 if expected == SLOW else 20, memory=64 << 20, workers=2)
    began = time.monotonic()
    with pytest.raises(MetricFailedError) as refused:
        await run(sandbox, code)
    assert refused.value.message == expected
    assert time.monotonic() - began < 30
    assert await run(sandbox, "1 + 1") == 2  # the next one runs
    await sandbox.close()


async def test_a_pattern_that_backtracks_ends(sandbox: Sandbox) -> None:
    assert await run(sandbox, "import re\nresult = re.match(r'(a+)+$', 'a' * 40 + 'b') is None") is True


async def test_runs_know_nothing_of_one_another(sandbox: Sandbox) -> None:
    assert await run(sandbox, "left = 1\nresult = 1") == 1
    with pytest.raises(MetricFailedError, match="name 'left' is not defined"):
        await run(sandbox, "left")


async def test_a_text_that_is_no_unicode(sandbox: Sandbox) -> None:
    assert await run(sandbox, 'event["x"]', {"x": "a\ud800b"}) == "a\N{REPLACEMENT CHARACTER}b"
    assert await run(sandbox, "'a\ud800b'") == "a?b"
    deep = '{"a":' * 500 + r'"\ud800"' + "}" * 500
    assert plain_text(deep) == '{"a":' * 500 + '"\N{REPLACEMENT CHARACTER}"' + "}" * 500


async def test_a_large_event(sandbox: Sandbox) -> None:
    large = {"outputs": {"content": "x" * (20 << 20)}}
    assert await run(sandbox, 'len(event["outputs"]["content"])', large) == 20 << 20
    too_large = {"outputs": {"content": [{"a": number} for number in range(1_000_000)]}}
    with pytest.raises(MetricFailedError) as refused:
        await run(sandbox, "1", too_large)
    assert refused.value.message == LARGE


async def test_an_event_as_deep_as_events_can_be(sandbox: Sandbox) -> None:
    deep = json.loads("[" * 500 + "1" + "]" * 500)
    assert await run(sandbox, 'len(event["inputs"]["x"])', {"inputs": {"x": deep}}) == 1


async def test_the_event_loop_goes_on_and_runs_are_bounded(sandbox: Sandbox) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    turning = asyncio.create_task(turn())
    began = time.monotonic()
    results = await asyncio.gather(*(run(sandbox, "while True: pass") for _ in range(4)), return_exceptions=True)
    took = time.monotonic() - began
    turning.cancel()
    assert [str(result) for result in results] == [SLOW] * 4
    assert took > 1.9  # two at a time
    assert turns > 10  # one after each run, were it held up


async def test_code_that_hangs_keeps_no_other_code_waiting() -> None:
    sandbox = Sandbox(seconds=30, memory=64 << 20, workers=1)
    hanging = [asyncio.create_task(run(sandbox, "while True: pass")) for _ in range(8)]
    await asyncio.sleep(0)
    assert await run(sandbox, "2") == 2
    assert not any(task.done() for task in hanging)
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    await sandbox.close()


def workers() -> list[int]:
    """The processes of the interpreter that are ours, once there are any."""
    while True:
        command = ["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())]
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        rows = [line.split(None, 1) for line in listed.splitlines()]
        if found := [int(pid) for pid, name in rows if name == "monty"]:
            return found


async def test_a_worker_that_dies_takes_its_run_alone() -> None:
    sandbox = Sandbox(seconds=60, memory=64 << 20, workers=2)
    running = asyncio.create_task(run(sandbox, "while True: pass"))
    while not running.done():
        for worker in await asyncio.to_thread(workers):
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        await asyncio.wait([running], timeout=5)  # if it died between two runs
    with pytest.raises(MetricFailedError) as refused:
        await running
    assert (refused.value.message, refused.value.transient) == ("The code made its interpreter crash", True)
    assert await run(sandbox, "2") == 2
    await sandbox.close()


async def test_a_run_that_is_cancelled_frees_its_worker() -> None:
    sandbox = Sandbox(seconds=600, memory=64 << 20, workers=1)
    running = asyncio.create_task(run(sandbox, "while True: pass"))
    await asyncio.to_thread(workers)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.wait_for(run(sandbox, "3"), 120) == 3
    await sandbox.close()


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_monty", None)
    with pytest.raises(NotConfiguredError) as refused:
        await run(sandbox, "1")
    assert refused.value.message == (
        "PYTHON metrics need an interpreter that this server has not: install tracegraph[metrics]"
    )


async def test_text_that_is_no_object_is_an_event_too(sandbox: Sandbox) -> None:
    assert await sandbox.run("event", dump_json(3)) == 3
