"""The projects of subjects, as pages."""

from collections.abc import Sequence

from db.pages import Page, PageRequest, decode_cursor
from db.projects import PROJECT_FIELDS
from db.query.order import compile_order
from db.rows import RowSet
from resolvers.context import Context
from resolvers.projects import projects_by_slug
from resolvers.queries import refusing_queries
from resolvers.subjects.places import Find, Key
from resolvers.subjects.read import subject_places

__all__ = ["subject_project_count", "subject_project_pages"]

_ORDER = compile_order([("slug", "asc")], PROJECT_FIELDS, ())


async def subject_project_pages(
    context: Context, keys: Sequence[Key], *, find: Find, request: PageRequest
) -> list[Page]:
    """A page of each subject's projects, by slug: two statements."""
    with refusing_queries("after"):
        after, before = _slug(request.after, "after"), _slug(request.before, "before")
    chosen = [_cut(slugs, after, before) for slugs in await subject_places(context, keys, find=find)]
    size = slice(-request.size, None) if request.backwards else slice(request.size)
    wanted = list({slug: None for slugs in chosen for slug in slugs[size]})
    rows = dict(zip(wanted, await projects_by_slug(context, wanted), strict=True)) if wanted else {}
    pages = []
    for slugs in chosen:
        found = [row for slug in slugs[size] if (row := rows[slug]) is not None]
        more = len(slugs) > request.size
        pages.append(
            Page(
                RowSet("Project", found[0].columns if found else (), found),
                [(row.slug,) for row in found],
                has_next=before is not None if request.backwards else more,
                has_previous=more if request.backwards else after is not None,
                order=_ORDER,
            )
        )
    return pages


async def subject_project_count(context: Context, keys: Sequence[Key], *, find: Find, limit: int | None) -> list[int]:
    """How many projects each subject is in; counting stops at ``limit``."""
    found = await subject_places(context, keys, find=find)
    return [len(slugs) if limit is None else min(len(slugs), limit) for slugs in found]


def _slug(cursor: str | None, argument: str) -> str | None:
    return None if cursor is None else str(decode_cursor(_ORDER, cursor, argument)[0])


def _cut(slugs: Sequence[str], after: str | None, before: str | None) -> list[str]:
    return [slug for slug in slugs if (after is None or slug > after) and (before is None or slug < before)]
