"""What answers of different servers have in common, so that only like is held against like."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.contenders import PHOENIX
from bench.http import Answer

__all__ = ["Read", "Seen", "agree", "call_lines", "nodes", "one_call", "whole"]

FEWER = 0.9
"""A peer may name a few of the fields of a call otherwise, or leave out what its version does not have."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one answer holds. ``values`` are equal where two servers said the same."""

    rows: int
    fields: int
    """Of the row that has the fewest."""

    size: int
    """Bytes of the body."""

    values: Any

    @property
    def text(self) -> str:
        rows, fields = (
            f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in ((self.rows, "row"), (self.fields, "field"))
        )
        return f"{rows} x {fields}, {self.size / 1000:,.1f} KB"


Read = Callable[[str, Answer], Seen]


def agree(ours: Seen, theirs: Seen) -> str:
    """Why two answers are not to be held against each other; empty where they are."""
    if theirs.rows != ours.rows:
        return f"{theirs.rows} rows instead of {ours.rows}"
    if theirs.fields < ours.fields * FEWER:
        return f"{theirs.fields} fields in a row instead of {ours.fields}"
    return "" if theirs.values == ours.values else "other values"


def call_lines(_server: str, answer: Answer) -> Seen:
    """Lines of calls."""
    return _calls(answer, [json.loads(line) for line in answer.body.splitlines()])


def one_call(_server: str, answer: Answer) -> Seen:
    return _calls(answer, [answer.json()["call"]])


def _calls(answer: Answer, calls: list[dict[str, Any]]) -> Seen:
    compared = ("id", "trace_id", "parent_id", "op_name", "inputs", "output")
    values = [[call[name] for name in compared] for call in calls]
    return Seen(len(calls), min(map(len, calls), default=0), len(answer.body), values)


def nodes(server: str, answer: Answer) -> Seen:
    """Calls, or Phoenix's spans, anywhere in a GraphQL answer, in any order: each server has ids of its own."""
    found = list(_nodes(answer.json(), "spanId" if server == PHOENIX else "callId"))
    names = sorted(node["name" if server == PHOENIX else "opName"] for node in found)
    fields = min((sum(not _holds_nodes(value) for value in node.values()) for node in found), default=0)
    return Seen(len(found), fields, len(answer.body), names)


def _nodes(value: Any, mark: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if mark in value:
            yield value
        for each in value.values():
            yield from _nodes(each, mark)
    elif isinstance(value, list):
        for each in value:
            yield from _nodes(each, mark)


def _holds_nodes(value: Any) -> bool:
    return isinstance(value, dict) and bool({"edges", "nodes"} & value.keys())


def whole(*names: str) -> Read:
    """A JSON object of which these fields are compared; it counts as one row."""

    def read(_server: str, answer: Answer) -> Seen:
        value = answer.json()
        return Seen(1, len(names), len(answer.body), [value[name] for name in names])

    return read
