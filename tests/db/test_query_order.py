"""Orders and their pages, on both databases."""

import base64
import json
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.query.expression import QueryError
from db.query.order import Order, compile_order

Sample = Any  # tests/db/conftest.py


def fill(sample: Sample, **values: Any) -> None:
    sample.fill(
        {"id": name, "inputs": json.dumps({} if value is ... else {"v": value})} for name, value in values.items()
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, sample: Sample) -> Engine:
    found: Engine = sample.engines[request.param]
    return found


def test_a_json_path_sorts_numbers_before_texts_and_what_is_missing_last(sample: Sample) -> None:
    fill(sample, ten=10, nine="9", b="b", a="a", half=0.5, null=None, missing=..., yes=True, list=[1])
    assert sample.sort(("inputs.v", "asc")) == ["half", "yes", "nine", "ten", "list", "a", "b", "missing", "null"]
    assert sample.sort(("inputs.v", "desc")) == ["ten", "nine", "yes", "half", "b", "a", "list", "null", "missing"]


def test_nulls_come_last_in_both_directions(sample: Sample) -> None:
    sample.fill([{"id": "a", "step": 2}, {"id": "b"}, {"id": "c", "step": 10}])
    assert sample.sort(("step", "asc")) == ["a", "c", "b"]
    assert sample.sort(("step", "desc")) == ["c", "a", "b"]


def test_the_id_decides_in_the_direction_of_the_last_key(sample: Sample) -> None:
    sample.fill({"id": key, "op_name": op} for key, op in {"1": "x", "2": "x", "3": "y"}.items())
    assert sample.sort() == ["1", "2", "3"]
    assert sample.sort(("op_name", "desc")) == ["3", "2", "1"]
    assert sample.sort(("op_name", "desc"), ("started_at", "asc")) == ["3", "1", "2"]
    assert sample.sort(("op_name", "asc"), ("id", "desc")) == ["2", "1", "3"]


def test_texts_sort_by_code_point_and_by_their_first_500_characters(sample: Sample) -> None:
    long = "x" * 500
    fill(sample, upper="Z", lower="a", accent="é", long_a=long + "b", long_b=long + "a")
    assert sample.sort(("inputs.v", "asc")) == ["upper", "lower", "long_a", "long_b", "accent"]


def test_rows_that_come_and_go_neither_repeat_nor_vanish(sample: Sample, engine: Engine) -> None:
    fill(sample, a=1, b=2, c=2, d="x", e="y", f=...)
    order = compile_order([("inputs.v", "desc")], sample.fields)
    first = sample.page(engine, order, 2)
    assert [key for key, _ in first] == ["c", "b"]
    sample.add([{"id": "b2", "inputs": '{"v": 3}'}, {"id": "b3", "inputs": '{"v": 1.5}'}])
    sample.remove("b")  # the row of the cursor itself
    second = sample.page(engine, order, 4, after=first[-1][1])
    assert [key for key, _ in second] == ["b3", "a", "e", "d"]
    assert [key for key, _ in sample.page(engine, order, 9, after=second[-1][1])] == ["f"]
    assert [key for key, _ in sample.page(engine, order, 2, before=second[-1][1])] == ["a", "e"]
    assert [key for key, _ in sample.page(engine, order, 9, before=second[0][1])] == ["b2", "c"]


def test_cursors_stay_small_and_hold_any_text(sample: Sample, engine: Engine) -> None:
    values = {"a": "\x00\ud800é" * 100_000, "b": "\x00\ud800é" * 100_000, "c": "z", "d": "\udfff"}
    fill(sample, **values)
    order = compile_order([("inputs.v", "asc")], sample.fields)
    walked: list[str] = []
    cursor = None
    while page := sample.page(engine, order, 1, after=cursor):
        ((key, cursor),) = page
        assert len(cursor) < 3_000
        walked.append(key)
    assert walked == ["c", "a", "b", "d"]


