"""The filters of calls that have a column or an index of their own, as SQL conditions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Subquery, and_, or_, select

from db.calls.tables import calls
from db.refs import base_of, refs

__all__ = ["EVERY_CALL", "CallFilter", "conditions", "edges_of", "starts_with"]

WILDCARD = ":*"
"""At the end of a ref: any version of it."""

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Each field that is set must hold; within a list any value will do. An empty list is as none."""

    op_names: Sequence[str] | None = None
    input_refs: Sequence[str] | None = None
    output_refs: Sequence[str] | None = None
    parent_ids: Sequence[str] | None = None
    trace_ids: Sequence[str] | None = None
    call_ids: Sequence[str] | None = None
    thread_ids: Sequence[str] | None = None
    turn_ids: Sequence[str] | None = None
    session_ids: Sequence[str] | None = None
    trace_roots_only: bool | None = None
    turns_only: bool | None = None
    wb_user_ids: Sequence[str] | None = None
    wb_run_ids: Sequence[str] | None = None


EVERY_CALL = CallFilter()
"""Leaves nothing out."""

_COLUMNS = {
    "parent_ids": calls.c.parent_id,
    "trace_ids": calls.c.trace_id,
    "call_ids": calls.c.id,
    "thread_ids": calls.c.thread_id,
    "turn_ids": calls.c.turn_id,
    "session_ids": calls.c.session_id,
    "wb_user_ids": calls.c.wb_user_id,
    "wb_run_ids": calls.c.wb_run_id,
}


def starts_with(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Text that begins with ``prefix``, as a range that an index serves."""
    return and_(column >= prefix, column < prefix + _LAST_CHARACTER)


def conditions(project_id: str, chosen: CallFilter) -> list[ColumnElement[bool]]:
    """The conditions of ``chosen``, all of which must hold."""
    found: list[ColumnElement[bool]] = []
    for name, column in _COLUMNS.items():
        values: Sequence[str] | None = getattr(chosen, name)
        if values:
            found.append(column.in_(values))
    if chosen.op_names:
        found.append(_any_name(calls.c.op_name, chosen.op_names))
    if chosen.trace_roots_only:
        found.append(calls.c.parent_id.is_(None))
    if chosen.turns_only:
        found.append(calls.c.turn_id == calls.c.id)
    for role, wanted in (("inputs", chosen.input_refs), ("output", chosen.output_refs)):
        if wanted:
            found.append(_points_to(project_id, role, wanted))
    return found


def _any_name(column: ColumnElement[str], names: Sequence[str]) -> ColumnElement[bool]:
    exact = [name for name in names if not name.endswith(WILDCARD)]
    prefixes = [name.removesuffix("*") for name in names if name.endswith(WILDCARD)]
    parts: list[ColumnElement[bool]] = [column.in_(exact)] if exact else []
    return or_(*parts, *(starts_with(column, prefix) for prefix in prefixes))


def _points_to(project_id: str, role: str, wanted: Sequence[str]) -> ColumnElement[bool]:
    """Calls with an edge to one of the refs, or to a place inside what the ref names."""
    whole = [ref for ref in wanted if ref.endswith(WILDCARD) or base_of(ref) == ref]
    places = [ref for ref in wanted if ref not in whole]
    parts = [_any_name(refs.c.base, whole)] if whole else []
    parts += [or_(refs.c.target == ref, starts_with(refs.c.target, f"{ref}/")) for ref in places]
    sources = select(refs.c.source_id).where(
        refs.c.project_id == project_id, refs.c.source_kind == "call", refs.c.role == role, or_(*parts)
    )
    return calls.c.id.in_(sources)


def edges_of(project_id: str, role: str) -> Subquery:
    """What calls point to with their ``inputs`` or ``output``: ``source_id`` and ``base``, each pair once."""
    return (
        select(refs.c.source_id, refs.c.base)
        .where(refs.c.project_id == project_id, refs.c.source_kind == "call", refs.c.role == role)
        .distinct()
        .subquery()
    )
