"""Sorts and keyset pages.

An order is a list of components, each an SQL expression that is never null, with a direction; the last one is unique.
So two rows always have an order, and a page begins after the components of the row before it: rows that arrive or go
meanwhile neither repeat nor vanish.
"""

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Label,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    tuple_,
)

from db.query.expression import QueryError
from db.query.fields import Field, Fields, FieldType
from db.query.json import json_node
from db.query.path_keys import PathKeys
from db.query.templates import NUMBER, apply
from db.query.values import Kind, Value, exists, field_value, to_number, to_text
from db.text import encode_text

__all__ = ["MAX_SORTS", "Component", "Cursor", "Direction", "Order", "compile_order"]

T = TypeVar("T")

MAX_SORTS = 8

Direction = Literal["asc", "desc"]

Cursor = tuple[int | float | str, ...]
"""Values of the components in one row."""

# The template ``prefix`` takes the first 500 characters of a text; what is equal so far is left to the next component.
# So a cursor is small, and the comparison is the same in ORDER BY and in the condition of a page.


@dataclass(frozen=True, slots=True)
class Component:
    """One column of the sort key."""

    sql: ColumnElement[Any]
    descending: bool
    type: Literal["text", "number", "integer"]

    def bind(self, value: Any) -> ColumnElement[Any]:
        match self.type:
            case "text":
                return literal(encode_text(value), Text())
            case "integer":
                return literal(value, BigInteger())
            case "number":
                return literal(value, NUMBER)


