from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from resolvers.context import Context


@pytest.fixture
def reads(context: Context) -> Callable[[], AbstractContextManager[list[str]]]:
    """``with reads() as seen``: the statements that readers run meanwhile."""

    @contextmanager
    def recorded() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        (engine,) = context.database.engines
        # Connect first: what a new connection asks of its server is not what is counted.
        engine.connect().close()
        event.listen(engine, "before_cursor_execute", note)
        yield seen
        event.remove(engine, "before_cursor_execute", note)

    return recorded
