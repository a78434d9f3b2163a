"""Fields of a call that are computed from its columns: ``summary.weave.*``."""

from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, Text, and_, case, cast, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.query.json import json_node
from db.query.templates import apply

__all__ = [
    "REF_LIKE",
    "after_colon",
    "before_colon",
    "last_segment",
    "latency_ms",
    "op_short_name",
    "ref_name",
    "status",
    "trace_name",
]

REF_LIKE = "weave%:///%"
"""What op names that are refs look like."""


class _RefName(FunctionElement[str]):
    """The name in a ref ``weave:///entity/project/op/NAME:DIGEST``; any text without a slash up to its colon."""

    inherit_cache = True
    type = Text()


@compiles(_RefName, "sqlite")
def _sqlite_ref_name(element: _RefName, compiler: SQLCompiler, **kw: Any) -> str:
    ref = compiler.process(element.clauses, **kw)
    # What stands after the last slash: the ref without its longest head that ends in a slash.
    tail = f"substr({ref}, length(rtrim({ref}, replace({ref}, '/', ''))) + 1)"
    return f"substr({tail}, 1, instr({tail} || ':', ':') - 1)"


@compiles(_RefName, "postgresql")
def _postgresql_ref_name(element: _RefName, compiler: SQLCompiler, **kw: Any) -> str:
    return f"substring({compiler.process(element.clauses, **kw)} from '([^/:]*)(:[^/]*)?$')"


def ref_name(ref: ColumnElement[Any]) -> ColumnElement[str]:
    """The name in the op or object ref that ``ref`` gives."""
    return _RefName(ref)


class _LastSegment(FunctionElement[str]):
    """The text after the last slash; all of it where there is none."""

    inherit_cache = True
    type = Text()


@compiles(_LastSegment, "sqlite")
def _sqlite_last_segment(element: _LastSegment, compiler: SQLCompiler, **kw: Any) -> str:
    text = compiler.process(element.clauses, **kw)
    return f"substr({text}, length(rtrim({text}, replace({text}, '/', ''))) + 1)"


@compiles(_LastSegment, "postgresql")
def _postgresql_last_segment(element: _LastSegment, compiler: SQLCompiler, **kw: Any) -> str:
    return f"substring({compiler.process(element.clauses, **kw)} from '[^/]*$')"


def last_segment(path: ColumnElement[Any]) -> ColumnElement[str]:
    """The text after the last slash of ``path``."""
    return _LastSegment(path)


class _Position(FunctionElement[int]):
    """The place of the first colon, from 1; 0 where there is none."""

    inherit_cache = True
    type = Integer()


@compiles(_Position, "sqlite")
def _sqlite_position(element: _Position, compiler: SQLCompiler, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)}, ':')"


@compiles(_Position, "postgresql")
def _postgresql_position(element: _Position, compiler: SQLCompiler, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)}, ':')"


def before_colon(text: ColumnElement[Any]) -> ColumnElement[str]:
    """What stands before the first colon; null of a text without one."""
    return func.substr(text, 1, func.nullif(_Position(text), 0) - 1, type_=Text())


def after_colon(text: ColumnElement[Any]) -> ColumnElement[str]:
    """What stands behind the first colon; all of a text without one."""
    return func.substr(text, _Position(text) + 1, type_=Text())


def status(
    exception: ColumnElement[Any], ended_at: ColumnElement[Any], summary: ColumnElement[Any]
) -> ColumnElement[str]:
    """``error`` with an exception, ``running`` without an end, ``descendant_error`` if ``status_counts.error`` of the
    summary (JSON text) is above 0, else ``success``."""
    errors = apply("json_to_number", json_node(summary, ["status_counts", "error"]))
    return case(
        (exception.is_not(None), literal("error", Text())),
        (ended_at.is_(None), literal("running", Text())),
        (errors > 0, literal("descendant_error", Text())),
        else_=literal("success", Text()),
    )


def latency_ms(started_at: ColumnElement[Any], ended_at: ColumnElement[Any]) -> ColumnElement[float]:
    """Milliseconds from start to end, with fractions; null while one is missing. The times are microseconds."""
    return cast(ended_at - started_at, Float(53)) / 1000


def trace_name(display_name: ColumnElement[Any], op_name: ColumnElement[Any]) -> ColumnElement[str]:
    """The display name if it is set, else the name in the op ref, else the op name."""
    named = and_(display_name.is_not(None), display_name != "")
    return case((named, display_name), else_=op_short_name(op_name))


def op_short_name(op_name: ColumnElement[Any]) -> ColumnElement[str]:
    """The name in the op ref, else the op name."""
    # LIKE takes letters of either case on SQLite.
    is_ref = and_(op_name >= "weave", op_name < "weavf", op_name.like(REF_LIKE))
    return case((is_ref, func.coalesce(func.nullif(ref_name(op_name), ""), op_name)), else_=op_name)
