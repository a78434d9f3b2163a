"""The JSON paths that occur in the payloads of calls."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from db.calls.tables import calls
from db.json_text import parse_json
from db.query.fields import MAX_PATH
from resolvers.calls.facets import JsonType, check_size
from resolvers.calls.pages import CallList
from resolvers.context import Context

__all__ = ["LARGEST", "MOST_SCANNED", "JsonPath", "PayloadPaths", "TypeCount", "batches", "payload_paths"]

MOST_PATHS = 1_000
MOST_SCANNED = 10_000
MOST_KNOWN = 20_000
"""Paths that are counted; what is met behind them is left out."""

DEEPEST = 30
LARGEST = 1 << 20
"""Bytes of the inputs and attributes, or of the output and summary, of a call that is looked into."""

BATCH_BYTES = 8 << 20
BATCH = 500

c = calls.c

_SIZES = {"attributes": c.start_size, "inputs": c.start_size, "output": c.end_size, "summary": c.end_size}


@dataclass(frozen=True, slots=True)
class TypeCount:
    """A type of JSON and how many calls have a value of it at a path."""

    type: JsonType
    count: int


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path as queries name it, how many calls have it, and the types of what they have there."""

    path: str
    count: int
    types: list[TypeCount]


@dataclass(frozen=True, slots=True)
class PayloadPaths:
    """The most frequent paths; ``cut`` says that there are more. ``scanned`` calls were looked into, ``skipped`` ones
    are too large."""

    paths: list[JsonPath]
    scanned: int
    skipped: int
    cut: bool


@dataclass(slots=True)
class _Seen:
    root: str
    paths: dict[str, Counter[JsonType]] = field(default_factory=dict)
    scanned: int = 0
    skipped: int = 0
    cut: bool = False

    def add(self, text: str) -> None:
        self.scanned += 1
        for path, kind in _walk(parse_json(text), self.root, 1):
            known = self.paths.get(path)
            if known is None:
                if len(self.paths) == MOST_KNOWN:
                    self.cut = True
                    continue
                known = self.paths[path] = Counter()
            known[kind] += 1

    def most(self, limit: int) -> PayloadPaths:
        counted = ((path, types.total(), types) for path, types in self.paths.items())
        ordered = sorted(counted, key=lambda one: (-one[1], one[0]))
        paths = [
            JsonPath(
                path, count, [TypeCount(kind, of) for kind, of in sorted(types.items(), key=lambda it: (-it[1], it[0]))]
            )
            for path, count, types in ordered[:limit]
        ]
        return PayloadPaths(paths, self.scanned, self.skipped, cut=self.cut or len(ordered) > limit)


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, JsonType]]:
    """The paths below a value, with the type of what is there. Of a list the first item stands for all."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        items = [(key.replace(".", "\\."), item) for key, item in value.items()]
    elif isinstance(value, list) and value:
        items = [("0", value[0])]
    else:
        return
    for key, item in items:
        inner = f"{path}.{key}"
        if len(inner) <= MAX_PATH:
            yield inner, _kind(item)
            yield from _walk(item, inner, depth + 1)


def _kind(value: Any) -> JsonType:
    match value:
        case None:
            return JsonType.NULL
        case bool():
            return JsonType.BOOLEAN
        case int() | float():
            return JsonType.NUMBER
        case str():
            return JsonType.STRING
        case list():
            return JsonType.ARRAY
        case _:
            return JsonType.OBJECT


async def payload_paths(context: Context, chosen: CallList, payload: str, limit: int, scan: int) -> PayloadPaths:
    """The paths in ``payload`` (``attributes``, ``inputs``, ``output``, ``summary``) of the newest ``scan`` calls.

    Some megabytes are read at a time, and calls whose payloads are larger than a megabyte are passed over.
    """
    context.caller.require_read(chosen.project)
    check_size("first", limit, MOST_PATHS)
    check_size("scan", scan, MOST_SCANNED)
    conditions = chosen.conditions()
    newest = select(c.id, _SIZES[payload]).where(*conditions).order_by(c.started_at.desc(), c.id.desc()).limit(scan)
    sizes: list[tuple[str, int]] = await context.read(
        lambda connection: [(call_id, size) for call_id, size in connection.execute(newest)]
    )
    seen = _Seen(payload)
    seen.skipped = sum(size > LARGEST for _, size in sizes)
    for ids in batches([(call_id, size) for call_id, size in sizes if size <= LARGEST]):
        texts = await context.read(partial(_read, project=chosen.project, payload=payload, ids=ids))
        await asyncio.to_thread(_add_all, seen, texts)
    return seen.most(limit)


def batches(sizes: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    """Ids in lists of some megabytes, by the size of each."""
    batch: list[str] = []
    total = 0
    for call_id, size in sizes:
        if batch and (total + size > BATCH_BYTES or len(batch) == BATCH):
            yield batch
            batch, total = [], 0
        batch.append(call_id)
        total += size
    if batch:
        yield batch


def _read(connection: Connection, *, project: str, payload: str, ids: list[str]) -> list[str]:
    column = c[payload]
    statement = select(column).where(c.project_id == project, c.id.in_(ids), column.is_not(None))
    return list(connection.execute(statement).scalars())


def _add_all(seen: _Seen, texts: list[str]) -> None:
    for text in texts:
        seen.add(text)
