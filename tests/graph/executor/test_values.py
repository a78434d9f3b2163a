"""Whatever values come, the compiled executor answers what graphql-core answers."""

import asyncio
import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLArgument, GraphQLField, execute, parse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.executor import CompiledExecutor
from tests.graph.executor.documents import VARIABLES, documents
from tests.graph.executor.errors import Errors, errors_of
from tests.graph.executor.toy import COLUMNS, Colour, TogetherExecutor, later, row, schema


@dataclass
class Items:
    items: Any


def answer(document: str, items: Any, executor_class: Any) -> tuple[str, Errors]:
    async def run() -> tuple[str, Errors]:
        result: Any = execute(
            schema._schema,
            parse(document),
            variable_values=VARIABLES,
            context_value=Items(items),
            executor_class=executor_class,
        )
        result = await result if asyncio.iscoroutine(result) else result
        found = repr(result.data), errors_of(result)
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
        (None, 1, True, 1.5, math.nan, 1 << 40, "text", [], ("a",), {}, b"x", ValueError("odd"))
    )
    return st.integers(0, 9).flatmap(lambda number: strange if number == 0 else usual)


words = st.lists(odd(st.text(max_size=3)), max_size=2)
twins = st.builds(SimpleNamespace, number=odd(st.integers(-5, 15)), words=odd(words))
leaves = st.fixed_dictionaries(
    {
        "text": odd(st.text(max_size=4)),
        "number": odd(st.integers(-5, 15)),
        "ratio": odd(st.floats(allow_nan=False, allow_infinity=False)),
        "flag": odd(st.booleans()),
        "colour": odd(st.sampled_from(["red", "blue", Colour.RED, "green", None])),
        "words": odd(words),
        "twin": odd(twins),
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


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(documents(schema._schema, values_of, skip={}), st.one_of(st.lists(rows, max_size=5), items))
def test_any_value_gives_what_graphql_core_gives(document: str, items: list[Any]) -> None:
    expected = answer(document, items, StrawberryGraphQLCoreExecutionContext)
    assert answer(document, items, CompiledExecutor) == expected
    assert answer(document, items, TogetherExecutor) == expected


def leaf(**values: Any) -> Any:
    usual = {"text": "a", "number": 1, "ratio": 0.5, "flag": True, "colour": "red", "words": ["b"], "twin": None}
    return row("Leaf", COLUMNS, {**usual, **values})


@pytest.mark.parametrize("field", ["leaves", "sparse", "things", "promised", "mixed"])
@pytest.mark.parametrize(
    "odd",
    [
        leaf(text=None),
        leaf(text=ValueError("no text")),
        leaf(number=1 << 31),
        leaf(ratio=math.inf),
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


def test_a_value_to_wait_for_is_waited_for() -> None:
    items = [SimpleNamespace(noun="Leaf", text=later("late"), number=later(3))]
    document = "{ leaves { text number } }"
    data, errors = answer(document, items, CompiledExecutor)
    assert (data, errors) == ("{'leaves': [{'text': 'late', 'number': 3}]}", set())


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
