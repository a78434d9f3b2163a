"""Pages that stay small in bytes, whatever their rows hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from db.pages import Page, PageRequest
from db.rows import Row, RowSet

__all__ = ["MAX_PAGE_BYTES", "SIZE", "bounded"]

MAX_PAGE_BYTES = 8 << 20
SIZE = "storage_size_bytes"
"""The column of how large a row is."""


def bounded(
    page: Page,
    request: PageRequest,
    *,
    key: str,
    read: Callable[[Sequence[str]], Mapping[str, Row]],
    max_bytes: int | None = MAX_PAGE_BYTES,
) -> Page:
    """The rows of ``page`` as ``read`` gives them by the column ``key``, as many as ``max_bytes`` allow: all
    where there is no such limit.

    ``page`` was read for its keys and ``SIZE``. It is cut before the row that would bring it past
    ``max_bytes``, but not before the first; rows that are gone since are left out.
    """
    if max_bytes is not None:
        page = _cut(page, request, max_bytes)
    found = read([getattr(row, key) for row in page.rows]) if page.rows else {}
    kept = [
        (found[getattr(row, key)], cursor)
        for row, cursor in zip(page.rows, page.cursors, strict=True)
        if getattr(row, key) in found
    ]
    columns = kept[0][0].columns if kept else ()
    return replace(
        page, rows=RowSet(page.rows.noun, columns, (row for row, _ in kept)), cursors=[cursor for _, cursor in kept]
    )


def _cut(page: Page, request: PageRequest, max_bytes: int) -> Page:
    total = 0
    # A page from the back is cut at its front.
    rows = list(reversed(page.rows)) if request.backwards else page.rows
    for index, row in enumerate(rows):
        total += row.storage_size_bytes
        if total > max_bytes and index:
            break
    else:
        return page
    kept = slice(len(rows) - index, None) if request.backwards else slice(index)
    return replace(
        page,
        rows=page.rows.like(page.rows[kept]),
        cursors=page.cursors[kept],
        has_next=page.has_next or not request.backwards,
        has_previous=page.has_previous or request.backwards,
    )
