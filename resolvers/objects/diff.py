"""What changed between two versions: values at paths, and lines of code."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum
from itertools import islice

from db.json_text import JSONText, JSONValue, dump_json, parse_json
from db.rows import Row
from resolvers.context import Context
from resolvers.errors import InvalidInputError, NotFoundError, Refusal, TooLargeError
from resolvers.objects.code import file_texts, version_files
from resolvers.objects.lists import neighbours
from resolvers.objects.read import objects_by_ref
from resolvers.picks import OBJECTS, values_at

__all__ = ["Change", "ChangeKind", "VersionDiff", "version_diffs"]

LARGEST_VALUE = 4 << 20
"""Bytes of a value that is compared."""

MOST_CHANGES = 1_000

_MISSING = object()


class ChangeKind(StrEnum):
    """What became of what stands at a path."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference at a path (as in docs/query-language.md; None for the value itself)."""

    path: str | None
    kind: ChangeKind
    before: JSONText | None
    after: JSONText | None


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """How the version at the key ``after`` differs from that at ``before``: (project, kind, object id, digest)."""

    before: tuple[str, str, str, str]
    after: tuple[str, str, str, str]
    changes: list[Change]
    is_truncated: bool
    code: str | None


_Key = tuple[str, str, str, str]

_COLUMNS = frozenset({"digest", "size_bytes", "version_index"})


async def version_diffs(
    context: Context, keys: Sequence[_Key], *, base: str | None, limit: int
) -> list[VersionDiff | Exception | None]:
    """How each version (project, kind, object id, digest) differs from its ``base``, a version of the same name:
    a digest, ``vN``, ``latest``, or None for the one before it.

    None for a first version without a ``base``. A refusal in the place of one that cannot be compared: its base is not
    there or deleted, or one of them has more than 4 MiB. A few statements, however many there are.
    """
    if not 1 <= limit <= MOST_CHANGES:
        raise InvalidInputError(f"limit must be from 1 to {MOST_CHANGES}, not {limit}", ["limit"])
    rows = dict(zip(keys, await objects_by_ref(context, keys, columns=_COLUMNS), strict=True))
    bases = await _bases(context, rows, base)
    pairs: dict[_Key, _Key] = {}
    results: dict[_Key, VersionDiff | Exception | None] = {}
    for key, row in rows.items():
        other = bases.get(key)
        if row is None or other is None:
            missing = NotFoundError(f"There is no version {base!r} of {key[2]!r}", ["from"])
            results[key] = missing if row is not None and base is not None else None
        elif (larger := max(row.size_bytes, other.size_bytes)) > LARGEST_VALUE:
            results[key] = TooLargeError(
                f"{key[2]}:{key[3]} cannot be compared: a value of {larger} bytes, at most {LARGEST_VALUE} are"
            )
        else:
            pairs[key] = (*key[:3], other.digest)
    wanted = list(dict.fromkeys([*pairs, *pairs.values()]))
    texts = dict(zip(wanted, await values_at(context, wanted, held=OBJECTS, parts=()), strict=True))
    codes = await _codes(context, wanted)

    def compare() -> None:
        for after, before in pairs.items():
            old, new = texts[before], texts[after]
            if isinstance(old, Refusal) or isinstance(new, Refusal):
                results[after] = old if isinstance(old, Refusal) else new  # type: ignore[assignment]  # one of them
                continue
            # A value that is null is not among the texts.
            found = list(islice(_changes(parse_json(old or "null"), parse_json(new or "null"), ()), limit + 1))
            code = _unified(codes[before], codes[after])
            results[after] = VersionDiff(before, after, found[:limit], len(found) > limit, code)

    await asyncio.to_thread(compare)
    return [results[key] for key in keys]


async def _bases(context: Context, rows: dict[_Key, Row | None], base: str | None) -> dict[_Key, Row | None]:
    """The version that each is compared with."""
    there = {key: row for key, row in rows.items() if row is not None}
    if base is None:
        around = await neighbours(context, [(*key[:3], row.version_index) for key, row in there.items()])
        named = {key: pair[0] for key, pair in zip(there, around, strict=True) if pair is not None}
    else:
        named = dict.fromkeys(there, base)
    wanted = {key: (*key[:3], version) for key, version in named.items() if version is not None}
    found = await objects_by_ref(context, list(wanted.values()), columns=_COLUMNS)
    return {
        key: None if row is None or row.deleted_at is not None else row for key, row in zip(wanted, found, strict=True)
    }


async def _codes(context: Context, keys: Sequence[_Key]) -> dict[_Key, dict[str, str | None]]:
    """The texts of the files of each version, by name; None for what is no text or too large."""
    files = await version_files(context, keys)
    wanted = list(
        dict.fromkeys((key[0], digest) for key, named in zip(keys, files, strict=True) for digest in named.values())
    )
    texts = dict(zip(wanted, await file_texts(context, wanted), strict=True)) if wanted else {}
    return {
        key: {name: texts[key[0], digest] for name, digest in named.items()}
        for key, named in zip(keys, files, strict=True)
    }


def _unified(before: dict[str, str | None], after: dict[str, str | None]) -> str | None:
    """The unified diff of all files that are text in both; None where there is none to compare."""
    names = [
        name
        for name in dict.fromkeys([*before, *after])
        if before.get(name, "") is not None and after.get(name, "") is not None
    ]
    if not names:
        return None
    lines: list[str] = []
    for name in names:
        old, new = ((code.get(name) or "").splitlines() for code in (before, after))
        lines += unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _changes(before: JSONValue, after: JSONValue, path: tuple[str, ...]) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _changes(before.get(key, _MISSING), after.get(key, _MISSING), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old, new = (items[index] if index < len(items) else _MISSING for items in (before, after))
            yield from _changes(old, new, (*path, str(index)))
    elif before is _MISSING:
        yield Change(_written(path), ChangeKind.ADDED, None, dump_json(after))
    elif after is _MISSING:
        yield Change(_written(path), ChangeKind.REMOVED, dump_json(before), None)
    elif type(before) is not type(after) or before != after:
        yield Change(_written(path), ChangeKind.CHANGED, dump_json(before), dump_json(after))


def _written(path: tuple[str, ...]) -> str | None:
    return ".".join(part.replace(".", "\\.") for part in path) if path else None
