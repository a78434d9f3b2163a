"""Calls that are written straight from their rows are, byte for byte, those that are made of what GraphQL gives."""

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.calls.fields import call_fields
from db.calls.reads import COLUMNS
from db.json_text import dump_json
from db.pages import Page
from db.query.order import compile_order
from db.rows import RowSet
from graph.encoding import encode
from graph.schema import schema
from graph.written import Writers, Written
from resolvers.callers import LOCAL
from resolvers.context import Context
from resolvers.times import TIMES
from rest_compat.dialects import data_of
from rest_compat.registry import Endpoint, Request, operation_of
from rest_compat.weave.calls import ENDPOINTS as CALLS
from rest_compat.weave.calls import CallReadReq
from rest_compat.weave.calls_query import ENDPOINTS as LISTS
from rest_compat.weave.calls_query import CallsQueryReq
from tests.examples import examples

READ = next(endpoint for endpoint in CALLS if endpoint.path == "/call/read")
STREAM = next(endpoint for endpoint in LISTS if endpoint.path == "/calls/stream_query")
PROJECT = "team/app"
SPECIAL = ["", "\x00", "\ud800", "x\udfff", "é", "注文", "👩‍👩‍👧", "\u2028", '"\\', "null", "\U0010f000"]
TEXTS = st.sampled_from(SPECIAL) | st.text(max_size=5) | st.just("long " * 500)
NAMES = TEXTS | st.sampled_from(["weave:///team/app/op/run:abc", "weave:///a/b/op/:", "weave:///a/b/op/x:y:z", "run"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False) | TEXTS,
    lambda of: st.lists(of, max_size=2) | st.dictionaries(TEXTS | st.just("weave"), of, max_size=2),
    max_leaves=4,
)
KEPT = st.sampled_from(["1e999", "{ }", '{"a":1.0 , "a":2}', '{"b":123456789012345678901234567890}', '"weave"', "[ ]"])
SUMMARIES = st.sampled_from(
    [
        "{}",
        " { } ",
        '{"weave":1}',
        '{"weave":{"status":"x","costs":{}},"a":"weave"}',
        '{"a":"\\"weave\\""}',
        '{"n":1e999}',
    ]
)
TEXT_OF_JSON = JSON.map(lambda value: str(dump_json(value))) | KEPT
PAYLOAD = st.dictionaries(TEXTS, JSON, max_size=2).map(lambda value: str(dump_json(value)))
TIME = st.sampled_from([0, 1, -1, TIMES.start, TIMES.stop - 1]) | st.integers(TIMES.start, TIMES.stop - 1)
STEP = st.none() | st.integers(-(1 << 63), (1 << 63) - 1)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "project_slug": st.just(PROJECT),
    "call_id": TEXTS,
    "trace_id": TEXTS,
    "op_name": NAMES,
    "status": st.sampled_from(["success", "error", "running", "descendant_error"]),
    "started_at": TIME,
    "ended_at": st.none() | TIME,
    "latency_ms": st.none() | st.floats(-1e15, 1e15) | st.sampled_from([0.0, -0.5, 0.999]),
    "attributes": PAYLOAD,
    "inputs": PAYLOAD,
    "output": st.none() | TEXT_OF_JSON,
    "summary": st.none() | PAYLOAD | SUMMARIES,
    "wb_run_step": STEP,
    "wb_run_step_end": STEP,
    "storage_size_bytes": st.integers(0, 1 << 62),
}
ODD: dict[str, list[Any]] = {
    "op_name": [None],
    "trace_id": [None],
    "started_at": [None, TIMES.stop * 2],
    "status": [None, "unheard of"],
    "attributes": [None],
    "inputs": [None],
    "latency_ms": [float("inf"), float("nan")],
    "summary": ["[1]", "null", "{"],
}
"""What no call should have."""

COLUMN_NAMES = [
    None,
    [],
    ["id"],
    ["inputs.model", "op_name"],
    ["summary"],
    ["output", "attributes"],
    ["weird", "ended_at"],
]


def row_of(values: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: VALUES.get(name, st.none() | TEXTS) for name in COLUMNS}).map(
        lambda row: {**row, **values}
    )


ROWS = st.lists(row_of({}), min_size=1, max_size=3)
ODD_ROWS = st.sampled_from([(name, value) for name, values in ODD.items() for value in values]).flatmap(
    lambda odd: st.tuples(row_of({}), row_of({odd[0]: odd[1]})).map(list)
)


