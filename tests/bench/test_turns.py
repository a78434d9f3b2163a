import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

import pytest

from bench.answers import Seen, agree, call_lines, nodes
from bench.contenders import OURS, PHOENIX, WEAVE
from bench.http import Answer
from bench.turns import Turns


def answered(body: bytes, seconds: float = 0.002) -> Answer:
    return Answer(200, body, seconds, seconds)


class Server:
    """A server and the connection to it: gives one answer after the other, the last again and again."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []

    def connect(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def cpu(self) -> float:
        return len(self.requests) / 1000

    def expect(self, request: bytes) -> Answer:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def turns(stack: ExitStack, servers: Any, request: bytes | Callable[[int], bytes] = b"ask") -> Turns:
    requests = dict.fromkeys(servers, request)
    return Turns("some", servers, requests, lambda _server, answer: bool(answer.body), call_lines, stack)


def line(**values: Any) -> bytes:
    call: dict[str, Any] = {"id": "a", "trace_id": "t", "parent_id": None, "op_name": "f", "inputs": {}, "output": 1}
    return json.dumps({**call, **values}).encode() + b"\n"


def test_each_server_gets_the_same_requests_and_its_own_row() -> None:
    ours, theirs = Server(answered(line(), 0.002)), Server(answered(line(summary={}), 0.004))
    with ExitStack() as stack:
        taken = turns(stack, {OURS: ours, WEAVE: theirs}, lambda number: str(number).encode())
        taken.warm_up()
        taken.take(4, seconds=1)
        first, second = taken.rows()
    assert ours.requests == theirs.requests == [b"0", b"1", b"2", b"3", b"4", b"5", b"6"]
    assert (first.server, first.value, first.low, first.high, first.p99_ms) == (OURS, 2.0, 2.0, 2.0, 2.0)
    assert (first.samples, first.answer) == (4, "1 row x 6 fields, 0.1 KB")
    assert first.cpu_ms == pytest.approx(1)
    assert (second.server, second.value, second.answer) == (WEAVE, 4.0, "1 row x 7 fields, 0.1 KB")
    assert taken.notes == []


def test_a_turn_is_some_requests_that_are_answered_soon_or_one_that_is_not() -> None:
    order: list[str] = []

    class Noted(Server):
        def __init__(self, name: str, seconds: float) -> None:
            super().__init__(answered(line(), seconds))
            self._name = name

        def expect(self, request: bytes) -> Answer:
            order.append(self._name)
            return super().expect(request)

    with ExitStack() as stack:
        taken = turns(stack, {OURS: Noted("fast", 0.02), WEAVE: Noted("slow", 0.1)})
        taken.warm_up()
        order.clear()
        taken.take(4, seconds=10)
        assert [row.samples for row in taken.rows()] == [4, 4]
    assert order == ["fast", "fast", "fast", "slow", "fast", "slow", "slow", "slow"]


def test_a_server_that_has_had_its_seconds_waits_for_the_others() -> None:
    fast, slow, slowest = (Server(answered(line(), seconds)) for seconds in (0.1, 0.6, 3.5))
    with ExitStack() as stack:
        taken = turns(stack, {OURS: fast, WEAVE: slow, PHOENIX: slowest})
        taken.warm_up()
        taken.take(5, seconds=1)
        rows = taken.rows()
    assert [row.samples for row in rows] == [5, 3, 1]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([ConnectionError("gone")], "ConnectionError: gone"),
        ([answered(b"")], "AssertionError: Weave reference answered some with 0 bytes that are not right: b''"),
        ([answered(line(id="b"))], "AssertionError: Weave reference answered some with other values"),
        ([answered(line() * 2)], "AssertionError: Weave reference answered some with 2 rows instead of 1"),
        ([answered(line()), RuntimeError("full")], "RuntimeError: full"),
        ([answered(b"[]")], "TypeError: "),
    ],
)
def test_a_peer_that_fails_takes_no_further_part(answers: list[Answer | Exception], why: str) -> None:
    with ExitStack() as stack:
        taken = turns(stack, {OURS: Server(answered(line())), WEAVE: Server(*answers)})
        taken.warm_up()
        taken.take(2, seconds=1)
        assert [row.server for row in taken.rows()] == [OURS]
    (note,) = taken.notes
    assert note.startswith(f"Weave reference takes no part: {why}")


def test_our_own_failure_is_the_scenarios() -> None:
    with ExitStack() as stack, pytest.raises(ConnectionError):
        turns(stack, {OURS: Server(ConnectionError("gone"))}).warm_up()


def test_answers_agree_where_they_have_as_many_rows_and_fields_and_the_same_values() -> None:
    ours = Seen(3, 20, 1, ["a"])
    assert agree(ours, Seen(3, 18, 9, ["a"])) == ""
    assert agree(ours, Seen(3, 17, 9, ["a"])) == "17 fields in a row instead of 20"
    assert agree(ours, Seen(2, 20, 9, ["a"])) == "2 rows instead of 3"
    assert agree(ours, Seen(3, 20, 9, ["b"])) == "other values"


def test_calls_and_spans_are_counted_wherever_they_stand() -> None:
    call = {"callId": "a", "opName": "f", "descendants": {"edges": [{"node": {"callId": "b", "opName": "g"}}]}}
    span = {"spanId": "1", "name": "f", "descendants": {"edges": [{"node": {"spanId": "2", "name": "g"}}]}}
    ours = nodes(OURS, answered(json.dumps({"data": {"project": {"calls": {"nodes": [call]}}}}).encode()))
    theirs = nodes(PHOENIX, answered(json.dumps({"data": {"node": {"spans": {"edges": [{"node": span}]}}}}).encode()))
    assert (ours.rows, ours.fields, ours.values) == (2, 2, ["f", "g"])
    assert (theirs.rows, theirs.fields, theirs.values) == (2, 2, ["f", "g"])
