"""What is below and above calls: ids first, in the order of the tree, and payloads for the page alone."""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, select

from db.bounded_pages import MAX_PAGE_BYTES, SIZE
from db.calls.large_trees import Gap, gaps_behind, select_on
from db.calls.reads import PAYLOADS, select_calls_by_id
from db.calls.tables import calls
from db.calls.trees import Placed, depth_first, walk_above, walk_below, way_up
from db.id_lists import among
from db.pages import Page, PageRequest
from db.query.order import Cursor
from db.rows import Row, RowSet
from resolvers.batches import read_by_key
from resolvers.calls.pages import CallList
from resolvers.context import Context
from resolvers.errors import InvalidQueryError

__all__ = [
    "MOST_DESCENDANTS",
    "MOST_WALKED",
    "TreeList",
    "TreePage",
    "call_ancestors",
    "call_depths",
    "call_descendants",
    "call_tops",
]

MOST_DESCENDANTS = 100_000
"""Calls below one call that are walked."""

MOST_WALKED = 5 * MOST_DESCENDANTS
"""Calls below all the calls of a list that are walked."""


FEW = 2000
"""Calls below all the calls of a list, up to which they are walked for large pages of them; more are read as far as a
page goes (``db.calls.large_trees``)."""

_FEW_FOR_SMALL, _FEW_TIMES = 200, 4
"""The same for pages of few calls, and in times of what pages of more have."""

_FEW_LEVELS = 32


@dataclass(frozen=True, slots=True)
class TreePage:
    """A page of the calls below or above a call, with how deep each of them is, and how many there are in all, if that
    was asked for.

    ``cut`` says that there are more than were counted.
    """

    page: Page
    depths: Mapping[str, int]
    total: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TreeList:
    """Which calls of a tree, and which page of them; shared by the lists of siblings.

    ``chosen`` says which are listed, None that all are; it does not stop the walk. ``columns`` is None where no page is
    asked for, ``counted`` says whether it is asked how many there are.
    """

    request: PageRequest
    columns: frozenset[str] | None
    levels: int | None = None
    chosen: CallList | None = None
    counted: bool = True

    @property
    def is_read_on(self) -> bool:
        """Whether a page is all that is asked for, and can be read on from its cursor."""
        whole = self.counted or self.columns is None or self.chosen is not None
        return not whole and not self.request.backwards and self.request.before is None


class _Positions:
    """The codec of cursors that are the ids of calls: their places in a tree never change."""

    def encode(self, cursor: Cursor) -> str:
        """The id as opaque text, fit for a URL."""
        text = json.dumps(["tree", *cursor], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    def decode(self, text: str, argument: str) -> str:
        """The id; raises InvalidQueryError for what is no cursor."""
        try:
            values = json.loads(base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True))
        except (ValueError, RecursionError, binascii.Error):
            values = None
        match values:
            case ["tree", str(call_id)]:
                return call_id
        raise InvalidQueryError(f"not a cursor of a call tree: {_quoted(text)}", [argument])


_POSITIONS = _Positions()


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 100 else f"{text[:97]}...")


async def call_descendants(
    context: Context, keys: Sequence[tuple[str, str]], *, lists: TreeList
) -> list[TreePage | Exception]:
    """The calls below each (project, call id), depth first, siblings by start and id.

    A few statements a project and level, however many calls ask; many levels are read at once.
    """

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, TreePage | Exception]:
        if lists.is_read_on:
            few = min(FEW, max(_FEW_FOR_SMALL, _FEW_TIMES * lists.request.size * len(ids)))
            below = walk_below(connection, project, ids, levels=lists.levels, most=few, most_levels=_FEW_LEVELS)
            if below.cut:
                return _read_on(connection, project, ids, lists)
        else:
            below = walk_below(connection, project, ids, levels=lists.levels, most=MOST_WALKED)
        trees: dict[str, list[Placed]] = {}
        cut: set[str] = set(ids) if below.cut else set()
        for call_id in ids:
            tree = list(islice(depth_first(below, call_id, levels=lists.levels), MOST_DESCENDANTS + 1))
            if len(tree) > MOST_DESCENDANTS:
                cut.add(call_id)
                tree.pop()
            trees[call_id] = tree
        shown = {call.id for tree in trees.values() for call in tree if not call.hidden}
        listed = _among(connection, project, shown, lists.chosen)
        return _pages(
            connection, project, {call_id: _Tree(tree, listed) for call_id, tree in trees.items()}, lists, cut
        )

    found = await read_by_key(context, keys, read)
    return [page or TreePage(Page.empty(), {}, 0) for page in found]


