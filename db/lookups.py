"""Numbers that SQL does not know, such as costs, by the id of a row: bound as one value, for lists in their order."""

import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Double, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.text import encode_text

__all__ = ["looked_up"]

_LARGEST = sys.float_info.max


class _LookedUp(FunctionElement[float]):
    """The number that the second argument, a JSON object, has under the first."""

    inherit_cache = True
    type = Double()


def looked_up(column: ColumnElement[Any], numbers: Mapping[str, float]) -> ColumnElement[float]:
    """The number of the row whose id is in ``column``; null where ``numbers`` has none, or none that is a number."""
    # Neither database's JSON holds what is infinite.
    held = {
        encode_text(key): max(-_LARGEST, min(_LARGEST, number))
        for key, number in numbers.items()
        if not math.isnan(number)
    }
    return _LookedUp(column, literal(json.dumps(held, ensure_ascii=False), Text()))


@compiles(_LookedUp, "sqlite")
def _sqlite_looked_up(element: _LookedUp, compiler: SQLCompiler, **kw: Any) -> str:
    column, numbers = (compiler.process(clause, **kw) for clause in element.clauses)
    # Materialised, so that it is read once, and SQLite makes an index of it.
    known = f"known(id, number) AS MATERIALIZED (SELECT key, value FROM json_each({numbers}))"
    return f"(WITH {known} SELECT CAST(known.number AS REAL) FROM known WHERE known.id = {column})"


@compiles(_LookedUp, "postgresql")
def _postgresql_looked_up(element: _LookedUp, compiler: SQLCompiler, **kw: Any) -> str:
    column, numbers = (compiler.process(clause, **kw) for clause in element.clauses)
    # A subquery of its own, so that it is parsed once; jsonb finds a key by halving.
    return f"CAST((SELECT CAST({numbers} AS jsonb)) ->> CAST({column} AS text) AS double precision)"
