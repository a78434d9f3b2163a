"""Whatever values come, the compiled executor answers what graphql-core answers."""

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from graphql import GraphQLArgument, GraphQLField, Undefined, execute, parse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.encoding import Spliced, Written, encode
from graph.executor import CompiledExecutor
from tests.examples import examples
from tests.graph.executor.documents import VARIABLES, documents
from tests.graph.executor.errors import Errors, errors_of
from tests.graph.executor.toy import COLUMNS, Colour, TogetherExecutor, WritingExecutor, later, row, schema

T = TypeVar("T")


@dataclass
class Items:
    items: Any


def answer(document: str, items: Any, executor_class: Any) -> tuple[str, Errors]:
    """The data as Python writes it, and the errors."""
    return execution(document, items, executor_class, repr)


def written(document: str, items: Any, executor_class: Any) -> tuple[bytes, Errors]:
    """The data as JSON, and the errors."""
    return execution(document, items, executor_class, encode)


def execution(document: str, items: Any, executor_class: Any, of_data: Callable[[Any], T]) -> tuple[T, Errors]:
    async def run() -> tuple[T, Errors]:
        result: Any = execute(
            schema._schema,
            parse(document),
            variable_values=VARIABLES,
            context_value=Items(items),
            executor_class=executor_class,
        )
        result = await result if asyncio.iscoroutine(result) else result
        found = of_data(result.data), errors_of(result)
        # What an error left behind settles in the background.
        while settling := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(settling)
        return found

    return asyncio.run(run())


def values_of(_field: GraphQLField, argument: str, _definition: GraphQLArgument) -> list[str]:
    return {"fail": ["true", "false"], "pause": ["true", "false"], "first": ["0", "1", "3"]}[argument]