@dataclass(frozen=True, slots=True)
class Order:
    """A compiled sort.

    Select ``columns`` beside what a page shows; ``values`` takes a row's cursor from them, ``encode`` makes it text.
    ``after`` and ``before`` are the conditions of a page, in this order's sense. To read the last rows before a cursor,
    select by ``reversed()`` with its ``after``, and turn the page round.
    """

    components: tuple[Component, ...]
    fingerprint: str
    keys: PathKeys | None = None
    """The index on the path that comes first (``db.query.segments``); None without one."""

    leading: ColumnElement[Any] | None = None
    """A column that is null in all rows, and which an index has before these."""

    @property
    def order_by(self) -> list[ColumnElement[Any]]:
        return self._led([part.sql.desc() if part.descending else part.sql.asc() for part in self.components])

    @property
    def columns(self) -> list[Label[Any]]:
        """The components, labelled ``sort_0``, ``sort_1`` and so on."""
        return [part.sql.label(f"sort_{index}") for index, part in enumerate(self.components)]

    @property
    def order_by_columns(self) -> list[ColumnElement[Any]]:
        """``order_by`` by the labels of ``columns``, which are selected: what is long is written once."""
        labels: list[ColumnElement[Any]] = [literal_column(f"sort_{index}") for index in range(len(self.components))]
        return self._led(
            [
                label.desc() if part.descending else label.asc()
                for label, part in zip(labels, self.components, strict=True)
            ]
        )

    def led_by(self, column: ColumnElement[Any]) -> "Order":
        """The same order among rows in which ``column`` is null, as an index that has it first is found for it:
        PostgreSQL knows that a column is the same in all rows where it equals a value, not where it is null."""
        one_way = len({part.descending for part in self.components}) == 1
        return replace(self, leading=column) if one_way else self

    def _led(self, by: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        if self.leading is None:
            return by
        return [self.leading.desc() if self.components[0].descending else self.leading.asc(), *by]

    def values(self, row: Mapping[str, Any]) -> Cursor:
        """The cursor of a row that was selected with ``columns``."""
        return tuple(_plain(row[f"sort_{index}"]) for index in range(len(self.components)))

    def after(self, cursor: Cursor) -> ColumnElement[bool]:
        """The rows that come after the one with this cursor."""
        return self._beyond(cursor, backward=False)

    def before(self, cursor: Cursor) -> ColumnElement[bool]:
        """The rows that come before the one with this cursor."""
        return self._beyond(cursor, backward=True)

    def sorted(self, items: Iterable[T], cursor: Callable[[T], Cursor]) -> list[T]:
        """``items``, each with a cursor of this order, in this order."""
        found = list(items)
        for index, part in reversed(list(enumerate(self.components))):
            found.sort(key=lambda item, index=index: cursor(item)[index], reverse=part.descending)  # type: ignore[misc]
        return found

    def reversed(self) -> "Order":
        """The same rows from the last to the first. Cursors of one are good for the other."""
        turned = (replace(part, descending=not part.descending) for part in self.components)
        return replace(self, components=tuple(turned))

    def encode(self, cursor: Cursor) -> str:
        """The cursor, as ``values`` gives it or as the database gave its columns, as opaque text, fit for a URL."""
        text = json.dumps([self.fingerprint, *map(_plain, cursor)], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).rstrip(b"=").decode()

    def decode(self, text: str) -> Cursor:
        """What ``encode`` was given. Raises ``QueryError`` for other text, and for a cursor of another order."""
        shown = text if len(text) <= 100 else f"{text[:97]}..."
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            decoded = json.loads(base64.b64decode(padded, b"-_", validate=True).decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError, binascii.Error) as error:
            raise QueryError(f"not a cursor: {shown!r}") from error
        if not isinstance(decoded, list) or not decoded or not isinstance(decoded[0], str):
            raise QueryError(f"not a cursor: {shown!r}")
        fingerprint, *values = decoded
        if fingerprint != self.fingerprint:
            raise QueryError(f"the cursor {shown!r} belongs to another order; start again without it")
        if len(values) != len(self.components) or not all(map(_fits, self.components, values)):
            raise QueryError(f"not a cursor: {shown!r}")
        return tuple(values)

    def _beyond(self, cursor: Cursor, *, backward: bool) -> ColumnElement[bool]:
        # Runs of one direction compare as row values, (a, b) > (?, ?), which an index serves; where the direction
        # changes: ((later AND run = ?) OR run > ?), later ones first, since SQLite's parser keeps open what stands
        # before a parenthesis.
        pairs = zip(self.components, cursor, strict=True)
        condition: ColumnElement[bool] | None = None
        for descending, group in reversed([(key, list(run)) for key, run in groupby(pairs, lambda p: p[0].descending)]):
            own = tuple_(*(part.sql for part, _ in group))
            other = tuple_(*(part.bind(value) for part, value in group))
            if len(group) == 1:
                ((part, value),) = group
                own, other = part.sql, part.bind(value)  # a row of one is no row in SQL
            beyond = own < other if descending is not backward else own > other
            condition = beyond if condition is None else or_(and_(condition, own == other), beyond)
        assert condition is not None
        return condition


def _plain(value: Any) -> int | float | str:
    """A component as Python reads it from either database: numerics are integers or doubles again."""
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and -(2**63) <= value < 2**63
        return int(value) if whole else float(value)
    if isinstance(value, str):
        return value
    return int(value) if isinstance(value, bool) else value


def _fits(part: Component, value: Any) -> bool:
    if part.type == "text":
        return isinstance(value, str)
    if part.type == "number" and isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def compile_order(sorts: Sequence[tuple[str, Direction]], fields: Fields, tiebreak: Sequence[str] = ("id",)) -> Order:
    """The order by ``sorts``, then by the fields of ``tiebreak`` in the direction of the last sort (ascending if there
    is none). The last field of ``tiebreak`` is unique and never null.

    Raises ``QueryError`` for an unknown field or direction and for more than ``MAX_SORTS`` entries.
    """
    if len(sorts) > MAX_SORTS:
        raise QueryError(f"a sort has at most {MAX_SORTS} fields, not {len(sorts)}")
    # By what the fields are and not by how they are spelled, so that a cursor is good for any spelling of its order.
    named: dict[tuple[str, ...], bool] = {}
    components: list[Component] = []

    def add(field: Field, *, descending: bool) -> None:
        key = (field.name, *field.parts)
        if key not in named:
            named[key] = descending
            components.extend(_components(field, descending=descending))

    for index, (path, direction) in enumerate(sorts):
        if direction not in {"asc", "desc"}:
            raise QueryError(f"the direction of a sort is 'asc' or 'desc', not {direction!r}", (index, "direction"))
        add(fields.resolve(path, (index, "field")), descending=direction == "desc")
    last = next(reversed(named.values()), False)
    for path in tiebreak:
        add(fields.resolve(path), descending=last)
    fingerprint = hashlib.sha256(json.dumps(list(named.items())).encode()).hexdigest()[:8]
    keys = fields.resolve(sorts[0][0]).keys() if sorts else None
    return Order(tuple(components), fingerprint, keys)


def _components(field: Field, *, descending: bool) -> list[Component]:
    if field.related is not None:
        field = replace(field, sql=field.related.one(field.sql), related=None)
    if field.type is FieldType.JSON:
        # Parsed once for the components; a subquery that is read by several of them is not.
        return _json_components(Value(Kind.JSON, json_node(field.sql, field.parts)), descending=descending)
    value = field_value(field)
    key: ColumnElement[Any]
    kind: Literal["text", "number", "integer"]
    match value.kind:
        case Kind.TEXT:
            key, kind, zero = apply("prefix" if field.nullable else "ordered", value.sql), "text", literal("", Text())
        case Kind.NUMBER:
            key, kind, zero = value.sql, "number", literal(0, NUMBER)
        case Kind.BOOLEAN:
            key, kind, zero = cast(value.sql, Integer), "integer", literal(0, BigInteger())
        case _:
            key, kind, zero = value.sql, "integer", literal(0, BigInteger())
    if not field.nullable:
        return [Component(key, descending, kind)]
    return [_flag(value.sql.is_(None)), Component(func.coalesce(key, zero), descending, kind)]


def _json_components(value: Value, *, descending: bool) -> list[Component]:
    """Rows that have the path first, in both directions; then those that read as a number, by it; then by text."""
    number = to_number(value)
    return [
        _flag(~exists(value)),
        _flag(number.is_(None)),
        Component(func.coalesce(number, literal(0, NUMBER)), descending, "number"),
        Component(func.coalesce(apply("prefix", to_text(value)), literal("", Text())), descending, "text"),
    ]


def _flag(condition: ColumnElement[bool]) -> Component:
    """Sorts the rows for which the condition holds behind the others, whatever the direction of the field."""
    return Component(case((condition, literal_column("1")), else_=literal_column("0")), False, "integer")
