"""What the column ``usage`` says of a call is what its summary says, whatever that holds."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Text, cast, func, select

from db.calls.model_usage import ModelUsage, usage_from, usage_text, usages_of
from db.calls.tables import calls
from db.calls.usage import COUNTED
from db.engines import Database
from db.json_text import JSONText, dump_json, parse_json
from db.query.json import json_node
from db.text import decode_text
from resolvers.callers import LOCAL
from resolvers.calls.events import CallEnd, CallStart
from resolvers.calls.record import record_calls
from resolvers.calls.usage import usage_by_model
from resolvers.context import Context
from tests.examples import examples

c = calls.c
RUNS = count()

WORDS = (
    "prompt_tokens",
    "input_tokens",
    "completion_tokens",
    "output_tokens",
    "total_tokens",
    "requests",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
# Without the characters that stand for others in stored text (db.text): queries take them for these.
CHARACTERS = st.characters(max_codepoint=0x10EFFF) | st.sampled_from(["\0", "\ud800", "\udfff", "é", '"'])
MODELS = st.sampled_from(["m", "n", "usage", ""]) | st.text(CHARACTERS)
NUMBERS = (
    st.integers(0, 50)
    | st.integers()
    | st.integers((1 << 62) - 3, (1 << 62) + 3)
    | st.integers((1 << 63) - 3, (1 << 64) + 3)
    | st.floats(width=32)
    | st.sampled_from([1e300, 2.0**62, 10**400, -(10**400), 0.999, -0.0])
)
COUNTS = NUMBERS | st.none() | st.booleans() | st.sampled_from(["3", "", [], [1], {}, {"input_tokens": 3}])
USED = st.dictionaries(st.sampled_from([*WORDS, "other"]), COUNTS, max_size=6)
USAGES = st.dictionaries(MODELS, USED | COUNTS, max_size=4) | COUNTS
SUMMARIES: st.SearchStrategy[dict[str, Any]] = (
    st.builds(lambda usage: {"usage": usage}, USAGES) | st.just({}) | st.builds(lambda each: {"x": each}, USAGES)
)


@pytest.fixture(scope="module")
def recorded(module_database_url: str) -> Iterator[Callable[[list[JSONText]], list[tuple[Any, ...]]]]:
    """Records calls with these summaries; returns whether each counts tokens, its ``usage``, and the JSON text of
    ``usage`` in its summary as queries read it."""
    with start_blocking_portal() as portal:
        database = portal.call(partial(Database, module_database_url))
        context = Context(database, LOCAL)

        def read(connection: Connection, project: str) -> list[tuple[Any, ...]]:
            told = cast(json_node(func.coalesce(c.summary_query, c.summary), ["usage"]), Text)
            statement = select(COUNTED, c.usage, told).where(c.project_id == project).order_by(c.id)
            return [tuple(row) for row in connection.execute(statement)]

        def record(summaries: list[JSONText]) -> list[tuple[Any, ...]]:
            project = f"team/run{next(RUNS)}"
            empty = JSONText("{}")
            events: list[CallStart | CallEnd] = []
            for number, summary in enumerate(summaries):
                call_id = f"c{number:03}"
                events.append(CallStart(project, call_id, "t", None, "op", number, empty, empty))
                events.append(CallEnd(project, call_id, number + 1, JSONText("null"), summary))
            portal.call(partial(record_calls, context, events))
            return portal.call(partial(context.read, partial(read, project=project)))

        yield record
        portal.call(database.close)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(summaries=st.lists(SUMMARIES.map(dump_json), min_size=1, max_size=12))
@example(summaries=[JSONText('{"usage":{"m":{"input_tokens":NaN}}}'.replace("NaN", '"NaN"'))])
@example(summaries=[JSONText('{"usage":{"m":{"input_tokens":1e999,"output_tokens":3.9}}}')])
@example(summaries=[JSONText('{"usage":{"\\ud800\\u0000":{"total_tokens":9,"cache_creation_input_tokens":null}}}')])
@example(summaries=[JSONText('{"usage":{"m":{"total_tokens":1' + "0" * 5000 + "}}}")])
def test_the_column_says_what_queries_find_in_the_summary(
    recorded: Callable[[list[JSONText]], list[tuple[Any, ...]]], summaries: list[JSONText]
) -> None:
    for (counted, usage, told), summary in zip(recorded(summaries), summaries, strict=True):
        assert bool(counted) == (usage is not None)
        if counted:
            found = {decode_text(model): counts for model, counts in parse_json(told).items()}
            assert usage_from(usage) == usages_of(found) == usage_by_model(summary)


@pytest.mark.parametrize(
    ("usage", "text"),
    [
        ({}, "[]"),
        (
            {"m": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 6, "requests": 1}, "n": 1},
            '[["m",3,2,6,1]]',
        ),
        (
            {"é": {"input_tokens": 3, "cache_creation_input_tokens": 0}, "": {"cache_read_input_tokens": 2}},
            '[["é",3,0,3,0,0,0,true],["",0,0,0,0,2,0,false]]',
        ),
        ("none", "[]"),
    ],
)
def test_the_column_leaves_out_what_few_calls_count(usage: Any, text: str) -> None:
    assert usage_text(usage) == text
    assert usage_from(text) == usages_of(usage)


def test_a_model_of_which_nothing_is_cached_is_told_so() -> None:
    assert usage_from('[["m",3,2,6,1]]') == [ModelUsage("m", 3, 2, 6, 1, 0, 0, cache_apart=False)]
    assert usage_from(None) == []
