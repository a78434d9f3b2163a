"""What calls are grouped by: columns, and values at paths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Label,
    Subquery,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy import Text as SQLText

from db.calls.facets import facet_value
from db.calls.reads import duration
from db.calls.tables import calls
from db.metadata import Name
from db.query.derived import op_short_name
from db.query.fields import Field

__all__ = ["DIMENSIONS", "UNREAD", "Grouping", "Groups", "select_groups"]

c = calls.c

DIMENSIONS: Mapping[str, ColumnElement[Any]] = {
    "op_name": c.op_name,
    "model": c.model,
    "status": c.status,
    "kind": c.kind,
    "wb_user_id": c.wb_user_id,
    "session_id": c.session_id,
    "thread_id": c.thread_id,
    "trace_id": c.trace_id,
}
"""What calls can be grouped by; groups put all versions of an op together."""

UNREAD = "unread"
"""The kind of all values of a call that is not looked into."""

Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Grouping:
    """``by`` names dimensions, ``fields`` are any fields of a call. Those that take its payloads to read are looked
    for in calls from ``oldest`` on (start and id), all of them where it is None."""

    by: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    oldest: tuple[int, str] | None = None

    @property
    def columns(self) -> list[Label[Any]]:
        """The values of a call: of each dimension (op names as they are), then kind and text of each field."""
        found = [DIMENSIONS[name] for name in self.by]
        for field in self.fields:
            kind, text = facet_value(field)
            if self.oldest is not None:
                known = self.is_read
                kind, text = case((known, kind), else_=literal(UNREAD, SQLText())), case((known, text))
            found += [kind, type_coerce(text, Name())]
        return [column.label(f"key_{index}") for index, column in enumerate(found)]

    @property
    def is_read(self) -> ColumnElement[bool]:
        """Whether a call is looked into."""
        assert self.oldest is not None, "calls are looked into from some on"
        return tuple_(c.started_at, c.id) >= tuple_(literal(self.oldest[0]), literal(self.oldest[1], Name()))


class Groups(NamedTuple):
    """The keys of some groups, in their order, and how many there are in all."""

    keys: list[tuple[Any, ...]]
    total: int


_PERCENTILES = {"p50_ms": 50, "p90_ms": 90, "p95_ms": 95, "p99_ms": 99}
_MEASURES = {"errors": ("errors",), "error_rate": ("errors", "calls"), "avg_ms": ("total", "timed"), "max_ms": ("max",)}
"""What is counted of groups for an order; for any other it is the calls."""


def select_groups(
    connection: Connection, grouping: Grouping, conditions: Conditions, order: str | None, limit: int
) -> Groups:
    """The groups of calls that have most of ``order``, those that have the same (or nothing) of it by their key, null
    first. ``order`` is ``calls``, ``errors``, ``error_rate``, ``avg_ms``, ``max_ms`` or a percentile, all named as in
    statistics; None is by the key alone."""
    within = conditions if grouping.oldest is None else [*conditions, grouping.is_read]
    if order in _PERCENTILES:
        found = _with_percentile(grouping, within, _PERCENTILES[order])
    else:
        found = _with_sums(grouping, within, order)
    keys = [column for column in found.c if column.key != "amount"]
    by_key = [part for key in keys for part in (key.is_not(None), key)]
    by_amount = [] if order is None else [found.c.amount.is_(None), found.c.amount.desc()]
    statement = select(*keys, func.count().over()).order_by(*by_amount, *by_key).limit(limit)
    rows = connection.execute(statement).all()
    return Groups([tuple(row)[:-1] for row in rows], rows[0][-1] if rows else 0)


def _with_sums(grouping: Grouping, conditions: Conditions, order: str | None) -> Subquery:
    """All groups, with the ``amount`` of an order that can be added up."""
    measured = {
        "calls": literal(1),
        "errors": case((c.status == "error", 1), else_=0),
        "total": cast(duration, Double),
        "timed": case((duration.is_not(None), 1), else_=0),
        "max": duration,
    }
    names = _MEASURES.get(order or "", ("calls",))
    raw = grouping.columns
    values = select(*raw, *(measured[name].label(name) for name in names)).where(*conditions).subquery()
    # First by op names as they are, of which there are few: finding the short name in each call takes longer.
    keys = [values.c[key.name] for key in raw]
    sums = [(func.max if name == "max" else func.sum)(values.c[name]).label(name) for name in names]
    inner = select(*keys, *sums).group_by(*keys).subquery()
    short = _short_keys(grouping, inner)
    whole = [func.max(inner.c[name]) if name == "max" else func.sum(inner.c[name]) for name in names]
    amount = whole[0] if len(whole) == 1 else cast(whole[0], Double) / func.nullif(cast(whole[1], Double), 0)
    return select(*short, amount.label("amount")).group_by(*short).subquery()


def _with_percentile(grouping: Grouping, conditions: Conditions, percent: int) -> Subquery:
    """All groups, with the percentile of how long their calls took as ``amount``, linear between the nearest ranks."""
    raw = select(*grouping.columns, duration.label("took")).where(*conditions).subquery()
    values = select(*_short_keys(grouping, raw), raw.c.took).subquery()
    keys = [column for column in values.c if column.key != "took"]
    took = values.c.took
    rank = func.row_number().over(partition_by=keys, order_by=(took.is_(None), took)) - 1
    timed = func.count(took).over(partition_by=keys)
    ranked = select(*keys, took, rank.label("rank"), ((timed - 1) * percent).label("place")).subquery()
    r = ranked.c
    # Of whole numbers until the last step, as the statistics themselves (resolvers.calls.statistics).
    above = r.place % 100
    share = case((r.rank == r.place // 100, 100 - above), (r.rank == r.place // 100 + 1, above))
    own = [r[key.name] for key in keys]
    return select(*own, func.sum(share * cast(r.took, Double)).label("amount")).group_by(*own).subquery()


def _short_keys(grouping: Grouping, found: Subquery) -> list[Label[Any]]:
    """The keys in ``found``, ops by their short names."""
    keys = [found.c[key.name] for key in grouping.columns]
    names = [*grouping.by, *[""] * (len(keys) - len(grouping.by))]
    return [
        (type_coerce(op_short_name(key), Name()) if name == "op_name" else key).label(key.name)
        for name, key in zip(names, keys, strict=True)
    ]
