"""The filters of calls that have a column or an index of their own, as SQL conditions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, exists, func, or_, select

from db.calls.fields import FIELDS
from db.calls.op_names import versions_of
from db.calls.reads import NO_PARENT, latency_ms
from db.calls.tables import UNUSUAL, calls
from db.experiments.membership import in_experiments
from db.query.compile import compile_query
from db.query.expression import Constant, Contains, GetField
from db.query.fields import Fields
from db.queues.items import ITEM_SHOWN
from db.queues.tables import queue_items
from db.refs import base_of, refs

__all__ = [
    "EVERY_CALL",
    "CallFilter",
    "alternatives",
    "common_roles",
    "conditions",
    "edges_of",
    "in_order",
    "starts_with",
]

WILDCARD = ":*"
"""At the end of a ref: any version of it."""

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Each field that is set must hold; within a list any value will do. An empty list is as none.

    Times are microseconds, UTC: ``after`` is inclusive, ``before`` exclusive. Smallest and largest are inclusive.
    """

    op_names: Sequence[str] | None = None
    ops: Sequence[str] | None = None
    """Names of ops: as calls have them, or in the ref that they have in place of a name, whatever its version."""

    display_names: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    models: Sequence[str] | None = None
    input_refs: Sequence[str] | None = None
    output_refs: Sequence[str] | None = None
    parent_ids: Sequence[str] | None = None
    trace_ids: Sequence[str] | None = None
    call_ids: Sequence[str] | None = None
    thread_ids: Sequence[str] | None = None
    turn_ids: Sequence[str] | None = None
    session_ids: Sequence[str] | None = None
    trace_roots_only: bool | None = None
    is_root: bool | None = None
    turns_only: bool | None = None
    dataset_ids: Sequence[str] | None = None
    datapoint_ids: Sequence[str] | None = None
    wb_user_ids: Sequence[str] | None = None
    wb_run_ids: Sequence[str] | None = None
    annotation_queue_ids: Sequence[str] | None = None
    started_after: int | None = None
    started_before: int | None = None
    ended_after: int | None = None
    ended_before: int | None = None
    min_latency_ms: float | None = None
    max_latency_ms: float | None = None
    min_total_tokens: int | None = None
    exception_types: Sequence[str] | None = None
    exception_contains: str | None = None
    experiment_ids: Sequence[str] | None = None
    """Experiments that they belong to (``db.experiments.membership``)."""


EVERY_CALL = CallFilter()
"""Leaves nothing out."""

_COLUMNS = {
    "display_names": calls.c.display_name,
    "statuses": calls.c.status,
    "kinds": calls.c.kind,
    "models": calls.c.model,
    "exception_types": calls.c.exception_type,
    "parent_ids": calls.c.parent_id,
    "trace_ids": calls.c.trace_id,
    "call_ids": calls.c.id,
    "thread_ids": calls.c.thread_id,
    "turn_ids": calls.c.turn_id,
    "session_ids": calls.c.session_id,
    "dataset_ids": calls.c.dataset_id,
    "datapoint_ids": calls.c.datapoint_id,
    "wb_user_ids": calls.c.wb_user_id,
    "wb_run_ids": calls.c.wb_run_id,
}

_AT_LEAST: dict[str, ColumnElement[Any]] = {
    "started_after": calls.c.started_at,
    "ended_after": calls.c.ended_at,
    "min_latency_ms": latency_ms,
    "min_total_tokens": calls.c.total_tokens,
}
_EXCEPTION = Fields([field for field in FIELDS if field.name == "exception"])


