import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

BACKGROUND = re.compile(
    r"(?s)SELECT followers\..*\sFROM followers\s+WHERE followers\.name IN .*"
    r"|SELECT metric_jobs\.call_id.*due_at <= .*"
    r"|SELECT projects\.project_id, followers\.seq IS NOT NULL .*"
    r"|SELECT relname, n_live_tup, .*|(ANALYZE|VACUUM) \(SKIP_LOCKED.*"
    r"|SELECT path_indexes\..*\sFROM path_indexes\s.*"
)
"""What a server asks every few seconds, whatever it is asked itself."""

TRIES = 5


async def fewest(count: Callable[[], Awaitable[list[int]]], *, until: Callable[[list[int]], bool]) -> list[int]:
    """How many statements lists of several sizes take: the fewest of some tries, of which there is one more ``until``
    it is as it should be.

    Fields of a level that are read by different threads may come back in one turn of the event loop or in two, and what
    they ask next is then read together or not.
    """
    counts = await count()
    for _ in range(TRIES - 1):
        if until(counts):
            break
        counts = [min(pair) for pair in zip(counts, await count(), strict=True)]
    return counts


@contextmanager
def executed() -> Iterator[list[tuple[str, Any]]]:
    """The statements that any engine executes meanwhile, with their parameters."""
    statements: list[tuple[str, Any]] = []

    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not BACKGROUND.fullmatch(statement):
            statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", remember)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", remember)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that any engine executes meanwhile. One that is given many rows is one, where it takes several of
    few sizes one after another, as on SQLite: the last three of them may be of a single row."""
    statements: list[str] = []
    giving, single = "", 0

    def remember(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal giving, single
        if BACKGROUND.fullmatch(statement):
            return
        given, _, values = statement.partition("VALUES ")
        has_many = given.startswith(("INSERT", "WITH given")) and "), (" in values
        goes_on = given == giving and (has_many or single < 3)
        single = single + 1 if goes_on and not has_many else 0
        giving = given if has_many or goes_on else ""
        if not goes_on:
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", remember)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", remember)
