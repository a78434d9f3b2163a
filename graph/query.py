"""The query language as typed inputs, and its translation from and to the REST form, key for key.

``$and`` is ``and``, ``$getField`` is ``getField``, and so on. Where GraphQL cannot say what REST says, there is one
other form: a literal stands in an object of its own, since a member of a one-of input cannot be null, and the values
inside it are plain; the two arguments of ``$in`` have names, since a list cannot hold an operand and a list.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET

from db.json_text import JSONText, parse_json
from db.query.expression import MAX_DEPTH, Expression, QueryError, from_rest, to_rest
from graph.enums import described_enum
from graph.fields import column
from graph.scalars import JSON

__all__ = [
    "CastTo",
    "ContainsInput",
    "ConvertInput",
    "InInput",
    "LiteralInput",
    "OperandInput",
    "QueryExprInput",
    "SortByInput",
    "SortDirection",
    "from_variables",
    "to_variables",
]


class CastTo(Enum):
    DOUBLE = "double"
    STRING = "string"
    INT = "int"
    BOOL = "bool"
    EXISTS = "exists"


described_enum(
    CastTo,
    name="CastTo",
    description="What a value is converted to; null where it cannot be. Values may be added.",
    values={
        "DOUBLE": "A number: of a text that writes one, 1 and 0 of true and false.",
        "STRING": "Text: a number as it was sent, a list or object as compact JSON.",
        "INT": "A whole number of 64 bits: a fraction is cut off, a text must write a whole number.",
        "BOOL": "True or false: also of 1 and 0, and of texts that write one of these.",
        "EXISTS": "Whether there is a value that is not null.",
    },
)


class SortDirection(Enum):
    ASC = "asc"
    DESC = "desc"


described_enum(
    SortDirection,
    name="SortDirection",
    description="Which way to sort. Rows without a value come last both ways.",
    values={"ASC": "The smallest first.", "DESC": "The largest first."},
)


@strawberry.input(description="One key of an order.")
class SortByInput:
    """An entry of ``orderBy``."""

    field: str = column(
        "The field, named as in the graph (`startedAt`; snake case will do), or a dotted path into a JSON field: "
        "`inputs.model`. The argument `orderBy` says which there are."
    )
    direction: SortDirection = column("Which way to sort.", default=SortDirection.ASC)


@strawberry.input(description="A constant.")
class LiteralInput:
    """``$literal``, in an object of its own so that the value may be null."""

    value: JSON | None = column("Any JSON value, null too. Values inside a list or object are plain.")


@strawberry.input(description="A conversion. A value that cannot be converted gives null.")
class ConvertInput:
    """``$convert``."""

    input: "OperandInput" = column("What is converted.")
    to: CastTo = column("What it is converted to.")


@strawberry.input(description="Whether a value is one of several.")
class InInput:
    """``$in``; its two arguments have names here."""

    input: "OperandInput" = column("The value that is looked for.")
    values: list["OperandInput"] = column("What it may be equal to. None of an empty list.")


@strawberry.input(description="Whether a text has another one in it. No character has a special meaning.")
class ContainsInput:
    """``$contains``."""

    input: "OperandInput" = column("The text that is searched; another value is converted to text.")
    substr: "OperandInput" = column("The text that is sought.")
    case_insensitive: bool = column("Whether upper and lower case are the same.", default=False)


_BOTH = "Exactly two operands."
_RULES = (
    "A field that is a number is compared with numbers, one that is a time with ISO 8601 text or Unix seconds, an enum "
    "with its values in either case; any other constant is an error. At a JSON path types do not mix: beside a number "
    "(or true or false) the value there is converted to one, and is left out where it is none; beside a text nothing "
    "is "
    'converted, so that `"7"` never equals 7. '
)
_ORDER = (
    f"{_RULES}Numbers come before texts, and texts compare by code point. Null and what is missing are neither above "
    "nor below. "
)


@strawberry.input(
    one_of=True,
    description="An operation that is true or false for a row: exactly one of its members: "
    '`{eq: [{getField: "inputs.model"}, {literal: {value: "gpt-4o"}}]}`. The form of REST\'s `$expr`.',
)
class QueryExprInput:
    """What ``$expr`` holds."""

    and_: list["OperandInput"] | None = column(
        "All of these are true. At least one operand.", name="and", default=UNSET
    )
    or_: list["OperandInput"] | None = column("One of these is true. At least one operand.", name="or", default=UNSET)
    not_: list["OperandInput"] | None = column(
        "This is false. Exactly one operand. A comparison with a missing value is neither true nor false: `not` does "
        "not "
        "find it, either.",
        name="not",
        default=UNSET,
    )
    eq: list["OperandInput"] | None = column(
        f"The first equals the second; with a null literal: it is null or missing. {_RULES}{_BOTH}", default=UNSET
    )
    gt: list["OperandInput"] | None = column(
        'The first is greater than the second: `{gt: [{getField: "latencyMs"}, {literal: {value: 500}}]}`. '
        f"{_ORDER}{_BOTH}",
        default=UNSET,
    )
    lt: list["OperandInput"] | None = column(
        f"The first is less than the second, by the rules of `gt`. {_BOTH}", default=UNSET
    )
    gte: list["OperandInput"] | None = column(
        f"The first is at least the second, by the rules of `gt`. {_BOTH}", default=UNSET
    )
    lte: list["OperandInput"] | None = column(
        f"The first is at most the second, by the rules of `gt`. {_BOTH}", default=UNSET
    )
    in_: InInput | None = column("The first equals one of several, by the rules of `eq`.", name="in", default=UNSET)
    contains: ContainsInput | None = column("The first has the second in it.", default=UNSET)

    def to_expression(self) -> Expression:
        """The expression; raises ``QueryError``, with the path in terms of this input."""
        return from_variables(_plain(self, 0), typed=True)


@strawberry.input(
    one_of=True, description="A constant, a field, a conversion or an operation: exactly one of its members."
)
class OperandInput(QueryExprInput):
    """What operations work on."""

    literal: LiteralInput | None = column("A constant.", default=UNSET)
    get_field: str | None = column(
        "The value of a field, named as in the graph (`startedAt`; snake case will do), or at a dotted path into a "
        "JSON field: `inputs.messages.0.role`. A whole number is a position in a list, from 0 (`-1` is the last, "
        "where nothing is ordered by it), or a key; `\\.` is a dot inside a key. Keys of calls are `callId`, "
        "`traceId`, `parentId`, `sessionId`, `threadId`, `turnId`, `opName`, `opShortName` (or `op`), `displayName`, "
        "`name`, `kind`, `status`, `model`, `startedAt`, `endedAt`, `createdAt`, `latencyMs`, `inputTokens`, "
        "`outputTokens`, `totalTokens`, `exception`, `exceptionType`, `exceptionMessage`, `storageSizeBytes`, "
        "`wbUserId` (or `user`), `wbRunId`, `wbRunStep`, `wbRunStepEnd`, any path below `inputs`, `output`, "
        "`attributes` or `summary` (`inputs.x`, `attributes.env`; `Project.attributePaths` lists those that occur), "
        "and what feedback on them says: `feedback.[TYPE].payload.PATH`, such as "
        "`feedback.[wandb.runnable.judge].payload.output.score`, with `[*]` for any type; it is true where one piece "
        "of feedback fulfils it; `event.` before a field of `EventFilterInput` is the call as an event of HoneyHive, "
        "as `event.metadata.cost`. Keys of feedback are `feedbackId`, `targetRef`, `feedbackType`, `kind`, `creator`, "
        "`createdAt`, `wbUserId` (or `user`), `annotationRef`, `runnableRef`, `callRef`, `triggerRef`, `queueId`, "
        "`note`, `emoji`, `value`, `output`, and paths below `payload`, `value`, `output` and `details` "
        "(`payload.output.score`, `details.scorer_tags`). Keys of prices are the fields of `Price`, those of "
        "experiments what `Project.experiments` can be ordered by. In the rows of a "
        "table every path leads into the row's value.",
        default=UNSET,
    )
    convert: ConvertInput | None = column("The converted value.", default=UNSET)


def _plain(value: Any, depth: int) -> Any:
    """An input object as the variables that it came from."""
    if depth > 2 * MAX_DEPTH:  # operands and their lists
        raise QueryError(f"nested too deeply (limit {MAX_DEPTH})")
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, LiteralInput):
        return {"value": value.value}
    if isinstance(value, Enum):
        return value.name
    definition = getattr(value, "__strawberry_definition__", None)
    if definition is None:
        return value
    names = {field.python_name: field.graphql_name or _camel(field.python_name) for field in definition.fields}
    members = {name: getattr(value, python_name) for python_name, name in names.items()}
    return {name: _plain(member, depth + 1) for name, member in members.items() if member is not UNSET}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def to_variables(expression: Expression) -> dict[str, Any]:
    """``expression`` as the variable of a ``QueryExprInput`` or ``OperandInput``."""
    return _to_graphql(to_rest(expression))


def from_variables(variables: Mapping[str, Any], *, typed: bool = False) -> Expression:
    """The expression of such a variable; ``from_variables(to_variables(e)) == e``. Raises ``QueryError``."""
    try:
        return from_rest(_to_rest(variables), typed=typed)
    except QueryError as error:
        raise QueryError(error.message, tuple(_graphql_path(error.path))) from error


def _to_graphql(operand: dict[str, Any]) -> dict[str, Any]:
    ((operator, argument),) = operand.items()
    name = operator.removeprefix("$")
    match operator:
        case "$literal":
            return {name: {"value": _unwrapped(argument)}}
        case "$getField":
            return {name: argument}
        case "$convert":
            return {name: {"input": _to_graphql(argument["input"]), "to": CastTo(argument["to"]).name}}
        case "$in":
            return {name: {"input": _to_graphql(argument[0]), "values": [_to_graphql(item) for item in argument[1]]}}
        case "$contains":
            texts = {"input": _to_graphql(argument["input"]), "substr": _to_graphql(argument["substr"])}
            return {name: {**texts, "caseInsensitive": argument["case_insensitive"]}}
        case _:
            return {name: [_to_graphql(item) for item in argument]}


def _to_rest(operand: Any) -> Any:
    """The REST form of an operand; what is not well formed is handed on for ``from_rest`` to refuse."""
    if not isinstance(operand, Mapping) or len(operand) != 1:
        return operand
    ((name, argument),) = operand.items()
    key = f"${name}"
    match name, argument:
        case "literal", {"value": value}:
            return {key: _wrapped(parse_json(value) if isinstance(value, JSONText) else value)}
        case "convert", {"input": converted, "to": to}:
            return {key: {"input": _to_rest(converted), "to": CastTo[to].value if to in CastTo.__members__ else to}}
        case "in", {"input": sought, "values": values}:
            return {key: [_to_rest(sought), [_to_rest(value) for value in values]]}
        case "contains", {"input": searched, "substr": sought, **options}:
            folded = options.get("caseInsensitive", False)
            return {key: {"input": _to_rest(searched), "substr": _to_rest(sought), "case_insensitive": folded}}
        case _, list():
            return {key: [_to_rest(item) for item in argument]}
        case _:
            return {key: argument}


def _wrapped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: {"$literal": _wrapped(item)} for key, item in value.items()}
    if isinstance(value, list):
        return [{"$literal": _wrapped(item)} for item in value]
    return value


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unwrapped(item["$literal"]) for key, item in value.items()}
    if isinstance(value, list):
        return [_unwrapped(item["$literal"]) for item in value]
    return value


def _graphql_path(path: list[str | int]) -> list[str | int]:
    """A path into the REST form as the path into the input."""
    found: list[str | int] = []
    for position, part in enumerate(path):
        before = path[position - 1] if position else None
        if before == "$in" and isinstance(part, int):
            found.append(("input", "values")[part])
        elif part == "$literal":
            found += ["literal", "value"] if "literal" not in found[-2:] else []
        elif part == "case_insensitive":
            found.append("caseInsensitive")
        else:
            found.append(part.removeprefix("$") if isinstance(part, str) else part)
    return found
