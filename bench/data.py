"""What is written: calls of two kilobytes in traces, the same in every run."""

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["MODELS", "PROJECT", "batches_of_events", "complete_calls", "end_of", "split", "start_of"]

PROJECT = "bench/calls"
MODELS = 50
"""How many values ``inputs.model`` has; a filter on one finds a fiftieth of the calls."""

EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
WORDS = [
    "answer",
    "customer",
    "order",
    "refund",
    "agent",
    "plan",
    "search",
    "document",
    "paragraph",
    "summary",
    "token",
    "latency",
    "prompt",
    "invoice",
    "weather",
    "schedule",
    "retry",
    "tool",
    "function",
    "évaluation",
    "größe",
    "注文",
    "поиск",
    "question",
    "policy",
    "warehouse",
    "delivery",
]


def _text(source: random.Random, length: int) -> str:
    words: list[str] = []
    size = 0
    while size < length:
        word = source.choice(WORDS)
        words.append(word)
        size += len(word.encode()) + 1
    return " ".join(words)


def complete_calls(
    count: int, *, trace: int = 20, project: str = PROJECT, size: int = 2048, first: int = 0, seed: str = "calls"
) -> Iterator[dict[str, Any]]:
    """Calls that are over, oldest first, in traces of ``trace`` calls: a root, and below it nodes with four children.

    ``size`` is about the bytes of the JSON of one. ``first`` and ``seed`` make other ids.
    """
    source = random.Random(f"{seed} {first}")
    texts = [_text(source, max(40, (size - 700) * 2 // 3)) for _ in range(64)]
    answers = [_text(source, max(20, (size - 700) // 3)) for _ in range(64)]
    for number in range(first, first + count):
        place = number % trace
        began = EPOCH + dt.timedelta(milliseconds=10 * number)
        yield {
            "project_id": project,
            "id": _id(seed, number),
            "trace_id": _id(f"{seed} trace", number // trace),
            "parent_id": None if place == 0 else _id(seed, number - place + (place - 1) // 4),
            "op_name": f"step-{place % 12}",
            "started_at": began.isoformat().replace("+00:00", "Z"),
            "ended_at": (began + dt.timedelta(milliseconds=5 + number % 900)).isoformat().replace("+00:00", "Z"),
            "attributes": {"environment": "production", "number": number},
            "inputs": {
                "model": f"model-{number % MODELS}",
                "temperature": (number * 7919 % 1000) / 1000,
                "messages": [{"role": "user", "content": texts[number % 64]}],
            },
            "output": {"choices": [{"message": {"role": "assistant", "content": answers[number % 64]}}]},
            "summary": {
                "usage": {f"model-{number % MODELS}": {"prompt_tokens": 300, "completion_tokens": 80, "requests": 1}}
            },
        }


def _id(seed: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{seed} {number}"))


_OUTCOME = ("ended_at", "output", "summary")


def start_of(call: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if name not in _OUTCOME}


def end_of(call: dict[str, Any]) -> dict[str, Any]:
    return {name: call[name] for name in ("project_id", "id", *_OUTCOME)}


def split(calls: Sequence[dict[str, Any]], size: int) -> Iterator[Sequence[dict[str, Any]]]:
    for first in range(0, len(calls), size):
        yield calls[first : first + size]


def batches_of_events(calls: Sequence[dict[str, Any]], size: int) -> Iterator[dict[str, Any]]:
    """Bodies of ``/call/upsert_batch``: ``size`` events each, the start and the end of each call side by side."""
    for some in split(calls, size // 2):
        events: list[dict[str, Any]] = []
        for call in some:
            events.append({"mode": "start", "req": {"start": start_of(call)}})
            events.append({"mode": "end", "req": {"end": end_of(call)}})
        yield {"batch": events}