def starts_with(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Text that begins with ``prefix``, as a range that an index serves."""
    return and_(column >= prefix, column < prefix + _LAST_CHARACTER)


def conditions(project_id: str, chosen: CallFilter, common: Collection[str] = ()) -> list[ColumnElement[bool]]:
    """The conditions of ``chosen``, all of which must hold. Those on refs are looked up from calls in the roles that
    are ``common``, and calls from refs in the others."""
    found: list[ColumnElement[bool]] = []
    if chosen is EVERY_CALL:
        return found
    for name, column in _COLUMNS.items():
        values: Sequence[str] | None = getattr(chosen, name)
        if values:
            found.append(column.in_(values))
    if chosen.statuses and "success" not in chosen.statuses:
        found.append(UNUSUAL)
    for name, least in _AT_LEAST.items():
        value = getattr(chosen, name)
        if value is not None:
            found.append(least >= value)
    if chosen.started_before is not None:
        found.append(calls.c.started_at < chosen.started_before)
    if chosen.ended_before is not None:
        found.append(calls.c.ended_at < chosen.ended_before)
    if chosen.max_latency_ms is not None:
        found.append(latency_ms <= chosen.max_latency_ms)
    if chosen.exception_contains is not None:
        sought = Contains(GetField("exception"), Constant(chosen.exception_contains), case_insensitive=True)
        found.append(compile_query(sought, _EXCEPTION))
    if chosen.op_names:
        found.append(_any_name(calls.c.op_name, chosen.op_names))
    if chosen.ops:
        found.append(calls.c.op_name.in_(versions_of(project_id, chosen.ops)))
    if chosen.annotation_queue_ids:
        found.append(_waiting_in(project_id, chosen.annotation_queue_ids))
    if chosen.trace_roots_only:
        found.append(NO_PARENT)
    if chosen.is_root is not None:
        found.append(NO_PARENT if chosen.is_root else calls.c.parent_id.is_not(None))
    if chosen.turns_only:
        found.append(calls.c.turn_id == calls.c.id)
    if chosen.experiment_ids:
        found.append(in_experiments(project_id, chosen.experiment_ids))
    for role, wanted in (("inputs", chosen.input_refs), ("output", chosen.output_refs)):
        if wanted:
            pointing = _pointing(project_id, role, wanted)
            if role in common:
                found.append(exists(pointing.where(refs.c.source_id == calls.c.id)))
            else:
                found.append(calls.c.id.in_(pointing))
    return found


def common_roles(connection: Connection, project_id: str, chosen: CallFilter) -> list[str]:
    """The roles in which many calls have the refs that are sought. One statement for each that is filtered by."""
    common = []
    for role, wanted in (("inputs", chosen.input_refs), ("output", chosen.output_refs)):
        if wanted:
            some = _pointing(project_id, role, wanted).limit(_MANY).subquery()
            if connection.execute(select(func.count()).select_from(some)).scalar_one() == _MANY:
                common.append(role)
    return common


_IN_ORDER = tuple(name for name in _COLUMNS if name not in {"display_names", "call_ids"})
"""Whose indexes have the calls of each value in the order of their start."""

_MOST_ALTERNATIVES = 40


def alternatives(chosen: CallFilter, names: Sequence[str] | None = None) -> list[ColumnElement[bool]]:
    """Conditions of which each call that is ``chosen``, and that has one of the op ``names``, fulfils exactly one, and
    whose calls an index has in the order of their start; none where there is no need of them, or there would be too
    many."""
    found: list[ColumnElement[bool]] = []
    listed = [(_COLUMNS[name], getattr(chosen, name)) for name in _IN_ORDER]
    for column, values in [*listed, (calls.c.op_name, names)]:
        if not values or (column is calls.c.status and "success" in values):
            continue
        apart = sorted(set(values))
        if len(apart) == 1:
            return []
        if len(apart) <= _MOST_ALTERNATIVES and not 0 < len(found) <= len(apart):
            found = [column == value for value in apart]
    return found


def in_order(chosen: CallFilter) -> CallFilter:
    """The part of it whose calls an index has in the order of their start: when they began, and one value of a column
    at most, since all that have each of two values may be none of those that have both."""
    narrowed = CallFilter(started_after=chosen.started_after, started_before=chosen.started_before)
    for name in _IN_ORDER:
        values: Any = getattr(chosen, name) or ()
        if len(values) == 1 and (name, *values) != ("statuses", "success"):
            return replace(narrowed, **{name: values})
    return narrowed


def _any_name(column: ColumnElement[str], names: Sequence[str]) -> ColumnElement[bool]:
    exact = [name for name in names if not name.endswith(WILDCARD)]
    prefixes = [name.removesuffix("*") for name in names if name.endswith(WILDCARD)]
    parts: list[ColumnElement[bool]] = [column.in_(exact)] if exact else []
    return or_(*parts, *(starts_with(column, prefix) for prefix in prefixes))


def _waiting_in(project_id: str, queue_ids: Sequence[str]) -> ColumnElement[bool]:
    """Calls that are items of one of the queues."""
    items = queue_items.c
    where = (items.project_id == project_id, items.queue_id.in_(queue_ids), ITEM_SHOWN)
    return calls.c.id.in_(select(items.call_id).where(*where))


_MANY = 2000
"""Calls that have a ref, where it is better to look at calls one by one in their order than at all that have it."""


def _pointing(project_id: str, role: str, wanted: Sequence[str]) -> Select[str]:
    """The ids of calls with an edge to one of the refs, or to a place inside what the ref names."""
    whole = [ref for ref in wanted if ref.endswith(WILDCARD) or base_of(ref) == ref]
    places = [ref for ref in wanted if ref not in whole]
    parts = [_any_name(refs.c.base, whole)] if whole else []
    parts += [or_(refs.c.target == ref, starts_with(refs.c.target, f"{ref}/")) for ref in places]
    return select(refs.c.source_id).where(
        refs.c.project_id == project_id, refs.c.source_kind == "call", refs.c.role == role, or_(*parts)
    )


def edges_of(project_id: str, role: str) -> Subquery:
    """What calls point to with their ``inputs`` or ``output``: ``source_id`` and ``base``, each pair once."""
    return (
        select(refs.c.source_id, refs.c.base)
        .where(refs.c.project_id == project_id, refs.c.source_kind == "call", refs.c.role == role)
        .distinct()
        .subquery()
    )