def _read_on(
    connection: Connection, project: str, ids: Sequence[str], lists: TreeList
) -> dict[str, TreePage | Exception]:
    """The page of the tree below each call, of trees that are too large to be walked."""
    found: dict[str, TreePage | Exception] = {}
    begins: dict[str, list[Gap]] = {}
    after = lists.request.after
    if after is None:
        begins = {top: [Gap(top)] for top in ids}
    else:
        call_id = _POSITIONS.decode(after, "after")
        above = walk_above(connection, project, [call_id], most_levels=None)
        for top in ids:
            gaps = gaps_behind(above, top, call_id, levels=lists.levels)
            if gaps is None:
                found[top] = _in_no_tree(after, "after")
            else:
                begins[top] = gaps
    size = lists.request.size
    trees = select_on(connection, project, begins, wanted=size + 1, levels=lists.levels)
    slices = {
        top: _Slice(calls[:size], has_previous=after is not None, has_next=len(calls) > size)
        for top, calls in trees.items()
    }
    return found | {top: TreePage(*shown) for top, shown in _shown(connection, project, slices, lists).items()}


async def call_ancestors(
    context: Context, keys: Sequence[tuple[str, str]], *, lists: TreeList
) -> list[TreePage | Exception]:
    """The calls above each (project, call id), the nearest first; ``depths`` count the steps up."""

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, TreePage | Exception]:
        above = walk_above(connection, project, ids)
        ways = {
            call_id: [Placed(one, step, hidden=False) for step, one in enumerate(way_up(above, call_id), 1)]
            for call_id in ids
        }
        listed = {call.id for way in ways.values() for call in way}
        return _pages(connection, project, {call_id: _Tree(way, listed) for call_id, way in ways.items()}, lists)

    found = await read_by_key(context, keys, read)
    return [page or TreePage(Page.empty(), {}, 0) for page in found]


async def call_depths(context: Context, keys: Sequence[tuple[str, str]]) -> list[int]:
    """How many calls are above each (project, call id)."""

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, int]:
        above = walk_above(connection, project, ids)
        return {call_id: len(way_up(above, call_id)) for call_id in ids}

    return [depth or 0 for depth in await read_by_key(context, keys, read)]


async def call_tops(context: Context, keys: Sequence[tuple[str, str]], *, columns: frozenset[str]) -> list[Row | None]:
    """The last call on the way up from each (project, call id), itself where none is above it."""

    def read(connection: Connection, project: str, ids: list[str]) -> Mapping[str, Row]:
        above = walk_above(connection, project, ids)
        tops = {call_id: next(reversed(way_up(above, call_id)), call_id) for call_id in ids}
        rows = select_calls_by_id(connection, project, tops.values(), columns)
        return {call_id: rows[top] for call_id, top in tops.items() if top in rows}

    return await read_by_key(context, keys, read)


def _among(connection: Connection, project: str, ids: Iterable[str], chosen: CallList | None) -> set[str]:
    """Those of ``ids`` that ``chosen`` lets in."""
    if chosen is None:
        return set(ids)
    conditions = replace(chosen, project=project).conditions()
    return set(connection.execute(select(calls.c.id).where(*conditions, among(calls.c.id, ids))).scalars())


class _Slice(NamedTuple):
    """What a page of a tree holds."""

    calls: Sequence[Placed]
    has_previous: bool
    has_next: bool


