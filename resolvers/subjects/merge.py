"""Pages of lists that lie in several projects: ranked in each, and merged.

The order of such a list ends with the project, so that its cursors stand for one place in all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from db.chunks import chunked
from db.pages import Page, PageRequest
from db.partitions import Ranked
from db.query.order import Order
from db.rows import Row, RowSet
from db.subjects import possible
from resolvers.subjects.places import Key, Places, by_project

__all__ = ["Merged", "merged_counts", "merged_pages"]


@dataclass(frozen=True, slots=True)
class Merged:
    """How a list is read, which is the same for each subject."""

    noun: str
    request: PageRequest
    order: Order
    rank: Callable[[Connection, str, Sequence[str]], Mapping[str, list[Ranked]]]
    """What ``db.partitions.rank`` gives in one project, by id of the subject: one statement."""

    read: Callable[[Connection, str, Sequence[str]], Mapping[str, Row]]
    """Rows of one project by id."""

    max_bytes: int | None = None
    """A page is cut before the row that would bring it past so many bytes, but not before the first."""


Found = tuple[str, Ranked]
"""The project of a row, and the row."""


def merged_pages(connection: Connection, places: Places, merged: Merged) -> dict[Key, Page]:
    """The page of each subject: two statements a project and chunk."""
    ranked: dict[tuple[str, str], list[Ranked]] = {}
    for project, ids in by_project(places).items():
        for chunk in chunked(possible(ids)):
            found = merged.rank(connection, project, chunk)
            ranked.update(((project, subject_id), rows) for subject_id, rows in found.items())
    kept = {
        key: _kept([(project, row) for project in projects for row in ranked.get((project, key[1]), ())], merged)
        for key, projects in places.items()
    }
    wanted: dict[str, dict[str, None]] = {}
    for chosen, _ in kept.values():
        for project, row in chosen:
            wanted.setdefault(project, {})[row.id] = None
    rows = {project: merged.read(connection, project, list(ids)) for project, ids in wanted.items()}
    return {key: _page(chosen, rows, merged, more=more) for key, (chosen, more) in kept.items()}


def merged_counts(
    connection: Connection, places: Places, count: Callable[[Connection, str, Sequence[str]], Mapping[str, int]]
) -> dict[Key, int]:
    """How many rows each subject's list has, by ``count`` of one project: one statement a project and chunk."""
    counts: dict[tuple[str, str], int] = {}
    for project, ids in by_project(places).items():
        for chunk in chunked(possible(ids)):
            counts.update(((project, each), number) for each, number in count(connection, project, chunk).items())
    return {key: sum(counts.get((project, key[1]), 0) for project in projects) for key, projects in places.items()}


def _kept(found: list[Found], merged: Merged) -> tuple[list[Found], bool]:
    """The rows of a page in the direction in which it is read, and whether there are more in that direction."""
    request = merged.request
    direction = merged.order.reversed() if request.backwards else merged.order
    rest = direction.sorted(found, lambda item: item[1].cursor)[request.offset :]
    kept = rest[: request.size]
    if merged.max_bytes is not None:
        total = 0
        for index, (_, row) in enumerate(kept):
            total += row.size
            if total > merged.max_bytes and index:
                kept = kept[:index]
                break
    return kept, len(rest) > len(kept)


def _page(kept: list[Found], rows: Mapping[str, Mapping[str, Row]], merged: Merged, *, more: bool) -> Page:
    request = merged.request
    # What is gone since it was ranked is left out.
    found = [(row, rows[project][row.id]) for project, row in kept if row.id in rows[project]]
    if request.backwards:
        found.reverse()
    return Page(
        RowSet(merged.noun, found[0][1].columns if found else (), (row for _, row in found)),
        [ranked.cursor for ranked, _ in found],
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None or (request.offset > 0 and bool(found)),
        order=merged.order,
    )
