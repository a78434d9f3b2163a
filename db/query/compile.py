"""Expressions as conditions in SQL.

A condition is true, false or unknown (null). Only where a row is selected if the condition is true, unknown is as good
as false, and the condition is written in the shorter form that an index can serve; below ``$not`` and comparisons it is
*strict*: unknown must be told from false there. ``$not`` is moved inwards, and what is nested deepest is written
first: SQLite's parser holds about a hundred open symbols, and an operand that stands first keeps fewest of them open.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, true
from sqlalchemy.sql.elements import False_, True_

from db.query.checks import checked
from db.query.constants import compare_constants
from db.query.expression import (
    And,
    Comparison,
    Constant,
    Contains,
    Convert,
    Expression,
    GetField,
    Holds,
    In,
    Moment,
    Not,
    Operator,
    Or,
    Path,
    QueryError,
)
from db.query.fields import Fields
from db.query.raw_text import may_contain, may_equal
from db.query.search import contains, contains_constant, escaped_forms, spans_tokens
from db.query.structure import balanced, equals_constant, negated
from db.query.templates import apply
from db.query.values import (
    MAX_SIZE,
    Kind,
    Literal,
    Operand,
    Value,
    bind,
    bind_time,
    constant,
    convert,
    convert_literal,
    exists,
    field_value,
    literal_kind,
    related_of,
    strictly,
    time_literal,
    to_boolean,
    to_milliseconds,
    to_number,
    to_text,
    unknown,
)

__all__ = ["compile_query"]

_COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "lt": operator.lt,
    "gte": operator.ge,
    "lte": operator.le,
}
_MIRRORED: dict[Operator, Operator] = {"eq": "eq", "gt": "lt", "lt": "gt", "gte": "lte", "lte": "gte"}
_REPEATED = 3
"""How often a comparison of operands of different kinds repeats each of them."""


def compile_query(expression: Expression, fields: Fields, at: Path = ("$expr",)) -> ColumnElement[bool]:
    """The condition that selects the rows for which ``expression`` is true.

    ``at`` is where the expression stands in the request. Raises ``QueryError`` for unknown fields and for constants
    that cannot be compared with their field.
    """
    return _Compiler(fields).truth(expression, at, strict=False).sql


def _condition(sql: ColumnElement[bool], *operands: Operand) -> Value:
    return Value(Kind.BOOLEAN, sql, size=1 + sum(operand.size for operand in operands if isinstance(operand, Value)))


class _Compiler:
    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def truth(self, expression: Expression, at: Path, *, strict: bool) -> Value:
        """``expression`` as a condition; operands that are no operations count as their conversion to a boolean."""
        match expression:
            case And(operands):
                return self._joined(and_, operands, (*at, "$and"), strict=strict)
            case Or(operands):
                return self._joined(or_, operands, (*at, "$or"), strict=strict)
            case Not(operand):
                return self._negated(operand, (*at, "$not", 0), strict=strict)
            case Holds(operand):
                condition = self.truth(operand, at, strict=False)
                return _condition(func.coalesce(condition.sql, false()), condition)
            case Comparison(name, left, right):
                at = (*at, f"${name}")
                compiled = self.operand(left, (*at, 0)), self.operand(right, (*at, 1))
                return self._compared(name, *compiled, at, strict=strict)
            case In(operand, choices):
                at = (*at, "$in")
                compiled_choices = [self.operand(choice, (*at, 1, index)) for index, choice in enumerate(choices)]
                return self._in(self.operand(operand, (*at, 0)), compiled_choices, at, strict=strict)
            case Contains(operand, substring, folded):
                at = (*at, "$contains")
                sought = self.operand(substring, (*at, "substr"))
                return self._contains(self.operand(operand, (*at, "input")), sought, at, folded=folded, strict=strict)
            case _:
                value = self.operand(expression, at)
                if isinstance(value, Literal):
                    return _condition(constant(convert_literal(value.value, "bool")))
                return self._scoped(to_boolean(value), [value], strict=strict)

    def operand(self, expression: Expression, at: Path) -> Operand:
        match expression:
            case Constant(value):
                return Literal(value)
            case GetField(path, typed):
                return field_value(self._fields.resolve(path, (*at, "$getField")), path if typed else "")
            case Convert(operand, to):
                value = self.operand(operand, (*at, "$convert", "input"))
                if isinstance(value, Literal):
                    return Literal(convert_literal(value.value, to))
                if to == "exists" and value.related:
                    return _condition(_any(value.related, exists(value)), value)
                return convert(value, to)
            case Moment(operand):
                moment = self.operand(operand, at)
                assert isinstance(moment, Value), "the moment of a constant is computed where it is read"
                return to_milliseconds(moment)
            case _:
                condition = self.truth(expression, at, strict=True)
                if isinstance(condition.sql, True_ | False_):  # SQLAlchemy lets these be compared by = only
                    return _condition(bind(isinstance(condition.sql, True_)))
                return condition

    def _joined(self, join: Any, operands: Sequence[Expression], at: Path, *, strict: bool) -> Value:
        placed = sorted(enumerate(operands), key=lambda item: -_depth(item[1]))
        conditions = [self.truth(operand, (*at, index), strict=strict) for index, operand in placed]
        return _condition(balanced(join, [condition.sql for condition in conditions]), *conditions)

    def _negated(self, operand: Expression, at: Path, *, strict: bool) -> Value:
        match operand:
            case Not(inner):
                return self.truth(inner, (*at, "$not", 0), strict=strict)
            case And(operands):
                return self._joined(or_, [Not(item) for item in operands], (*at, "$and"), strict=strict)
            case Or(operands):
                return self._joined(and_, [Not(item) for item in operands], (*at, "$or"), strict=strict)
            case _:
                condition = self.truth(operand, at, strict=True)
                return _condition(negated(condition.sql), condition)

    def _compared(self, name: Operator, left: Operand, right: Operand, at: Path, *, strict: bool) -> Value:
        if isinstance(left, Literal) and isinstance(right, Literal):
            return _condition(constant(compare_constants(name, left.value, right.value)))
        if isinstance(left, Literal) or (isinstance(right, Value) and right.size > left.size):
            left, right, name = right, left, _MIRRORED[name]
        assert isinstance(left, Value)
        if isinstance(right, Value):
            return self._compared_values(name, left, right, at, strict=strict)
        right = Literal(checked(left, name, right.value, at))
        if right.value is None:
            missing = negated(_any(left.related, exists(left)))
            return _condition(missing if name == "eq" else unknown(), left)
        condition = self._compared_constant(name, left, right.value, at, strict=strict)
        if not strict and left.keys is not None:
            condition = _found(left.keys.compared(name, right.value), condition)
        elif not strict and name == "eq" and isinstance(right.value, str):
            condition = _found(may_equal(left.sql, [right.value]), condition)
        return self._scoped(condition, [left], strict=strict)

    def _compared_constant(
        self, name: Operator, value: Value, known: Any, at: Path, *, strict: bool
    ) -> ColumnElement[bool]:
        compare = _COMPARE[name]
        if value.kind is Kind.TIME:
            return compare(value.sql, bind_time(time_literal(known, value.name, at)))  # type: ignore[no-any-return]
        match literal_kind(known):
            case Kind.NUMBER:
                return compare(to_number(value), bind(known))  # type: ignore[no-any-return]
            case Kind.BOOLEAN:
                return compare(to_boolean(value), bind(known))  # type: ignore[no-any-return]
            case Kind.TEXT if value.kind is Kind.TEXT:
                return _same_kind(name, Kind.TEXT, value.sql, bind(known))
            case Kind.TEXT:
                known_text = Value(Kind.TEXT, bind(known))
                return self._mixed(name, value, known_text, exists(value), strict=strict)
            case _ if name == "eq":
                return _told(equals_constant(value, known), exists(value), strict=strict)
            case _:
                return unknown()

    def _compared_values(self, name: Operator, left: Value, right: Value, at: Path, *, strict: bool) -> Value:
        if left.kind is right.kind and left.kind is not Kind.JSON:
            condition = _same_kind(name, left.kind, left.sql, right.sql)
        else:
            if (left.size + right.size) * _REPEATED > MAX_SIZE:
                raise QueryError("comparisons of computed values are nested too deeply", at)
            there = and_(exists(left), exists(right))
            condition = self._mixed(name, left, right, there, strict=strict)
        compared = self._scoped(condition, [left, right], strict=strict)
        return Value(Kind.BOOLEAN, compared.sql, size=compared.size * _REPEATED)

    def _mixed(
        self, name: Operator, left: Value, right: Value, there: ColumnElement[bool], *, strict: bool
    ) -> ColumnElement[bool]:
        """Values of which at least one is JSON, or which are of different kinds: as they are, nothing is converted.
        ``there`` says that neither is null."""
        kinds = [Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN] + [Kind.JSON] * (name == "eq")
        pairs = [(kind, strictly(left, kind), strictly(right, kind)) for kind in kinds]
        same = [_same_kind(name, kind, a, b) for kind, a, b in pairs if a is not None and b is not None]
        if name == "eq":
            return _told(or_(false(), *same), there, strict=strict)
        # Numbers come before texts, as they do in sorts.
        if Kind.TIME not in {left.kind, right.kind}:
            for before, after, answer in ((left, right, name in {"lt", "lte"}), (right, left, name in {"gt", "gte"})):
                number, text = strictly(before, Kind.NUMBER), strictly(after, Kind.TEXT)
                if number is not None and text is not None:
                    same.append(case((and_(number.is_not(None), text.is_not(None)), constant(answer))))
        return func.coalesce(*same, unknown()) if same else unknown()

    def _in(self, operand: Operand, choices: list[Operand], at: Path, *, strict: bool) -> Value:
        known = [choice.value for choice in choices if isinstance(choice, Literal)]
        terms: list[Value] = []
        if isinstance(operand, Literal):
            truths = [compare_constants("eq", operand.value, value) for value in known]
            terms.append(_condition(constant(True if True in truths else None if None in truths else False)))
        elif known:
            known = [checked(operand, "eq", value, (*at, 1)) for value in known]
            if None in known:
                terms.append(_condition(negated(_any(operand.related, exists(operand)))))
            if rest := [value for value in known if value is not None]:
                condition = self._in_constants(operand, rest, at, strict=strict)
                if not strict and operand.keys is not None:
                    condition = _found(operand.keys.one_of(rest), condition)
                elif not strict and all(isinstance(item, str) for item in rest):
                    condition = _found(may_equal(operand.sql, rest), condition)
                terms.append(self._scoped(condition, [operand], strict=strict))
        terms += [
            self._compared("eq", operand, choice, (*at, 1), strict=strict)
            for choice in choices
            if isinstance(choice, Value)
        ]
        return _condition(balanced(or_, [term.sql for term in terms]) if terms else false(), *terms)

    def _in_constants(self, value: Value, known: list[Any], at: Path, *, strict: bool) -> ColumnElement[bool]:
        if value.kind is Kind.TIME:
            return value.sql.in_([time_literal(item, value.name, (*at, 1)) for item in known])
        kinds = {literal_kind(item) for item in known}
        if kinds == {Kind.NUMBER}:
            return _one_of(to_number(value), known)
        if kinds == {Kind.BOOLEAN}:
            return _one_of(to_boolean(value), known)
        if kinds == {Kind.TEXT} and value.kind is Kind.TEXT:
            return _one_of(value.sql, known)
        terms = [
            _one_of(own, [item for item in known if literal_kind(item) is kind])
            for kind in (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN)
            if kind in kinds and (own := strictly(value, kind)) is not None
        ]
        terms += [equals_constant(value, item) for item in known if literal_kind(item) is Kind.JSON]
        return _told(balanced(or_, terms) if terms else false(), exists(value), strict=strict)

    def _contains(self, operand: Operand, sought: Operand, at: Path, *, folded: bool, strict: bool) -> Value:
        if isinstance(operand, Literal):
            known = convert_literal(operand.value, "string")
            if known is None:
                return _condition(unknown())
            operand = Value(Kind.TEXT, bind(known))
        text = to_text(operand)
        if isinstance(sought, Value):
            condition = contains(text, to_text(sought), folded=folded)
            return self._scoped(condition, [operand, sought], strict=strict)
        substring = convert_literal(sought.value, "string")
        if substring is None:
            return _condition(unknown())
        forms = escaped_forms(substring) if operand.kind is Kind.JSON else []
        if operand.kind is Kind.JSON and not any(map(spans_tokens, (substring, *forms))):
            text = apply("json_to_sent_text", operand.sql)
        condition = contains_constant(text, substring, at, folded=folded)
        if forms:
            # In a list or object the texts stand as JSON writes them.
            nested = apply("json_kind", operand.sql).in_(["array", "object"])
            written = [contains_constant(text, form, at, folded=folded) for form in forms]
            condition = or_(condition, and_(nested, or_(*written)))
        if not strict and not folded:
            condition = _found(may_contain(operand.sql, substring), condition)
        return self._scoped(condition, [operand], strict=strict)

    def _scoped(self, condition: ColumnElement[bool], values: Sequence[Value], *, strict: bool) -> Value:
        """The condition, or where it is about related rows: that it holds for one of them."""
        if related := related_of(values):
            there = _any(related, and_(*(exists(value) for value in values)))
            condition = _told(_any(related, condition), there, strict=strict)
        return _condition(condition, *values)


def _any(related: Sequence[Any], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    for rows in related:
        condition = rows.any(condition)
    return condition


def _found(roughly: ColumnElement[bool] | None, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition, behind one that holds wherever it does and takes less time."""
    return condition if roughly is None else and_(roughly, condition)


def _told(condition: ColumnElement[bool], there: ColumnElement[bool], *, strict: bool) -> ColumnElement[bool]:
    """``condition`` where it is true, else false if the values are ``there``, else unknown."""
    return case((condition, true()), (there, false()), else_=unknown()) if strict else condition


def _same_kind(name: Operator, kind: Kind, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    if kind is Kind.TEXT and name != "eq":
        left, right = apply("ordered", left), apply("ordered", right)
    return _COMPARE[name](left, right)  # type: ignore[no-any-return]


def _one_of(own: ColumnElement[Any], known: list[Any]) -> ColumnElement[bool]:
    return own.in_([bind(item) for item in known])


def _depth(expression: Expression) -> int:
    match expression:
        case And(operands) | Or(operands):
            return 1 + max(map(_depth, operands))
        case Convert(operand, _) | Not(operand) | Holds(operand) | Moment(operand):
            return 1 + _depth(operand)
        case Comparison(_, left, right):
            return 1 + max(_depth(left), _depth(right))
        case In(operand, choices):
            return 1 + max(map(_depth, (operand, *choices)))
        case Contains(operand, substring, _):
            return 1 + max(_depth(operand), _depth(substring))
        case _:
            return 0