class _Tree:
    """The calls of a tree in their order, and the places there of those that are listed."""

    def __init__(self, order: Sequence[Placed], listed: Collection[str]) -> None:
        self.order = order
        self.places = [place for place, call in enumerate(order) if not call.hidden and call.id in listed]

    def slice(self, request: PageRequest) -> _Slice:
        """The calls of a page; raises InvalidQueryError for the cursor of a call that is not there."""
        start, end = 0, len(self.places)
        if request.after is not None:
            start = bisect_right(self.places, self._place_of(request.after, "after"))
        if request.before is not None:
            end = bisect_left(self.places, self._place_of(request.before, "before"))
        if request.backwards:
            start = max(start, end - request.size)
        else:
            end = min(end, start + request.size)
        calls = [self.order[place] for place in self.places[start:end]]
        return _Slice(calls, has_previous=start > 0, has_next=end < len(self.places))

    def _place_of(self, cursor: str, argument: str) -> int:
        call_id = _POSITIONS.decode(cursor, argument)
        for place, call in enumerate(self.order):
            if call.id == call_id:
                return place
        raise _in_no_tree(cursor, argument)


def _in_no_tree(cursor: str, argument: str) -> InvalidQueryError:
    return InvalidQueryError(f"the cursor {_quoted(cursor)} is of no call in this tree", [argument])


def _pages(
    connection: Connection, project: str, trees: Mapping[str, _Tree], lists: TreeList, cut: Collection[str] = ()
) -> dict[str, TreePage | Exception]:
    """The page of each tree. An error stands for one that a cursor is not of."""
    found: dict[str, TreePage | Exception] = {}
    slices: dict[str, _Slice] = {}
    for top, tree in trees.items():
        try:
            slices[top] = tree.slice(lists.request)
        except InvalidQueryError as error:
            found[top] = error
    shown = _shown(connection, project, slices, lists)
    return found | {
        top: TreePage(page, depths, len(trees[top].places), top in cut) for top, (page, depths) in shown.items()
    }


def _shown(
    connection: Connection, project: str, slices: Mapping[str, _Slice], lists: TreeList
) -> dict[str, tuple[Page, Mapping[str, int]]]:
    """The page of each slice, and how deep its calls are: a statement a chunk of calls, and one more where payloads are
    asked for, so that no page passes ``MAX_PAGE_BYTES``."""
    columns = lists.columns
    if columns is None:
        return {top: (Page.empty(), {}) for top in slices}
    if PAYLOADS & columns:
        ids = {call.id for one in slices.values() for call in one.calls}
        sizes = select_calls_by_id(connection, project, ids, [SIZE])
        slices = {top: _within(one, sizes, lists.request) for top, one in slices.items()}
    ids = {call.id for one in slices.values() for call in one.calls}
    rows = select_calls_by_id(connection, project, ids, columns)
    found: dict[str, tuple[Page, Mapping[str, int]]] = {}
    for top, one in slices.items():
        kept = [call for call in one.calls if call.id in rows]
        page = Page(
            RowSet("Call", rows[kept[0].id].columns if kept else (), (rows[call.id] for call in kept)),
            [(call.id,) for call in kept],
            has_next=one.has_next,
            has_previous=one.has_previous,
            order=_POSITIONS,
        )
        found[top] = page, {call.id: call.depth for call in kept}
    return found


def _within(one: _Slice, sizes: Mapping[str, Row], request: PageRequest) -> _Slice:
    """The calls of a page, from the end that it begins at, as far as ``MAX_PAGE_BYTES`` hold them; at least one."""
    total = 0
    calls = list(reversed(one.calls)) if request.backwards else one.calls
    for index, call in enumerate(calls):
        total += sizes[call.id].storage_size_bytes if call.id in sizes else 0
        if total > MAX_PAGE_BYTES and index:
            if request.backwards:
                return _Slice(one.calls[len(calls) - index :], has_previous=True, has_next=one.has_next)
            return _Slice(one.calls[:index], has_previous=one.has_previous, has_next=True)
    return one
