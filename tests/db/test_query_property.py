"""The compiled language against a plain evaluator, written from docs/query-language.md, on queries made at random."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from db.json_text import query_form
from db.query.expression import QueryError
from db.query.order import compile_order
from db.text import decode_text, encode_text
from tests.examples import examples

Sample = Any  # tests/db/conftest.py

# ---- the evaluator: values as tuples (kind, value); None is null or missing, and unknown for a truth value

TIMES = {"started_at", "ended_at"}
TEXTS = {"id", "op_name", "exception"}


class Document:
    """A JSON column: the value as databases see it, and how its parts are written."""

    def __init__(self, text: str, *, ascii_only: bool) -> None:
        form = query_form(text)
        self.value = json.loads(form or text)
        self._suspicious, self._ascii_only = form is not None, ascii_only

    def write(self, value: Any) -> str:
        if self._suspicious:
            return orjson.dumps(value).decode()
        return json.dumps(value, ensure_ascii=self._ascii_only, separators=(",", ":"))

    def at(self, parts: list[str]) -> Any:
        value = self.value
        for part in parts:
            if isinstance(value, dict):
                value = value.get(encode_text(part))
            elif isinstance(value, list) and re.fullmatch(r"0|[1-9]\d*", part) and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value


def number(value: Any) -> float:
    """An integer of 64 bits, or else a double."""
    found: float = value
    if isinstance(found, int) and not -(2**63) <= found < 2**63:
        return float(found)
    return found


def kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {int: "number", float: "number", str: "text"}.get(type(value), "nested")


class Operand:
    """A value with what its conversions need: is it a literal, a time, and how JSON writes it."""

    def __init__(
        self, value: Any, *, literal: bool = False, time: bool = False, document: Document | None = None
    ) -> None:
        self.value, self.literal, self.time, self.document = value, literal, time, document
        self.kind = None if value is None else "time" if time else kind_of(value)

    def to_number(self) -> float | None:
        match self.kind:
            case "number":
                return number(self.value)
            case "boolean":
                return int(self.value)
            case "time":
                return float(self.value / 1_000_000)
            case "text" if len(self.value) <= 64 and re.fullmatch(
                r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", self.value
            ):
                found = number(int(self.value)) if re.fullmatch(r"-?[0-9]+", self.value) else float(self.value)
                return None if abs(found) == float("inf") else found
            case _:
                return None

    def to_integer(self) -> int | None:
        if self.kind == "text" and not re.fullmatch(r"-?(0|[1-9][0-9]*)", self.value):
            return None
        found = self.to_number()
        return int(found) if found is not None and -(2**63) <= found < 2**63 else None

    def to_boolean(self) -> bool | None:
        if self.kind in {"time", "nested"}:
            return None
        known = {"true": True, "1": True, "false": False, "0": False}
        return known.get(self.value) if self.kind == "text" else {1: True, 0: False}.get(self.value)

    def to_text(self) -> str | None:
        match self.kind:
            case None | "text":
                return self.value  # type: ignore[no-any-return]
            case "boolean":
                return "true" if self.value else "false"
            case "time":
                moment = datetime.fromtimestamp(self.value // 1_000_000, UTC)
                return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{self.value % 1_000_000:06}Z"
            case _ if self.document is not None:
                return self.document.write(self.value)
            case "number":
                whole = isinstance(self.value, int) or (self.value.is_integer() and abs(self.value) < 2**63)
                return str(int(self.value)) if whole else repr(self.value)
            case _:
                return json.dumps(self.value, ensure_ascii=False, separators=(",", ":"))


def same(a: Any, b: Any) -> bool:
    if kind_of(a) != kind_of(b):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if kind_of(a) == "number":
        return number(a) == number(b)
    return type(a) is type(b) and bool(a == b)


def literal_time(value: str | float) -> int:
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return round((moment.replace(tzinfo=moment.tzinfo or UTC)).timestamp() * 1_000_000)
    return round(value * 1_000_000)


def ordered(name: str, a: Any, b: Any) -> bool:
    return bool({"eq": a == b, "gt": a > b, "lt": a < b, "gte": a >= b, "lte": a <= b}[name])


MIRRORED = {"eq": "eq", "gt": "lt", "lt": "gt", "gte": "lte", "lte": "gte"}


def as_it_is(name: str, a: Operand, b: Operand) -> bool | None:
    """Nothing is converted, but for a time, which is a number beside a number and a text beside a text."""
    if a.time and not b.time:
        return as_it_is(MIRRORED[name], b, a)
    if b.time and not a.time:
        b = Operand(b.to_text() if a.kind == "text" else b.to_number())
        if a.kind not in {"text", "number"}:
            return False if name == "eq" else None
    if name == "eq":
        return same(a.value, b.value)
    if {a.kind, b.kind} == {"number", "text"}:
        return ordered(name, a.kind == "text", b.kind == "text")
    if a.kind != b.kind or a.kind == "nested":
        return None
    if a.kind == "number":
        return ordered(name, number(a.value), number(b.value))
    return ordered(name, a.value, b.value)


def compare(name: str, a: Operand, b: Operand) -> bool | None:
    if (a.literal and a.value is None) or (b.literal and b.value is None):
        return (a.value is None and b.value is None) if name == "eq" else None
    if a.literal and not b.literal:
        return compare(MIRRORED[name], b, a)
    if a.value is None or b.value is None:
        return None
    if not b.literal or a.literal:
        return as_it_is(name, a, b)
    if a.time:
        return ordered(name, a.value, literal_time(b.value))
    if b.kind == "number":
        found = a.to_number()
        return None if found is None else ordered(name, found, number(b.value))
    if b.kind == "boolean":
        truth = a.to_boolean()
        return None if truth is None else ordered(name, truth, b.value)
    return as_it_is(name, a, b)


def cases(character: str) -> set[str]:
    return {c for c in (character, character.lower(), character.upper(), character.title()) if len(c) == 1}


def ascii_lower(text: str) -> str:
    return re.sub("[A-Z]", lambda m: m[0].lower(), text)


def holds(text: str, sought: str, *, folded: bool, known: bool) -> bool:
    if not folded:
        return sought in text
    if sought.isascii() or not known:
        return ascii_lower(sought) in ascii_lower(text)
    width = len(sought)
    return any(all(text[start + i] in cases(sought[i]) for i in range(width)) for start in range(len(text) - width + 1))


def conjunction(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def negation(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


class Evaluator:
    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    def operand(self, expression: dict[str, Any]) -> Operand:
        ((operator, argument),) = expression.items()
        match operator:
            case "$literal":
                return Operand(stored(unwrap(argument)), literal=True)
            case "$getField":
                return self.field(argument)
            case "$convert":
                return self.convert(self.operand(argument["input"]), argument["to"])
            case _:
                return Operand(self.truth(expression))

    def field(self, path: str) -> Operand:
        first, *parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path)]
        value = self.row.get(first)
        if isinstance(value, Document):
            return Operand(value.at(parts), document=value)
        return Operand(encode_text(value) if isinstance(value, str) else value, time=first in TIMES)

    def convert(self, operand: Operand, to: str) -> Operand:
        match to:
            case "exists":
                return Operand(operand.value is not None, literal=operand.literal)
            case "double":
                found = operand.to_number()
                return Operand(None if found is None else float(found), literal=operand.literal)
            case "int":
                return Operand(operand.to_integer(), literal=operand.literal)
            case "string":
                return Operand(operand.to_text(), literal=operand.literal)
            case _:
                return Operand(operand.to_boolean(), literal=operand.literal)

    def truth(self, expression: dict[str, Any]) -> bool | None:
        ((operator, argument),) = expression.items()
        match operator:
            case "$and":
                return conjunction([self.truth(item) for item in argument])
            case "$or":
                return negation(conjunction([negation(self.truth(item)) for item in argument]))
            case "$not":
                return negation(self.truth(argument[0]))
            case "$in":
                return self.isin(self.operand(argument[0]), [self.operand(item) for item in argument[1]])
            case "$contains":
                return self.contains(argument)
            case "$literal" | "$getField" | "$convert":
                return self.operand(expression).to_boolean()
            case _:
                return compare(operator[1:], *(self.operand(item) for item in argument))

    def isin(self, operand: Operand, choices: list[Operand]) -> bool | None:
        known = [choice for choice in choices if choice.literal and choice.value is not None]
        alike = len({choice.kind for choice in known}) == 1 and known[0].kind in {"number", "boolean"}
        truths = []
        for choice in choices:
            if not choice.literal or choice.value is None or alike or operand.time or operand.literal:
                truths.append(compare("eq", operand, choice))
            else:
                truths.append(None if operand.value is None else as_it_is("eq", operand, choice))
        return negation(conjunction([negation(truth) for truth in truths]))

    def contains(self, argument: dict[str, Any]) -> bool | None:
        operand, sought = self.operand(argument["input"]), self.operand(argument["substr"])
        folded = argument.get("case_insensitive", False)
        text, substring = operand.to_text(), sought.to_text()
        if text is None or substring is None:
            return None
        forms = [substring]
        if operand.kind == "nested" and operand.document is not None and sought.literal:
            forms += [
                encode_text(json.dumps(decode_text(substring), ensure_ascii=ascii_only)[1:-1])
                for ascii_only in (True, False)
            ]
        return any(holds(text, form, folded=folded, known=sought.literal) for form in forms)


def unwrap(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: unwrap(item["$literal"]) for key, item in value.items()}
    if isinstance(value, list):
        return [unwrap(item["$literal"]) for item in value]
    return value


def stored(value: Any) -> Any:
    if isinstance(value, str):
        return encode_text(value)
    if isinstance(value, dict):
        return {encode_text(key): stored(item) for key, item in value.items()}
    return [stored(item) for item in value] if isinstance(value, list) else value


# ---- queries and rows at random

TEXT = st.one_of(
    st.sampled_from(
        ["", "1", "0", "7", "7.5", "-0", "true", "false", "1e3", "a", "A", "é", "É", "ß", "a'b", 'say "hi"', "50%", "_",
         "*[x]?", "a\x00b", "\ud800", "😀", "é\\n\n", "2026-01-01T00:00:00.000000Z", "null"]
    ),
    st.text("aAéÉ%_*[]\"'\\ .1\x00", max_size=4),
)  # fmt: skip
NUMBER = st.one_of(
    st.sampled_from([0, 1, -1, 7, -0.0, 1.0, 7.5, 0.1, 2**53, 2**53 + 1, float(2**53), 2**63 - 1, -(2**63), 2**63,
                     2**64 - 1, 1e300]),
    st.integers(-100, 100),
    st.integers(-800, 800).map(lambda n: n / 8),
)  # fmt: skip
# Few of these, so that rows and queries often hold the same.
COMMON = st.sampled_from([None, True, False, 0, 1, 7, 7.5, "7", "a", "é", "true", ""])
SCALAR = st.one_of(COMMON, COMMON, NUMBER, TEXT)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab01"), inner, max_size=3),
    max_leaves=5,
)
HOSTILE = {"k.d": "k\\.d", 'q"é': 'q"é', "%s": "%s", "": "", "\\": "\\"}
PATHS = ["v", "w", "l.0", "l.1.a", "o.0", "o.a", *HOSTILE.values()]
# Under a key that SQLite's paths cannot say, a fraction may be written in other digits (docs/query-language.md).
INPUTS = st.fixed_dictionaries(
    {},
    optional={
        "v": VALUE, "w": VALUE, "l": st.lists(VALUE, max_size=3),
        "o": st.dictionaries(st.sampled_from("ab01"), VALUE, max_size=3),
        **dict.fromkeys(HOSTILE, st.none() | st.booleans() | st.integers(-9, 9) | TEXT),
    },
)  # fmt: skip
TIME = st.sampled_from([0, 1_767_225_600_000_000, 1_767_225_600_500_000, -1_500_000])
ROW = st.fixed_dictionaries(
    {
        "started_at": TIME,
        "ended_at": st.none() | TIME,
        "op_name": st.none() | TEXT,
        "step": st.none() | st.integers(-9, 9),
        "inputs": st.none() | st.tuples(INPUTS, st.booleans(), st.booleans()),
    }
)

FIELD = st.sampled_from([*(f"inputs.{path}" for path in PATHS), "op_name", "step", "started_at", "ended_at"]).map(
    lambda path: {"$getField": path}
)


def wrap(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"$literal": {key: wrap(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"$literal": [wrap(item) for item in value]}
    return {"$literal": value}


TIME_LITERAL = st.sampled_from([0, 1_767_225_600, 1_767_225_600.5, "2026-01-01", "2026-01-01T01:00:00.5+01:00"]).map(
    wrap
)
LITERAL = st.one_of(SCALAR.map(wrap), VALUE.map(wrap), TIME_LITERAL)
COMPARISON = st.sampled_from(["$eq", "$gt", "$lt", "$gte", "$lte"])


def operations(operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    spec = {"input": operand, "substr": LITERAL | operand}
    return st.one_of(
        st.tuples(COMPARISON, st.tuples(operand, LITERAL | operand).map(list)).map(lambda pair: {pair[0]: pair[1]}),
        st.tuples(COMPARISON, st.tuples(LITERAL, operand).map(list)).map(lambda pair: {pair[0]: pair[1]}),
        st.tuples(st.sampled_from(["$and", "$or"]), st.lists(operand, min_size=1, max_size=3)).map(
            lambda p: {p[0]: p[1]}
        ),
        operand.map(lambda inner: {"$not": [inner]}),
        st.tuples(operand, st.lists(LITERAL | operand, max_size=4)).map(lambda pair: {"$in": list(pair)}),
        st.fixed_dictionaries(spec, optional={"case_insensitive": st.booleans()}).map(lambda spec: {"$contains": spec}),
    )


def conversions(operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    kinds = st.sampled_from(["double", "string", "int", "bool", "exists"])
    return st.fixed_dictionaries({"input": operand, "to": kinds}).map(lambda spec: {"$convert": spec})


OPERAND = st.recursive(FIELD | LITERAL, lambda inner: operations(inner) | conversions(inner), max_leaves=6)
QUERY = operations(FIELD | OPERAND)


def written(row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row for the table, and for the evaluator."""
    if row["inputs"] is None:
        return row, row
    value, ascii_only, spaced = row["inputs"]
    try:
        text = json.dumps(value, ensure_ascii=ascii_only, separators=(", ", ": ") if spaced else (",", ":"))
        text.encode()
    except UnicodeEncodeError:
        ascii_only = True
        text = json.dumps(value)
    return {**row, "inputs": text}, {**row, "inputs": Document(text, ascii_only=ascii_only)}