def test_numbers_in_cursors_are_exact(sample: Sample, engine: Engine) -> None:
    values = [0.1, 1e300, 2**53, 2**53 + 1, float(2**63), -5e-324, 1.7976931348623157e308, -0.0, 3]
    sample.fill({"id": str(index), "inputs": json.dumps({"v": value})} for index, value in enumerate(values))
    order = compile_order([("inputs.v", "asc")], sample.fields)
    walked: list[str] = []
    cursor = None
    while page := sample.page(engine, order, 1, after=cursor):
        ((key, cursor),) = page
        walked.append(key)
    assert walked == ["5", "7", "0", "8", "2", "3", "4", "1", "6"]


def test_the_default_order_compares_as_an_index_does(sample: Sample) -> None:
    order = compile_order([("started_at", "asc")], sample.fields)
    statement = select(1).where(order.after((5, "x"))).order_by(*order.order_by)
    assert "(query_calls.started_at, query_calls.id) > (" in _flat(str(statement.compile(sample.engines["sqlite"])))
    text = _flat(str(statement.compile(sample.engines["postgresql"])))
    assert '(query_calls.started_at, ((query_calls.id COLLATE "C"))) > (' in text


def _flat(sql: str) -> str:
    return " ".join(sql.split()).replace("(query_calls.id)", "query_calls.id")


def cursor_of(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "!!!!", "bm8", cursor_of(), cursor_of(1), cursor_of("FINGERPRINT"), cursor_of("FINGERPRINT", 1),
     cursor_of("FINGERPRINT", "x", "id"), cursor_of("FINGERPRINT", True, "id"), cursor_of("FINGERPRINT", 2**63, "id"),
     cursor_of("FINGERPRINT", 1.5, "id"), cursor_of("FINGERPRINT", 1, None), cursor_of("FINGERPRINT", 1, "id", 2)],
)  # fmt: skip
def test_what_is_no_cursor_is_refused(sample: Sample, cursor: str) -> None:
    order: Order = compile_order([("started_at", "asc")], sample.fields)
    if cursor.isascii():
        padded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if len(cursor) > 4 else b""
        if b"FINGERPRINT" in padded:
            cursor = base64.urlsafe_b64encode(padded.replace(b"FINGERPRINT", order.fingerprint.encode())).decode()
    with pytest.raises(QueryError) as raised:
        order.decode(cursor)
    assert raised.value.message == f"not a cursor: {cursor!r}"


def test_a_cursor_of_another_order_is_refused(sample: Sample) -> None:
    cursor = compile_order([("started_at", "asc")], sample.fields).encode((5, "x"))
    with pytest.raises(QueryError) as raised:
        compile_order([("started_at", "desc")], sample.fields).decode(cursor)
    assert raised.value.message == f"the cursor {cursor!r} belongs to another order; start again without it"


@pytest.mark.parametrize(
    ("sorts", "message", "path"),
    [
        ([("started", "asc")], "unknown field 'started'; did you mean 'started_at'?", [0, "field"]),
        ([("id", "asc"), ("step", "up")], "the direction of a sort is 'asc' or 'desc', not 'up'", [1, "direction"]),
        ([(f"inputs.{n}", "asc") for n in range(9)], "a sort has at most 8 fields, not 9", []),
        (
            [("inputs." + "x" * 1000, "asc")],
            f"the path 'inputs.{'x' * 93}...' is longer than 1000 characters",
            [0, "field"],
        ),
        ([("inputs" + ".x" * 100, "asc")], f"the path 'inputs{'.x' * 47}...' has more than 100 parts", [0, "field"]),
    ],
)
def test_refused_orders(sample: Sample, sorts: list[Any], message: str, path: list[Any]) -> None:
    with pytest.raises(QueryError) as raised:
        compile_order(sorts, sample.fields)
    assert (raised.value.message, raised.value.path) == (message, path)


def test_eight_json_paths_sort_and_page(sample: Sample, engine: Engine) -> None:
    sample.fill({"id": key, "inputs": json.dumps({"f7": value})} for key, value in {"a": 2, "b": "x", "c": 1}.items())
    order = compile_order([(f"inputs.f{n}", "desc" if n % 2 else "asc") for n in range(8)], sample.fields)
    ((first, cursor),) = sample.page(engine, order, 1)
    assert first == "a"
    assert [key for key, _ in sample.page(engine, order, 9, after=cursor)] == ["c", "b"]