class Stored:
    """The calls that reads find, whatever they ask for."""

    rows: Sequence[Mapping[str, Any]] = ()

    def selected(self, columns: frozenset[str]) -> RowSet:
        names = [name for name in COLUMNS if name in columns or name in {"project_slug", "call_id"}]
        return RowSet("Call", names, ([row[name] for name in names] for row in self.rows))

    async def page(self, _context: Context, _chosen: Any, _request: Any, columns: frozenset[str], _bytes: int) -> Page:
        order = compile_order([], call_fields(PROJECT))
        cursors = [(str(number),) for number in range(len(self.rows))]
        return Page(self.selected(columns), cursors, has_next=False, has_previous=False, order=order)

    async def by_id(self, _context: Context, keys: Sequence[Any], *, columns: frozenset[str]) -> list[Any]:
        return list(self.selected(columns))[: len(keys)]


@pytest.fixture(scope="module")
def stored() -> Iterator[Stored]:
    found = Stored()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("graph.calls.connection.calls_page", found.page)
        patch.setattr("graph.projects.calls_by_id", found.by_id)
        yield found


async def answered(endpoint: Endpoint, request: Request, writers: Writers) -> Any:
    """The lines that an endpoint makes, with whether they were written from rows; or what is wrong with them."""
    database: Any = SimpleNamespace(fair_share=1)
    context = Context(database, LOCAL)
    try:
        data = data_of(
            await operation_of(endpoint.operation, schema).run(context, endpoint.variables(request), writers)
        )
        if endpoint is READ:
            written = isinstance(cast("Any", data)["project"]["call"], Written)
            return written, [encode(endpoint.respond(data, request))]
        assert endpoint.stream is not None
        connection: Any = endpoint.stream.connection(data)
        nodes = connection["nodes"]
        if isinstance(nodes, Written):
            return True, list(nodes)
        return False, [encode(endpoint.stream.line(node, request)) for node in nodes]
    except Exception as error:  # noqa: BLE001 - both ways fail alike
        return None, f"{type(error).__name__}: {error}"


async def compare(stored: Stored, rows: Sequence[Mapping[str, Any]], columns: list[str] | None, *, size: bool) -> Any:
    """Whether the calls were written from rows, after both ways gave the same."""
    stored.rows = rows
    listed = CallsQueryReq(project_id=PROJECT, columns=columns, include_storage_size=size)
    read = CallReadReq(project_id=PROJECT, id="1", include_storage_size=size)
    told = []
    for endpoint, body in ((STREAM, listed), (READ, read)):
        request = Request(body, {})
        written, found = await answered(endpoint, request, endpoint.writers(request))
        usual, expected = await answered(endpoint, request, {})
        assert found == expected
        assert not usual
        told.append(written)
    return told


RELAXED = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))


@RELAXED
@given(rows=ROWS, columns=st.sampled_from(COLUMN_NAMES), size=st.booleans())
async def test_calls(stored: Stored, rows: list[dict[str, Any]], columns: list[str] | None, size: bool) -> None:
    await compare(stored, rows, columns, size=size)


@RELAXED
@given(rows=ODD_ROWS, columns=st.sampled_from(COLUMN_NAMES))
async def test_calls_that_should_not_be(stored: Stored, rows: list[dict[str, Any]], columns: list[str] | None) -> None:
    await compare(stored, rows, columns, size=False)


async def test_usual_calls_are_written(stored: Stored) -> None:
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        "project_slug": PROJECT,
        "call_id": "1",
        "trace_id": "t",
        "op_name": "weave:///team/app/op/run:abc",
        "status": "success",
        "started_at": 1,
        "ended_at": 2_000_001,
        "latency_ms": 2000.0,
        "attributes": "{}",
        "inputs": '{"n":1}',
        "output": "[1.0]",
        "summary": '{"usage":{}}',
    }
    assert await compare(stored, [row], None, size=False) == [True, True]
    stored.rows = [row]
    request = Request(CallsQueryReq(project_id=PROJECT), {})
    _, (line,) = await answered(STREAM, request, STREAM.writers(request))
    assert b'"inputs":{"n":1}' in line
    assert b'"summary":{"usage":{},"weave":{"status":"success","latency_ms":2000,"trace_name":"run"}}' in line
