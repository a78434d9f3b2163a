"""Filters of events, as HoneyHive has them: a list of conditions on fields, all of which must hold.

They become an expression of the query language, so that both dialects share one engine. Fields are those of
``db.calls.event_fields``; docs/honeyhive.md has the rules.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from db.calls.event_fields import event_field
from db.json_text import JSONValue
from db.query.expression import (
    And,
    Comparison,
    Constant,
    Contains,
    Convert,
    Expression,
    GetField,
    Holds,
    Moment,
    Not,
    Operator,
    Or,
    QueryError,
    check_constant,
)
from db.query.fields import Field, FieldType, split_path
from db.query.numbers import number_of_text
from db.query.values import convert_literal
from resolvers.errors import InvalidInputError

__all__ = [
    "EventFilter",
    "EventFilterOperator",
    "EventFilterType",
    "event_filters_of",
    "filters_expression",
    "microseconds_of",
    "plain_filters",
]

MOST_FILTERS = 100


class EventFilterOperator(StrEnum):
    """How a field is compared; the values are HoneyHive's words."""

    EXISTS = "exists"
    NOT_EXISTS = "not exists"
    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    GREATER_THAN = "greater than"
    LESS_THAN = "less than"
    AFTER = "after"
    BEFORE = "before"


class EventFilterType(StrEnum):
    """As what field and value are compared."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """One condition. ``value`` is text, a number, a boolean or None; without a ``type`` that of the value counts."""

    field: str
    operator: EventFilterOperator
    value: JSONValue = None
    type: EventFilterType | None = None


Place = Sequence[str | int]
"""Where in the request something stands."""

E = TypeVar("E", bound=StrEnum)

_ORDERS: dict[EventFilterOperator, Operator] = {
    EventFilterOperator.GREATER_THAN: "gt",
    EventFilterOperator.LESS_THAN: "lt",
    EventFilterOperator.AFTER: "gt",
    EventFilterOperator.BEFORE: "lt",
}
_NEGATIONS = {
    EventFilterOperator.NOT_EXISTS: EventFilterOperator.EXISTS,
    EventFilterOperator.IS_NOT: EventFilterOperator.IS,
    EventFilterOperator.NOT_CONTAINS: EventFilterOperator.CONTAINS,
}
_MIRRORS = {
    "metadata.run_id": "event.evaluation_id",
    "metadata.dataset_id": "event.dataset_id",
    "metadata.datapoint_id": "event.datapoint_id",
}
"""Members of the metadata that stand in columns as well, where an index finds them."""

_MIRRORED = re.compile(r"(?!(?:true|false|-?[0-9]+(?:[eE]-?[0-9]+)?)$)[A-Za-z0-9_-]{1,200}")
"""Texts that the columns surely have where the metadata has them: ids, and nothing that a number or true writes."""


def event_filters_of(value: JSONValue, at: Place = ("filters",)) -> list[EventFilter]:
    """The filters in a parsed JSON list, as clients send it and as ``plain_filters`` gives it.

    Raises InvalidInputError, which names what is wrong and says where (below ``at``).
    """
    if not isinstance(value, list):
        raise InvalidInputError(f"filters must be a list of filters, not {_shown(value)}", at)
    found = [_filter_of(item, (*at, index)) for index, item in enumerate(value)]
    filters_expression(found, at)
    return found


def plain_filters(filters: Sequence[EventFilter]) -> list[JSONValue]:
    """The same as JSON."""
    return [
        {
            "field": each.field,
            "operator": each.operator.value,
            "value": each.value,
            **({} if each.type is None else {"type": each.type.value}),
        }
        for each in filters
    ]


def filters_expression(filters: Sequence[EventFilter], at: Place = ("filters",)) -> Expression | None:
    """What ``filters`` ask for, of calls: all of them must hold; None where there are none.

    Raises InvalidInputError for a field that is not there, and for a value that does not fit the operator or the type.
    """
    if len(filters) > MOST_FILTERS:
        raise InvalidInputError(f"At most {MOST_FILTERS} filters can be given, not {len(filters)}", at)
    conditions = tuple(_condition(each, (*at, index)) for index, each in enumerate(filters))
    return None if not conditions else conditions[0] if len(conditions) == 1 else And(conditions)


def microseconds_of(value: JSONValue) -> int | None:
    """The time that a client means by ISO 8601 text or Unix milliseconds, in microseconds; None where it is none."""
    if isinstance(value, str):
        text = value.strip()
        number = number_of_text(text)
        if number is None:
            try:
                moment = datetime.fromisoformat(text.upper())
            except ValueError:
                return None
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            delta = moment - _EPOCH
            return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
        value = number
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        micros = round(Decimal(repr(value)) * 1000)
    except (ArithmeticError, ValueError):  # NaN, infinities
        return None
    return max(-_FARTHEST, min(micros, _FARTHEST))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FARTHEST = 1 << 62
_MEMBERS = ("field", "operator", "value", "type")


def _filter_of(value: JSONValue, at: Place) -> EventFilter:
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"A filter is an object with field, operator and value, not {_shown(value)}", at)
    for name in value:
        if name not in _MEMBERS:
            raise InvalidInputError(f"A filter has no {name!r}; it has {', '.join(_MEMBERS)}", (*at, str(name)))
    for name in ("field", "operator"):
        if not isinstance(value.get(name), str):
            raise InvalidInputError(f"A filter needs {name} as text, not {_shown(value.get(name))}", (*at, name))
    kind = value.get("type")
    return EventFilter(
        field=value["field"],
        operator=_member(EventFilterOperator, value["operator"], (*at, "operator")),
        value=value.get("value"),
        type=None if kind is None else _member(EventFilterType, kind, (*at, "type")),
    )


def _member(enum: type[E], word: Any, at: Place) -> E:
    try:
        return enum(word)
    except ValueError:
        known = ", ".join(repr(each.value) for each in enum)
        raise InvalidInputError(f"The {at[-1]} {_shown(word)} is none of {known}", at) from None


def _condition(given: EventFilter, at: Place) -> Expression:
    try:
        found = event_field(given.field)
        if given.value is not None and not isinstance(given.value, str | int | float):
            raise InvalidInputError(
                f"The value of a filter is text, a number, true, false or null, not {_shown(given.value)}",
                (*at, "value"),
            )
        check_constant(given.value, ())
    except QueryError as error:
        name = "value" if error.message.startswith("the number") else "field"
        raise InvalidInputError(f"{error.message[0].upper()}{error.message[1:]}", (*at, name)) from None
    if plain := _NEGATIONS.get(given.operator):
        # A missing field is different from every value, and contains none.
        return Not(Holds(_Condition(given, found, plain, at).expression()))
    return _Condition(given, found, given.operator, at).expression()


@dataclass(frozen=True, slots=True)
class _Condition:
    """A filter without its negation."""

    given: EventFilter
    found: Field
    operator: EventFilterOperator
    at: Place

    @property
    def field(self) -> GetField:
        return GetField(f"event.{self.given.field}")

    def expression(self) -> Expression:
        there = Convert(self.field, "exists")
        value = self.given.value
        if self.operator is EventFilterOperator.EXISTS:
            return there
        if value is None:
            if self.operator is EventFilterOperator.IS:
                return Not(there)
            raise self._refused("null has nothing to compare with; 'is', 'is not' and the two of 'exists' take it")
        match self.operator:
            case EventFilterOperator.IS:
                return self._equal()
            case EventFilterOperator.CONTAINS:
                return Contains(self.field, Constant(convert_literal(value, "string")))
            case EventFilterOperator.AFTER | EventFilterOperator.BEFORE:
                return self._ordered_in_time()
            case _:
                timed = self.found.type is FieldType.TIME or self.given.type is EventFilterType.DATETIME
                if timed:
                    return self._ordered_in_time()
                return Comparison(_ORDERS[self.operator], self.field, Constant(self._number()))

    def _equal(self) -> Expression:
        if self.found.type is FieldType.TIME:
            return self._compared_in_time("eq")
        match self.given.type or _type_of(self.given.value):
            case EventFilterType.NUMBER:
                return Comparison("eq", self.field, Constant(self._number()))
            case EventFilterType.BOOLEAN:
                return Comparison("eq", self.field, Constant(self._boolean()))
            case EventFilterType.DATETIME:
                return self._compared_in_time("eq")
            case EventFilterType.STRING:
                return self._same_text(str(convert_literal(self.given.value, "string")))

    def _same_text(self, text: str) -> Expression:
        same = Comparison("eq", Convert(self.field, "string"), Constant(text))
        if self.found.name == "session_id":
            # Of a call outside sessions its trace is the session: said so that indexes of both columns serve it.
            outside = And((_equals("session_id", None), _equals("trace_id", text)))
            return Or((_equals("session_id", text), outside))
        mirror = _MIRRORS.get(".".join(split_path(self.given.field)))
        return And((_equals(mirror, text), same)) if mirror is not None and _MIRRORED.fullmatch(text) else same

    def _ordered_in_time(self) -> Expression:
        return self._compared_in_time(_ORDERS[self.operator])

    def _compared_in_time(self, operator: Operator) -> Expression:
        micros = microseconds_of(self.given.value)
        if micros is None or isinstance(self.given.value, bool):
            raise self._refused("a time is ISO 8601 text or a number of Unix milliseconds")
        if self.found.type is FieldType.TIME:
            return Comparison(operator, self.field, Constant(_seconds(micros)))
        return Comparison(operator, Moment(self.field), Constant(_milliseconds(self.given.value, micros)))

    def _number(self) -> int | float:
        value = self.given.value
        if isinstance(value, str):
            number = number_of_text(value.strip())
            if number is not None:
                return number
        elif not isinstance(value, bool):
            return value  # type: ignore[no-any-return]  # check_constant leaves numbers
        raise self._refused("it is no number")

    def _boolean(self) -> bool:
        known: bool | None = convert_literal(
            self.given.value.strip().lower() if isinstance(self.given.value, str) else self.given.value, "bool"
        )
        if known is None:
            raise self._refused("it is neither true nor false")
        return known

    def _refused(self, why: str) -> InvalidInputError:
        as_type = f" as {self.given.type.value}" if self.given.type is not None else ""
        return InvalidInputError(
            f"{self.given.field!r} {self.given.operator.value} {_shown(self.given.value)}{as_type}: {why}",
            (*self.at, "value"),
        )


def _equals(path: str, value: str | None) -> Comparison:
    return Comparison("eq", GetField(path), Constant(value))


def _type_of(value: JSONValue) -> EventFilterType:
    match value:
        case bool():
            return EventFilterType.BOOLEAN
        case int() | float():
            return EventFilterType.NUMBER
        case _:
            return EventFilterType.STRING


def _seconds(micros: int) -> Any:
    """A time as the query language has it: ISO 8601, or a number where no calendar says it."""
    try:
        return (_EPOCH + timedelta(microseconds=micros)).isoformat()
    except OverflowError:
        return micros // 1_000_000


def _milliseconds(value: JSONValue, micros: int) -> int | float:
    """A number as it was given; a text to the millisecond, as texts are read that it is compared with."""
    number = number_of_text(value.strip()) if isinstance(value, str) else value
    return (micros + 500) // 1000 if number is None else number


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