def odd(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A usual value nearly always, else anything."""
    strange: st.SearchStrategy[Any] = st.sampled_from(
        (None, 1, True, 1.5, math.nan, 1 << 40, "text", [], ("a",), {}, b"x", ValueError("odd"), Undefined)
    )
    return st.integers(0, 9).flatmap(lambda number: strange if number == 0 else usual)


texts = st.text(st.characters(exclude_categories=()), max_size=4)  # with U+0000 and lone surrogates
words = st.lists(odd(texts), max_size=2)
twins = st.builds(SimpleNamespace, number=odd(st.integers(-5, 15)), words=odd(words))
leaves = st.fixed_dictionaries(
    {
        "text": odd(texts),
        "number": odd(st.integers(-5, 15)),
        "ratio": odd(st.floats(allow_nan=False, allow_infinity=False)),
        "flag": odd(st.booleans()),
        "colour": odd(st.sampled_from(["red", "blue", Colour.RED, "green", None])),
        "words": odd(words),
        "twin": odd(twins),
        "json": odd(st.recursive(st.none() | st.floats(allow_nan=False) | texts, st.lists).map(json.dumps)),
        "moment": odd(st.integers(-(10**16), 10**17) | st.integers(-9, 9).map(lambda second: second * 1_000_000)),
        "big": odd(st.integers()),
        "pair": odd(st.sampled_from(["none", "pair", 1])),
    }
)
rows = st.builds(
    lambda values, noun, columns: row(noun, tuple(columns), values),
    leaves,
    st.sampled_from(["Leaf", "Leaf", "Leaf", "Bough", "Stone"]),
    st.sampled_from([COLUMNS, COLUMNS, COLUMNS[::-1], COLUMNS[:2]]),
)
plain = st.builds(lambda values, noun: SimpleNamespace(noun=noun, **values), leaves, st.sampled_from(["Leaf", "Bough"]))
items = st.lists(st.one_of(rows, rows, rows, rows, plain, st.none(), st.just(ValueError("item"))), max_size=5)

any_items = given(documents(schema._schema, values_of, skip={}), st.one_of(st.lists(rows, max_size=5), items))
tried = partial(
    settings,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@tried(max_examples=examples(60))
@any_items
def test_any_value_gives_what_graphql_core_gives(document: str, items: list[Any]) -> None:
    expected = answer(document, items, StrawberryGraphQLCoreExecutionContext)
    assert answer(document, items, CompiledExecutor) == expected
    assert answer(document, items, TogetherExecutor) == expected


@tried(max_examples=examples(120))
@any_items
def test_what_is_written_of_any_value_is_what_graphql_core_gives(document: str, items: list[Any]) -> None:
    expected = outcome(lambda: written(document, items, StrawberryGraphQLCoreExecutionContext))
    assert outcome(lambda: written(document, items, WritingExecutor)) == expected


def outcome(work: Callable[[], T]) -> T | str:
    """What work gives, or that it fails: some of what scalars let pass is no JSON."""
    try:
        return work()
    except TypeError as error:
        return repr(error)


def leaf(**values: Any) -> Any:
    usual = {"text": "a", "number": 1, "ratio": 0.5, "flag": True, "colour": "red", "words": ["b"], "twin": None}
    usual |= {"json": '{"a":1.0}', "moment": 1_767_225_600_000_001, "big": 1 << 40, "pair": 1}
    return row("Leaf", COLUMNS, {**usual, **values})


@pytest.mark.parametrize("field", ["leaves", "sparse", "things", "promised", "mixed"])
@pytest.mark.parametrize(
    "odd",
    [
        leaf(text=None),
        leaf(text=ValueError("no text")),
        leaf(number=1 << 31),
        leaf(ratio=math.inf),
        leaf(ratio=Undefined),
        leaf(flag="text"),
        leaf(flag=1),
        leaf(json=ValueError("no JSON")),
        leaf(moment="text"),
        leaf(moment=Undefined),
        leaf(big="text"),
        leaf(pair="none"),
        leaf(colour="green"),
        leaf(words=None),
        leaf(words="ab"),
        leaf(number=13),
        None,
        row("Stone", COLUMNS, dict.fromkeys(COLUMNS)),
        row("Leaf", ("text",), {"text": "only"}),
        ValueError("no item"),
    ],
    ids=repr,
)
def test_an_odd_item_spoils_no_other(field: str, odd: Any) -> None:
    fields = "n: number ratio flag colour words doubled maybe twin { number } kin { kin { text } } kith { later }"
    document = f"{{ {field} {{ __typename text shout ... on Leaf {{ {fields} }} }} }}"
    items = [leaf(), odd, leaf(number=2)]
    expected = answer(document, items, StrawberryGraphQLCoreExecutionContext)
    assert answer(document, items, CompiledExecutor) == expected
    assert answer(document, items, TogetherExecutor) == expected
    expected_json = written(document, items, StrawberryGraphQLCoreExecutionContext)
    assert written(document, items, WritingExecutor) == expected_json


@pytest.mark.parametrize(
    "value",
    ["", '"', "\\", "\0", "\x1f\x7f", "\n\r\t\b\f", "é", "\u2028", "😀", "\ud83d", "a" * 5000],
    ids=ascii,
)
def test_any_text_is_written(value: str) -> None:
    document = "{ leaves { text words me { text } } names sparse { number later kith { text } } }"
    items = [leaf(text=value, words=[value, None]), leaf()]
    data, errors = written(document, items, WritingExecutor)
    assert errors == set()
    first = json.loads(data)["leaves"][0]
    assert first == {"text": value, "words": [value, None], "me": {"text": value}}
    assert data == written(document, items, StrawberryGraphQLCoreExecutionContext)[0]


@pytest.mark.parametrize("value", [0.0, -0.0, 1e16, 5e-324, 1.7976931348623157e308, 0.1, 1, 10**15])
def test_any_number_is_written(value: float) -> None:
    data, _ = written("{ leaves { ratio } }", [leaf(ratio=value)], WritingExecutor)
    assert data == written("{ leaves { ratio } }", [leaf(ratio=value)], StrawberryGraphQLCoreExecutionContext)[0]
    assert repr(json.loads(data)["leaves"][0]["ratio"]) == repr(float(value))


def test_a_list_of_rows_is_text_in_what_is_written() -> None:
    fragment = "fragment F on Leaf { text json moment big pair number @skip(if: true) }"
    document = f"{{ leaves {{ a: text ...F me {{ flag }} }} }} {fragment}"
    context = Items([leaf(), leaf(text="b", json=None, moment=None, big=None, pair=None)])
    result: Any = execute(schema._schema, parse(document), context_value=context, executor_class=WritingExecutor)
    assert isinstance(result.data["leaves"], Written)
    assert encode(result.data) == (
        b'{"leaves":[{"a":"a","text":"a","json":{"a":1.0},"moment":"2026-01-01T00:00:00.000001Z","big":1099511627776,'
        b'"pair":[1,1],"me":{"flag":true}},'
        b'{"a":"b","text":"b","json":null,"moment":null,"big":null,"pair":null,"me":{"flag":true}}]}'
    )


def test_a_value_to_wait_for_is_waited_for() -> None:
    items = [SimpleNamespace(noun="Leaf", text=later("late"), number=later(3))]
    document = "{ leaves { text number } }"
    data, errors = answer(document, items, CompiledExecutor)
    assert (data, errors) == ("{'leaves': [{'text': 'late', 'number': 3}]}", set())


def test_lists_of_leaves_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("left to graphql-core")

    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "complete_iterable_value", refuse)
    items = [leaf(), None, leaf(text="b", colour="blue", json=None)]
    data, errors = answer("{ names colours jsons }", items, CompiledExecutor)
    assert errors == set()
    assert data == repr(
        {"names": ["a", None, "b"], "colours": ["RED", None, "BLUE"], "jsons": [Spliced('{"a":1.0}'), None, None]}
    )


def test_lists_of_plain_rows_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left to graphql-core but the list itself."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("left to graphql-core")

    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "complete_iterable_value", refuse)
    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "complete_list_item_value", refuse)
    document = "{ leaves { a: text number colour words twice { text } twin { words } doubled } }"
    data, errors = answer(document, [leaf(), leaf(number=2)], CompiledExecutor)
    assert errors == set()
    assert data == repr(
        {
            "leaves": [
                {
                    "a": "a",
                    "number": number,
                    "colour": "RED",
                    "words": ["b"],
                    "twice": [{"text": "a"}, {"text": "a"}],
                    "twin": None,
                    "doubled": number * 2,
                }
                for number in (1, 2)
            ]
        }
    )


@pytest.mark.parametrize("executor", [CompiledExecutor, TogetherExecutor])
def test_links_of_a_list_are_resolved_together(executor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is executed item by item."""
    execute_field = CompiledExecutor.execute_field

    def refuse(self: Any, parent: Any, *rest: Any) -> Any:
        assert parent.name == "Query", "left to graphql-core"
        return execute_field(self, parent, *rest)

    monkeypatch.setattr(CompiledExecutor, "execute_field", refuse)
    document = "{ leaves { number maybe kith(pause: true) { text kin { number later(fail: false) } } } }"
    data, errors = answer(document, [leaf(), leaf(number=3), leaf(number=5)], executor)
    assert errors == set()
    kiths = [None if n == 3 else {"text": "a", "kin": {"number": n, "later": n}} for n in (1, 3, 5)]
    assert data == repr(
        {"leaves": [{"number": n, "maybe": n, "kith": kith} for n, kith in zip((1, 3, 5), kiths, strict=True)]}
    )
