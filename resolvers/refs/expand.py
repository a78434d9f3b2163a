"""Expansion: refs inside payloads replaced by the values they point to."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from db.json_text import JSONText, dump_json, parse_json
from db.rows import Row
from resolvers.context import Context
from resolvers.errors import InvalidInputError
from resolvers.refs.parse import SCHEME, ObjectRef, is_ref, parse_ref
from resolvers.refs.read import refs_found

__all__ = ["MOST_PATHS", "PAYLOADS", "Payloads", "expanded_payloads"]

MOST_PATHS = 100


class Payloads(NamedTuple):
    """The payloads of a call; None for what a running call does not have yet."""

    attributes: JSONText
    inputs: JSONText
    output: JSONText | None
    summary: JSONText | None


PAYLOADS = Payloads._fields


async def expanded_payloads(context: Context, rows: Sequence[Row], *, paths: tuple[str, ...]) -> list[Payloads]:
    """The payloads of calls with the object refs at ``paths`` replaced by their values, in the order of ``rows``.

    A path begins with the payload: ``inputs.model``. An object gets its ref as ``_ref``; another value just takes the
    ref's place. Shallower paths go first, so that a deeper one may lead through them. A ref that leads nowhere stays.
    A few statements a depth, however many rows there are.
    """
    if len(paths) > MOST_PATHS:
        raise InvalidInputError(f"At most {MOST_PATHS} paths can be expanded, not {len(paths)}", ["paths"])
    documents = [_Document(row) for row in rows]
    split = sorted({tuple(path.split(".")) for path in paths}, key=lambda parts: (len(parts), parts))
    for depth in sorted({len(parts) for parts in split}):
        places = [
            (document, parts, ref)
            for parts in split
            if len(parts) == depth
            for document in documents
            if (ref := document.ref_at(parts)) is not None
        ]
        values = await refs_found(context, list(dict.fromkeys(ref for _, _, ref in places)))
        for document, parts, ref in places:
            text = values[ref]
            if text is not None:
                document.put(parts, _with_ref(parse_json(text), ref))
    return [document.payloads() for document in documents]


def _with_ref(value: Any, ref: str) -> Any:
    return {**value, "_ref": ref} if isinstance(value, dict) else value


class _Document:
    """The payloads of one row, parsed where something is looked for in them."""

    def __init__(self, row: Row) -> None:
        self._texts = {name: getattr(row, name) for name in PAYLOADS}
        self._parsed: dict[str, Any] = {}
        self._changed: set[str] = set()

    def ref_at(self, parts: tuple[str, ...]) -> str | None:
        """The object ref at a path; None for anything else."""
        root, *inner = parts
        text = self._texts.get(root)
        if text is None or (SCHEME not in text and root not in self._changed):
            return None
        value = self._root(root)
        for part in inner:
            value = _member(value, part)
        if not is_ref(value):
            return None
        try:
            return value if isinstance(parse_ref(value), ObjectRef) else None
        except InvalidInputError:
            return None

    def put(self, parts: tuple[str, ...], value: Any) -> None:
        """Set what is at a path that ``ref_at`` found a ref at."""
        root, *inner = parts
        self._changed.add(root)
        if not inner:
            self._parsed[root] = value
            return
        holder = self._root(root)
        for part in inner[:-1]:
            holder = _member(holder, part)
        if isinstance(holder, list):
            holder[int(inner[-1])] = value
        else:
            holder[inner[-1]] = value

    def payloads(self) -> Payloads:
        """What has become of them."""
        return Payloads(
            *(dump_json(self._parsed[name]) if name in self._changed else self._texts[name] for name in PAYLOADS)
        )

    def _root(self, root: str) -> Any:
        if root not in self._parsed:
            self._parsed[root] = parse_json(self._texts[root])
        return self._parsed[root]


def _member(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return None
