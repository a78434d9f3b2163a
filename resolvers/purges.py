"""Which purges are taken: those that say what is to go."""

from db.query.expression import And, Comparison, Constant, Contains, Convert, Expression, GetField, In, Not, Or
from resolvers.errors import InvalidInputError

__all__ = ["check_purge"]

_PROJECT = {"project_id", "projectId", "project_slug", "projectSlug"}


def check_purge(expression: Expression, fields: str) -> None:
    """Raise InvalidInputError, which proposes ``fields``, unless a field decides what ``expression`` selects.

    A purge cannot be taken back, and one slip in a query (comparing two literals, a field with itself) would make it
    select all. Whatever really narrows by a field is taken, however much that selects.
    """
    if not _decides(expression, selects=True):
        raise InvalidInputError(
            f"Refusing to purge: the query would select everything. Compare a field such as {fields} with a value, "
            "in each operand of an $or and in at least one of an $and",
            ["query"],
        )


def _decides(expression: Expression, *, selects: bool) -> bool:
    """Whether a field decides that ``expression`` is true (``selects``) or that it is false (below a ``$not``)."""
    match expression:
        case And(operands) | Or(operands):
            # A conjunction is narrowed by any of its operands; so is, by De Morgan, a negated disjunction.
            narrowed_by_one = isinstance(expression, And) == selects
            decided = [_decides(operand, selects=selects) for operand in operands]
            return any(decided) if narrowed_by_one else bool(decided) and all(decided)
        case Not(operand):
            return _decides(operand, selects=not selects)
        case Comparison(_, left, right):
            return left != right and (_reads_field(left) or _reads_field(right))
        case In(operand, choices):
            if not selects and not choices:  # "in none of no values"
                return False
            return operand not in choices and (_reads_field(operand) or any(map(_reads_field, choices)))
        case Contains(operand, substring, _):
            return substring not in (Constant(""), operand) and (_reads_field(operand) or _reads_field(substring))
        case _:
            return False


def _reads_field(expression: Expression) -> bool:
    match expression:
        case GetField(path):
            return path not in _PROJECT  # the same in all that a purge can reach
        case Convert(operand, _) | Not(operand):
            return _reads_field(operand)
        case Constant():
            return False
        case _:
            return _decides(expression, selects=True) or _decides(expression, selects=False)
