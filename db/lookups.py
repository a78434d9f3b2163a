"""Numbers that SQL does not know, such as costs, by the id of a row: bound as one value, for lists in their order."""

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.query.fields import Field, FieldType
from db.query.order import Direction
from db.text import encode_text

__all__ = ["TOTALS", "Totals", "looked_up", "names_in", "total_fields", "totalled"]

TOTALS = ("cost", "total_tokens", "input_tokens", "output_tokens")
"""What calls together can be sorted by that SQL does not know."""

Totals = Mapping[str, Mapping[str, float]]
"""By such a name, the numbers by id; null of an id that is missing."""

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


def names_in(sorts: Sequence[tuple[str, Direction]]) -> set[str]:
    """What is sorted by, in snake case."""
    return {re.sub(r"([A-Z])", r"_\1", path).lower() for path, _ in sorts}


def totalled(sorts: Sequence[tuple[str, Direction]]) -> list[str]:
    """The ``TOTALS`` that are sorted by."""
    names = names_in(sorts)
    return [name for name in TOTALS if name in names]


def total_fields(column: ColumnElement[Any], totals: Totals) -> list[Field]:
    """The fields of ``totals``, of rows whose id is in ``column``."""
    return [Field(name, FieldType.FLOAT, looked_up(column, numbers)) for name, numbers in totals.items()]


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
