"""Pages of lists that are worked out in memory: what a run came to, in the order in which it began."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from db.bounded_pages import MAX_PAGE_BYTES
from db.calls.tables import calls
from db.pages import Page, PageRequest, decode_cursor
from db.query.order import Component, Order
from db.rows import RowSet
from resolvers.queries import refusing_queries

__all__ = ["Place", "page_of"]

T = TypeVar("T")


class Place(NamedTuple):
    """Where something stands in such a list: when it began, in microseconds, and what tells it from all others."""

    began: int
    key: str


_ORDER = Order(
    (Component(calls.c.started_at, descending=False, type="integer"), Component(calls.c.id, False, "text")), "began"
)


def page_of(
    items: Sequence[T],
    place: Callable[[T], Place],
    request: PageRequest,
    noun: str,
    columns: Sequence[str],
    row: Callable[[T], Sequence[Any]],
    size: Callable[[T], int] = lambda _item: 0,
) -> Page:
    """The page of ``items``, which are in the order of their places, as rows of ``columns``.

    It is shorter than asked for where the bytes of its items, by ``size``, would pass 8 MiB; it has one at least.
    Raises InvalidQueryError for a cursor that is none.
    """
    with refusing_queries("after"):
        after = None if request.after is None else decode_cursor(_ORDER, request.after, "after")
        before = None if request.before is None else decode_cursor(_ORDER, request.before, "before")
    low = 0 if after is None else bisect_right(items, after, key=place)
    high = len(items) if before is None else max(low, bisect_left(items, before, key=place))
    low = min(high, low + request.offset)
    if request.backwards:
        start, end = high - _fitting(reversed(items[max(low, high - request.size) : high]), size), high
    else:
        start, end = low, low + _fitting(items[low : min(high, low + request.size)], size)
    shown = items[start:end]
    return Page(
        RowSet(noun, columns, map(row, shown)),
        [tuple(place(item)) for item in shown],
        has_next=end < len(items),
        has_previous=start > 0,
        order=_ORDER,
    )


def _fitting(items: Iterable[T], size: Callable[[T], int]) -> int:
    """How many of ``items``, from the first on, fit into a page."""
    total = count = 0
    for item in items:
        total += size(item)
        if count and total > MAX_PAGE_BYTES:
            break
        count += 1
    return count
