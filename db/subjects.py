"""Subjects: whom or what calls are about, told by a value that they carry: the user who made a call, or the customer
that its attributes name.

A subject's id is such a value, and nothing else is kept of it. It is found by an index that begins with the project.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Subquery,
    and_,
    case,
    column,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    type_coerce,
    values,
)

from db.calls.reads import SHOWN
from db.calls.tables import calls
from db.calls.usage import Reported, select_reported_of_traces
from db.chunks import chunked
from db.id_lists import among
from db.lookups import Totals, names_in, total_fields
from db.metadata import Name
from db.pages import Page, PageRequest, select_count, select_page
from db.partitions import count_by
from db.projects import projects
from db.query.fields import Field, Fields, FieldType
from db.query.json import json_node
from db.query.order import Direction, compile_order
from db.query.templates import apply
from db.rows import Row, fetch
from db.unordered import unordered

__all__ = [
    "INDEXED_CHARACTERS",
    "LATEST_FIRST",
    "LONGEST_ID",
    "Subject",
    "SubjectFilter",
    "possible",
    "select_call_counts",
    "select_calls_of",
    "select_listed_ids",
    "select_projects_with",
    "select_subject_ids",
    "select_subjects",
    "select_subjects_count",
    "select_subjects_page",
]

c = calls.c

LONGEST_ID = 4096
"""Characters; a longer value in JSON names no subject."""

INDEXED_CHARACTERS = 100
"""How much of a value in JSON is in the index: an entry of PostgreSQL's holds 2,704 bytes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One sort of subject: the noun of its rows, and where calls carry its id: a column of text, or ``parts`` inside a
    column of JSON. Empty text there, lists, objects, booleans and null name no subject; a number does by its text."""

    noun: str
    column: str
    parts: tuple[str, ...] = ()

    @property
    def id(self) -> ColumnElement[Any]:
        """The id that a call carries; text, null or of any length where it names no subject."""
        if not self.parts:
            return c[self.column]
        node = json_node(func.coalesce(c[f"{self.column}_query"], c[self.column]), self.parts)
        return type_coerce(apply("json_key", node), Name)

    @property
    def indexed(self) -> ColumnElement[Any]:
        """What the index holds of the id: all of a column, the first characters of what stands in JSON."""
        return self.id if not self.parts else _start(self.id)

    def named(self) -> ColumnElement[bool]:
        """The calls that name a subject."""
        conditions = [self.indexed.is_not(None), self.indexed != ""]
        if self.parts:
            conditions.append(func.length(self.id) <= LONGEST_ID)
        return and_(*conditions)

    def among(self, ids: Sequence[str]) -> ColumnElement[bool]:
        """The calls that name one of ``ids``, which are ids that a subject can have."""
        if not self.parts:
            return self.id.in_(ids)
        starts = dict.fromkeys(each[:INDEXED_CHARACTERS] for each in ids)
        return and_(self.indexed.is_not(None), self.indexed.in_(starts), self.id.in_(ids))

    def is_(self, wanted: ColumnElement[Any]) -> ColumnElement[bool]:
        """The calls that name the subject whose id is ``wanted``."""
        if not self.parts:
            return self.id == wanted
        return and_(self.indexed.is_not(None), self.indexed == _start(wanted), self.id == wanted)


def _start(text: ColumnElement[Any]) -> ColumnElement[Any]:
    # Written out, as an index on the expression has no bound values; compared as names are, or it would not be used.
    start = func.substr(text, literal_column("1"), literal_column(str(INDEXED_CHARACTERS)))
    return type_coerce(apply("ordered", start), Name)


def possible(ids: Iterable[str]) -> list[str]:
    """Those of ``ids`` that a subject can have, each once."""
    return [each for each in dict.fromkeys(ids) if 0 < len(each) <= LONGEST_ID]


_AGGREGATES: dict[str, ColumnElement[Any]] = {
    "call_count": func.count(),
    "error_count": func.count(case((c.status == "error", 1))),
    "first_seen": func.min(c.started_at),
    "last_seen": func.max(c.started_at),
}
"""What the calls of a subject add up to, by the names that rows carry."""


def select_subjects(connection: Connection, project_id: str, ids: Iterable[str], *, subject: Subject) -> dict[str, Row]:
    """What the shown calls of each subject add up to in one project; a subject without any is missing."""
    found: dict[str, Row] = {}
    for chunk in chunked(possible(ids)):
        where = (c.project_id == project_id, SHOWN, subject.among(chunk))
        aggregates = (expression.label(name) for name, expression in _AGGREGATES.items())
        statement = select(subject.id.label("id"), *aggregates).where(*where).group_by(subject.id)
        found.update((row.id, row) for row in fetch(connection, subject.noun, statement))
    return found


def select_subject_ids(
    connection: Connection, project_id: str, call_ids: Iterable[str], *, subject: Subject
) -> dict[str, str]:
    """The id of the subject that each call names, by call id; a call that names none is missing."""
    found: dict[str, str] = {}
    for chunk in chunked(call_ids):
        where = (c.project_id == project_id, among(c.id, chunk), subject.named())
        found.update((row[0], row[1]) for row in connection.execute(select(c.id, subject.id).where(*where)))
    return found


def select_call_counts(
    connection: Connection, project_id: str, ids: Iterable[str], *, subject: Subject
) -> dict[str, int]:
    """How many shown calls name each subject in one project; a subject without any is missing."""
    counts: dict[str, int] = {}
    for chunk in chunked(possible(ids)):
        where = (c.project_id == project_id, SHOWN, subject.among(chunk))
        counts |= count_by(connection, key=subject.id, conditions=where)
    return counts


def select_calls_of(
    connection: Connection, project_id: str, ids: Sequence[str], *, subject: Subject, most: int
) -> tuple[list[tuple[str, str]], list[Reported] | None]:
    """The shown calls that name one of ``ids``, as pairs of it and the call's id; and what the calls of their traces
    report, None where these are more than ``most``. Two statements."""
    where = (c.project_id == project_id, SHOWN, subject.among(ids))
    named = [(row[0], row[1]) for row in connection.execute(select(subject.id, c.id).where(*where))]
    traces = select(c.trace_id).where(*where)
    return named, select_reported_of_traces(connection, project_id, traces, most)


Wanted = ColumnElement[Any]


def select_projects_with(
    connection: Connection,
    ids: Iterable[str],
    in_project: Callable[[Wanted, Wanted], Sequence[ColumnElement[bool]]],
    among: Collection[str] | None = None,
) -> dict[str, list[str]]:
    """The projects, of those ``among`` which they must be, in which something stands for each of ``ids``, in the order
    of their slugs; an id without any is missing.

    ``in_project`` gives the conditions on a row, of the project and the id. One look into an index for each project and
    id: this statement alone has no constant project, since it is what finds them.
    """
    found: dict[str, list[str]] = {}
    for chunk in chunked(possible(ids)):
        wanted = values(column("id", Name), name="wanted").data([(each,) for each in chunk]).cte("wanted_ids")
        # OFFSET keeps PostgreSQL from joining all calls with all ids where it has no statistics yet.
        there = (
            select(literal_column("1"))
            .where(*in_project(projects.c.project_id, wanted.c.id))
            .offset(0)
            .correlate(projects, wanted)
            .exists()
        )
        statement = (
            select(wanted.c.id, projects.c.project_id)
            .select_from(wanted.join(projects, true()))
            .where(there, *([] if among is None else [projects.c.project_id.in_(among)]))
            .order_by(projects.c.project_id)
        )
        for each, project in connection.execute(statement):
            found.setdefault(each, []).append(project)
    return found


Sorts = Sequence[tuple[str, Direction]]

LATEST_FIRST: Sorts = (("last_seen", "desc"),)


@dataclass(frozen=True, slots=True)
class SubjectFilter:
    """Which subjects a list holds; each field that is set must hold. Times are microseconds, UTC."""

    ids: Sequence[str] | None = None
    seen_after: int | None = None
    seen_before: int | None = None
    min_call_count: int | None = None

    def of_subjects(self, subjects: Subquery) -> list[ColumnElement[bool]]:
        """Conditions on the subjects."""
        found: list[ColumnElement[bool]] = []
        if self.seen_after is not None:
            found.append(subjects.c.last_seen >= self.seen_after)
        if self.seen_before is not None:
            found.append(subjects.c.first_seen < self.seen_before)
        if self.min_call_count is not None:
            found.append(subjects.c.call_count >= literal(self.min_call_count, BigInteger))
        return found


EVERY_SUBJECT = SubjectFilter()


def _subjects(project_id: str, subject: Subject, chosen: SubjectFilter, sorts: Sorts = ()) -> Subquery:
    """The subjects, with what a filter or ``sorts`` may need of them: errors take a look at each call."""
    where = [c.project_id == project_id, SHOWN, subject.named()]
    if chosen.ids is not None:
        where.append(subject.among(possible(chosen.ids)))
    with_errors = "error_count" in names_in(sorts)
    aggregates = (
        expression.label(name) for name, expression in _AGGREGATES.items() if name != "error_count" or with_errors
    )
    key = unordered(subject.id) if with_errors and chosen.ids is None else subject.id
    return select(subject.id.label("id"), *aggregates).where(*where).group_by(key).subquery()


def select_subjects_page(
    connection: Connection,
    project_id: str,
    request: PageRequest,
    *,
    subject: Subject,
    chosen: SubjectFilter = EVERY_SUBJECT,
    sorts: Sorts = LATEST_FIRST,
    totals: Totals,
) -> Page:
    """A page of the subjects of one project: rows of id, project_slug and what their calls there add up to. ``totals``
    are what they used and cost, as far as they are sorted by it.

    Raises ``QueryError`` for a sort that subjects do not have, or a cursor that is none.
    """
    subjects = _subjects(project_id, subject, chosen, sorts)
    fields = Fields(
        [
            Field("id", FieldType.TEXT, subjects.c.id, nullable=False),
            Field("call_count", FieldType.INTEGER, subjects.c.call_count, nullable=False),
            Field("error_count", FieldType.INTEGER, subjects.c.get("error_count", null()), nullable=False),
            Field("first_seen", FieldType.TIME, subjects.c.first_seen, nullable=False),
            Field("last_seen", FieldType.TIME, subjects.c.last_seen, nullable=False),
            *total_fields(subjects.c.id, totals),
        ]
    )
    return select_page(
        connection, subject.noun, [subjects.c.id], chosen.of_subjects(subjects), compile_order(sorts, fields), request
    )


def select_listed_ids(
    connection: Connection, project_id: str, *, subject: Subject, chosen: SubjectFilter, most: int
) -> list[str]:
    """The ids of the subjects of one project, in no order; ``most`` of them at most."""
    subjects = _subjects(project_id, subject, chosen)
    statement = select(subjects.c.id).where(*chosen.of_subjects(subjects)).limit(most)
    return list(connection.execute(statement).scalars())


def select_subjects_count(
    connection: Connection, project_id: str, limit: int | None, *, subject: Subject, chosen: SubjectFilter
) -> int:
    """How many subjects there are in one project; counting stops at ``limit``."""
    subjects = _subjects(project_id, subject, chosen)
    return select_count(connection, [subjects.c.call_count > 0, *chosen.of_subjects(subjects)], limit)
