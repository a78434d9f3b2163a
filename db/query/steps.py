"""A value that is computed in steps, each of which may use what the one before it gave several times.

Nested subqueries would say the same, but SQLite's parser holds only about a hundred open symbols.
"""

from collections.abc import Callable, Mapping
from itertools import accumulate, pairwise
from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeEngine

__all__ = ["Named", "Step", "in_steps"]

Named = Mapping[str, ColumnElement[Any]]
"""Values by the names that the next step has for them."""

Step = Callable[[Named], Named]


class _Steps(FunctionElement[Any]):
    """The last clause; the clauses before it are the values of the steps, whose names are in ``names``."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012  # SQLAlchemy declares it so
        *FunctionElement._traverse_internals,  # noqa: SLF001  # documented for elements with state of their own
        ("names", InternalTraversal.dp_plain_obj),
    ]

    def __init__(self, names: tuple[tuple[str, ...], ...], values: list[ColumnElement[Any]]) -> None:
        super().__init__(*values)
        self.names = names
        self.type: TypeEngine[Any] = values[-1].type


@compiles(_Steps)
def _steps(element: _Steps, compiler: SQLCompiler, **kw: Any) -> str:
    *values, last = (compiler.process(clause, **kw) for clause in element.clauses)
    ends = accumulate(map(len, element.names), initial=0)
    written = []
    for index, (names, (start, end)) in enumerate(zip(element.names, pairwise(ends), strict=True)):
        columns = ", ".join(f"{value} AS {name}" for value, name in zip(values[start:end], names, strict=True))
        source = f" FROM tg_s{index - 1}" if index else ""
        # OFFSET keeps both planners from putting a value back in the place of its name.
        written.append(f"tg_s{index} AS (SELECT {columns}{source} LIMIT 1 OFFSET 0)")
    return f"(WITH {', '.join(written)} SELECT {last} FROM tg_s{len(element.names) - 1})"


def in_steps(first: Named, *steps: Step) -> ColumnElement[Any]:
    """The value ``n`` of the last of ``steps``, each of which takes what the one before it gave."""
    given: Named = first
    names: list[tuple[str, ...]] = []
    values: list[ColumnElement[Any]] = []
    for index, step in enumerate(steps):
        names.append(tuple(given))
        values += given.values()
        given = step({name: literal_column(f"tg_s{index}.{name}", value.type) for name, value in given.items()})
    return _Steps(tuple(names), [*values, given["n"]])
