"""Relay connections over rows: pages by cursor, read only as far as they are asked for."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from itertools import repeat
from typing import Annotated, Any, Generic, Protocol, TypeVar

import strawberry
from strawberry.federation.schema_directives import Shareable

from db.pages import Page, PageRequest
from db.rows import row_class
from graph.context import Info, context_of
from graph.fields import column, link
from graph.scalars import BigInt
from graph.selection import NODES, columns_of, is_selected
from resolvers.errors import InvalidInputError
from resolvers.loaders import BatchRead

__all__ = [
    "After",
    "Before",
    "Connection",
    "Edge",
    "First",
    "Last",
    "Offset",
    "PageInfo",
    "connect",
    "connect_siblings",
    "page_request",
    "shared_by_siblings",
]

T = TypeVar("T")
C = TypeVar("C")

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000

First = Annotated[
    int | None,
    strawberry.argument(
        description="Page size from the front: 1 to 1000; 100 where neither `first` nor `last` is given."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Cursor that the page begins after.")]
Last = Annotated[int | None, strawberry.argument(description="Page size from the back: 1 to 1000; excludes `first`.")]
Before = Annotated[str | None, strawberry.argument(description="Cursor that the page ends before.")]
Offset = Annotated[
    int | None,
    strawberry.argument(
        description="Rows to pass over first. For REST clients, and slow for large numbers: use `after`."
    ),
]


@strawberry.type(description="Where a page stands.", directives=[Shareable()])
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = column("Whether there is more after the page.")
    has_previous_page: bool = column("Whether there is more before the page.")
    start_cursor: str | None = column("Cursor of the first node; null on an empty page.")
    end_cursor: str | None = column("Cursor of the last node; null on an empty page.")


def _cursor(self: "Edge[Any]") -> str:
    return self.page.cursor(self.index)


@strawberry.type(description="A node and where it stands.")
class Edge(Generic[T]):
    """Relay's Edge. Rows stand for them, whose cursors are made where they are asked for."""

    page: strawberry.Private[Page]
    index: strawberry.Private[int]
    cursor: str = column("Opaque position of the node in this order.", resolver=_cursor)
    node: T = column("The node.")


EdgeRow = row_class("Edge", ("page", "index", "node"))


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's Connection. The page is read before, the count only where it is asked for."""

    page: strawberry.Private[Page]
    count: strawberry.Private[Callable[[int | None], Awaitable[int]]]

    @link("The nodes of the page, in order.")
    def nodes(self) -> list[T]:
        """The rows themselves."""
        return self.page.rows  # type: ignore[return-value]  # rows stand for their types

    @link("The nodes of the page with their cursors.")
    def edges(self) -> list[Edge[T]]:
        """One a row."""
        rows = self.page.rows
        return list(map(EdgeRow, zip(repeat(self.page), range(len(rows)), rows, strict=False)))  # type: ignore[arg-type]

    @link("Where the page stands.")
    def page_info(self) -> PageInfo:
        """Cursors of both ends."""
        last = len(self.page.rows) - 1
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor(0) if last >= 0 else None,
            end_cursor=self.page.cursor(last) if last >= 0 else None,
        )

    @link("How many nodes there are on all pages; counted apart, only where it is asked for.", weight=10)
    async def total_count(
        self,
        limit: Annotated[BigInt | None, strawberry.argument(description="Stop counting there; 1 or more.")] = None,
    ) -> BigInt:
        """Exact up to ``limit``."""
        if limit is not None and limit < 1:
            raise InvalidInputError(f"limit must be a positive integer, not {limit}", ["limit"])
        return BigInt(await self.count(limit))


def page_request(
    first: int | None, after: str | None, last: int | None, before: str | None, offset: int | None = None
) -> PageRequest:
    """The page that arguments ask for; raises InvalidInputError naming what is wrong with them."""
    if first is not None and last is not None:
        raise InvalidInputError(f"first ({first}) and last ({last}) exclude each other", ["last"])
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= LARGEST_PAGE:
            raise InvalidInputError(f"{name} must be from 1 to {LARGEST_PAGE}, not {size}", [name])
    if offset is not None and (offset < 0 or last is not None):
        raise InvalidInputError(f"offset must be 0 or more and goes with first, not {offset}", ["offset"])
    backwards = last is not None
    return PageRequest(
        size=last if last is not None else DEFAULT_PAGE if first is None else first,
        backwards=backwards,
        after=after,
        before=before,
        offset=offset or 0,
    )


async def connect(
    info: Info,
    connection: Callable[..., C],
    node: type | str,
    request: PageRequest,
    read: Callable[[PageRequest, frozenset[str]], Awaitable[Page]],
    count: Callable[[int | None], Awaitable[int]],
    **private: Any,
) -> C:
    """The ``connection`` (a class) of the current field: its page is read with the columns asked for, or not at all.

    Where it is not, ``read`` gets a page of no rows, and refuses what is wrong with the arguments all the same.
    """
    page = Page.empty()
    if is_selected(info, "nodes", "edges", "pageInfo"):
        page = await read(request, columns_of(info, node, NODES))
    elif any(each.arguments for each in info._raw_info.field_nodes):  # noqa: SLF001 - as in shared_by_siblings
        await read(replace(request, size=0), frozenset())
    return connection(page=page, count=count, **private)


class Lists(Protocol):
    """Lists that differ in one value alone, each below a row of one list; a loader reads them together."""

    @property
    def request(self) -> PageRequest:
        """The page of each."""

    def __hash__(self) -> int:
        """Told apart by identity."""


L = TypeVar("L", bound=Lists)


def shared_by_siblings(info: Info, make: Callable[[], L]) -> L:
    """What ``make`` gives, made once for the current field of all rows of a list."""
    # Siblings have the field's nodes and the variables in common.
    raw = info._raw_info  # noqa: SLF001 - strawberry has no other way to them
    return context_of(info).loaders.shared((*raw.field_nodes, raw.variable_values), make)


async def connect_siblings(
    info: Info,
    connection: Callable[..., C],
    node: str,
    key: Hashable,
    *,
    lists: Lists,
    pages: BatchRead,
    counts: BatchRead,
    **private: Any,
) -> C:
    """As ``connect``, of the list of ``key``, (project, value), among ``lists``: ``pages`` and ``counts`` read all
    siblings' at once."""
    loaders = context_of(info).loaders
    load = loaders.load

    async def read(request: PageRequest, _columns: frozenset[str]) -> Page:
        asked: Any = lists
        if not request.size:
            asked = loaders.shared((lists,), lambda: replace(asked, request=request))
        page: Page = await load(pages, key, lists=asked)
        return page

    async def count(limit: int | None) -> int:
        total: int = await load(counts, key, lists=lists)
        return total if limit is None else min(total, limit)

    return await connect(info, connection, node, lists.request, read=read, count=count, **private)
