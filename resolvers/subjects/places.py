"""Where a subject is looked for: in one project, or in all that the caller may read."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.feedback import feedback
from db.subjects import Subject, select_projects_with
from resolvers.callers import Caller

__all__ = ["Find", "Key", "Places", "by_project", "calls_of", "chosen_project", "feedback_of", "places_of"]

Key = tuple[str | None, str]
"""A subject as it was reached: the slug of the one project that counts, None for all; and its id."""

Places = Mapping[Key, Sequence[str]]
"""The projects in which to look for each, by slug in their order."""

Find = Callable[[ColumnElement[Any], ColumnElement[Any]], Sequence[ColumnElement[bool]]]
"""Conditions on rows that show that a subject is in a project, of the project and the id."""


@cache
def calls_of(subject: Subject) -> Find:
    """It is where a shown call names it."""
    return lambda project, wanted: (calls.c.project_id == project, SHOWN, subject.is_(wanted))


def feedback_of(project: ColumnElement[Any], wanted: ColumnElement[Any]) -> Sequence[ColumnElement[bool]]:
    """A user is where it gave feedback."""
    return feedback.c.project_id == project, feedback.c.wb_user_id == wanted


def chosen_project(caller: Caller, reached_in: str | None, asked_for: str | None) -> str | None:
    """The one project that counts: what is asked for, or else where the subject was reached; None for all.

    Raises InvalidInputError for what is no slug, ForbiddenError for a project that the caller may not read.
    """
    if asked_for is None:
        return reached_in
    caller.require_read(asked_for)
    return asked_for


def places_of(connection: Connection, caller: Caller, keys: Sequence[Key], find: Find) -> Places:
    """The places of each key, as far as the caller may read: one statement for all that are looked for everywhere."""
    everywhere = [subject_id for project, subject_id in keys if project is None]
    found = select_projects_with(connection, everywhere, find) if everywhere else {}
    places: dict[Key, Sequence[str]] = {}
    for key in keys:
        project, subject_id = key
        projects = found.get(subject_id, ()) if project is None else (project,)
        places[key] = [slug for slug in projects if caller.may_read(slug)]
    return places


def by_project(places: Places) -> dict[str, list[str]]:
    """The ids to look for in each project."""
    wanted: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for (_, subject_id), projects in places.items():
        for project in projects:
            wanted[project][subject_id] = None
    return {project: list(ids) for project, ids in wanted.items()}
