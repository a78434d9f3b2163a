"""What the calls of subjects add up to, which subjects there are, and in which projects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from db.lookups import Totals as ListTotals
from db.lookups import totalled
from db.pages import Page, PageRequest
from db.query.order import Direction
from db.rows import Row, RowSet
from db.subjects import (
    LATEST_FIRST,
    Subject,
    SubjectFilter,
    select_projects_with,
    select_subject_ids,
    select_subjects,
    select_subjects_count,
    select_subjects_page,
)
from resolvers.batches import read_by_key
from resolvers.context import Context
from resolvers.queries import refusing_queries
from resolvers.subjects.places import Find, Key, by_project, places_of
from resolvers.subjects.usage import totals_of_list

__all__ = [
    "Totals",
    "subject_ids",
    "subject_places",
    "subject_row",
    "subject_totals",
    "subjects_count",
    "subjects_page",
]


@dataclass(frozen=True, slots=True)
class Totals:
    """What the calls of one subject add up to. Times are microseconds, UTC; None where there are no calls."""

    call_count: int = 0
    error_count: int = 0
    first_seen: int | None = None
    last_seen: int | None = None


def subject_row(subject: Subject, project: str | None, subject_id: str) -> Row:
    """The row that stands for a subject: its id, the project it was reached in (None for all), and what it is."""
    return subject_rows(subject, project, [subject_id])[0]


def subject_rows(subject: Subject, project: str | None, ids: Iterable[str]) -> RowSet:
    """As ``subject_row``, for several."""
    return RowSet(subject.noun, ("id", "project_slug", "subject"), ((each, project, subject) for each in ids))


async def subject_totals(context: Context, keys: Sequence[Key], *, subject: Subject, find: Find) -> list[Totals]:
    """The totals of each: one statement a project and chunk, and one that finds projects."""

    def read(connection: Connection) -> list[Totals]:
        places = places_of(connection, context.caller, keys, find)
        rows = {
            (project, subject_id): row
            for project, ids in by_project(places).items()
            for subject_id, row in select_subjects(connection, project, ids, subject=subject).items()
        }
        return [_total([rows[at] for project in places[key] if (at := (project, key[1])) in rows]) for key in keys]

    return await context.read(read)


def _total(rows: Sequence[Row]) -> Totals:
    if not rows:
        return Totals()
    return Totals(
        call_count=sum(row.call_count for row in rows),
        error_count=sum(row.error_count for row in rows),
        first_seen=min(row.first_seen for row in rows),
        last_seen=max(row.last_seen for row in rows),
    )


async def subject_places(context: Context, keys: Sequence[Key], *, find: Find) -> list[Sequence[str]]:
    """The slugs of the projects, in their order, in which each is to be found and which the caller may read."""

    def read(connection: Connection) -> list[Sequence[str]]:
        projects = {project for project, _ in keys if project is not None}
        only = projects if all(project is not None for project, _ in keys) else None
        found = select_projects_with(connection, [subject_id for _, subject_id in keys], find, only)
        return [
            [
                slug
                for slug in found.get(subject_id, ())
                if (project is None or slug == project) and context.caller.may_read(slug)
            ]
            for project, subject_id in keys
        ]

    return await context.read(read)


async def subject_ids(context: Context, keys: Sequence[tuple[str, str]], *, subject: Subject) -> list[str | None]:
    """The id of the subject that each call, by (project, call id), names; None where it names none."""
    return await read_by_key(context, keys, partial(select_subject_ids, subject=subject))


async def subjects_page(
    context: Context,
    project: str,
    request: PageRequest,
    *,
    subject: Subject,
    chosen: SubjectFilter,
    sorts: Sequence[tuple[str, Direction]] = (),
) -> Page:
    """A page of the subjects that calls of a project name, by default the one seen last first.

    Raises InvalidQueryError for a sort that subjects do not have, or a cursor that is none.
    """
    context.caller.require_read(project)
    names = totalled(sorts)

    def read(connection: Connection) -> Page:
        totals: ListTotals = {name: {} for name in names}
        if names and request.size:
            totals = totals_of_list(connection, project, names, subject=subject, chosen=chosen)
        return select_subjects_page(
            connection, project, request, subject=subject, chosen=chosen, sorts=sorts or LATEST_FIRST, totals=totals
        )

    with refusing_queries("orderBy" if request.after is None and request.before is None else "after"):
        page = await context.read(read)
    return Page(
        subject_rows(subject, project, (row.id for row in page.rows)),
        page.cursors,
        page.has_next,
        page.has_previous,
        page.order,
    )


async def subjects_count(
    context: Context, project: str, limit: int | None, *, subject: Subject, chosen: SubjectFilter
) -> int:
    """How many subjects the calls of a project name; counting stops at ``limit``."""
    context.caller.require_read(project)
    return await context.read(
        lambda connection: select_subjects_count(connection, project, limit, subject=subject, chosen=chosen)
    )