@settings(max_examples=examples(300), deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=6), queries=st.lists(QUERY, min_size=1, max_size=4))
def test_both_databases_and_the_evaluator_agree(
    sample: Sample, rows: list[dict[str, Any]], queries: list[dict[str, Any]]
) -> None:
    pairs = {f"row{index}": written(row) for index, row in enumerate(rows)}
    sample.fill({"id": key, **row} for key, (row, _) in pairs.items())
    for query in queries:
        try:
            selected = sample.select(query)
        except QueryError as error:
            if not re.search("is compared with|nested too deeply", error.message):
                raise
            reject()
        expected = [key for key, (_, row) in pairs.items() if Evaluator(row).truth(query) is True]
        assert selected == expected, query


DIRECTION = st.sampled_from(["asc", "desc"])
SORT = st.tuples(
    st.sampled_from(["inputs.v", "inputs.l.0", "inputs.o.a", "op_name", "step", "ended_at", "started_at"]), DIRECTION
)


@settings(max_examples=examples(100), deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8), sorts=st.lists(SORT, max_size=3, unique_by=lambda sort: sort[0]))
def test_orders_and_their_pages_agree_with_a_plain_sort(
    sample: Sample, rows: list[dict[str, Any]], sorts: list[tuple[str, Any]]
) -> None:
    pairs = {f"row{index}": written(row) for index, row in enumerate(rows)}
    sample.fill({"id": key, **row} for key, (row, _) in pairs.items())
    expected = sorted(pairs)
    if sorts and sorts[-1][1] == "desc":
        expected.reverse()
    for path, direction in reversed(sorts):
        expected = sort_by(expected, path, direction == "desc", {key: row for key, (_, row) in pairs.items()})
    assert sample.sort(*sorts) == expected
    for engine in sample.engines.values():
        order = compile_order(sorts, sample.fields)
        for turn in ("after", "before"):
            walked: list[str] = []
            cursor: str | None = None
            page = sample.page(engine, order if turn == "after" else order.reversed(), 2)
            while page:
                walked += [key for key, _ in page]
                cursor = page[-1][1]
                page = sample.page(engine, order if turn == "after" else order.reversed(), 2, after=cursor)
            assert walked == (expected if turn == "after" else expected[::-1])


def sort_by(keys: list[str], path: str, descending: bool, rows: dict[str, Any]) -> list[str]:
    """Those with a value first, of these in JSON those that read as a number, by number and then by text."""
    found = {key: Evaluator(rows[key]).field(path) for key in keys}
    there = [key for key in keys if found[key].value is not None]
    missing = [key for key in keys if found[key].value is None]

    def text(key: str) -> str:
        return (found[key].to_text() or "")[:500]

    if not path.startswith("inputs"):
        return sorted(there, key=lambda key: found[key].value, reverse=descending) + missing
    numeric = [key for key in there if found[key].to_number() is not None]
    other = [key for key in there if found[key].to_number() is None]
    # Python's sort keeps equal ones in their order, with ``reverse`` too.
    numeric.sort(key=lambda key: (found[key].to_number(), text(key)), reverse=descending)
    other.sort(key=text, reverse=descending)
    return numeric + other + missing
