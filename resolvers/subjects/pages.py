"""Lists below subjects, over one project or all: calls, feedback, and traces, sessions and threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, func, null, select

from db.calls.reads import PAYLOADS as CALL_PAYLOADS
from db.calls.reads import SHOWN, TOP_OF_TRACE, select_calls_by_id
from db.calls.tables import calls
from db.feedback import PAYLOADS as FEEDBACK_PAYLOADS
from db.feedback import STORAGE_SIZE, feedback, select_feedback_by_id
from db.groups import Grouping, select_groups
from db.pages import Page, PageRequest, between_cursors
from db.partitions import Ranked, count_by, rank
from db.query.fields import Field, Fields, FieldType
from db.query.order import Order, compile_order
from db.subjects import Subject
from resolvers.calls.pages import CallList
from resolvers.context import Context
from resolvers.feedback.pages import FeedbackList
from resolvers.queries import refusing_queries
from resolvers.search.find import count_unsearched
from resolvers.subjects.merge import Merged, merged_counts, merged_pages
from resolvers.subjects.places import Find, Key, places_of

__all__ = [
    "SubjectCalls",
    "SubjectFeedback",
    "SubjectGroups",
    "subject_list_counts",
    "subject_list_pages",
    "subject_trace_bytes",
    "subject_unsearched",
]

c = calls.c

_TIEBREAK = ("id", "project_id")


@dataclass(frozen=True, slots=True, eq=False)
class SubjectCalls:
    """The calls that name each of many subjects; what is chosen of them, in ``chosen.order``, is the same for all.

    Told apart by identity, as the other lists here: a loader batches what asks with the same one.
    """

    subject: Subject
    find: Find
    chosen: CallList
    request: PageRequest
    columns: frozenset[str]
    max_bytes: int

    def merged(self) -> Merged:
        """How a page is read."""
        large = bool(CALL_PAYLOADS & self.columns)
        return Merged(
            "Call",
            self.request,
            replace(self.chosen, costs={} if self.chosen.by_cost else None).order(_TIEBREAK),
            self._rank,
            lambda connection, project, ids: select_calls_by_id(connection, project, ids, self.columns),
            self.max_bytes if large else None,
        )

    def _rank(self, connection: Connection, project: str, ids: Sequence[str]) -> dict[str, list[Ranked]]:
        named = self.subject.among(ids)
        searched = replace(self.chosen, project=project).with_search(connection, wanted=bool(self.request.size))
        chosen = searched.with_costs(connection, self.request, named)
        return rank(
            connection,
            key=self.subject.id,
            row_id=c.id,
            conditions=[*chosen.conditions(), named],
            order=chosen.order(_TIEBREAK),
            request=self.request,
            size=c.start_size + c.end_size,
        )

    def count(self, connection: Connection, project: str, ids: Sequence[str]) -> Mapping[str, int]:
        """How many there are in one project, by id of the subject."""
        conditions = [
            *replace(self.chosen, project=project).with_search(connection).conditions(),
            self.subject.among(ids),
        ]
        return count_by(connection, key=self.subject.id, conditions=conditions)


@dataclass(frozen=True, slots=True, eq=False)
class SubjectFeedback:
    """The feedback that each of many users gave."""

    find: Find
    chosen: FeedbackList
    request: PageRequest
    columns: frozenset[str]
    max_bytes: int

    def merged(self) -> Merged:
        """How a page is read."""
        large = bool(FEEDBACK_PAYLOADS & self.columns)
        return Merged(
            "Feedback",
            self.request,
            self.chosen.order(_TIEBREAK),
            self._rank,
            lambda connection, project, ids: select_feedback_by_id(connection, project, ids, self.columns),
            self.max_bytes if large else None,
        )

    def _rank(self, connection: Connection, project: str, ids: Sequence[str]) -> dict[str, list[Ranked]]:
        return rank(
            connection,
            key=feedback.c.wb_user_id,
            row_id=feedback.c.id,
            conditions=self._conditions(project, ids),
            order=self.chosen.order(_TIEBREAK),
            request=self.request,
            size=STORAGE_SIZE,
        )

    def count(self, connection: Connection, project: str, ids: Sequence[str]) -> Mapping[str, int]:
        """How much there is in one project, by id of the user."""
        return count_by(connection, key=feedback.c.wb_user_id, conditions=self._conditions(project, ids))

    def _conditions(self, project: str, ids: Sequence[str]) -> list[ColumnElement[bool]]:
        return [*self.chosen.conditions(project), feedback.c.wb_user_id.in_(ids)]


@dataclass(frozen=True, slots=True, eq=False)
class SubjectGroups:
    """The traces, sessions or threads in which calls name each of many subjects: whole ones, those whose first such
    call is newest first."""

    subject: Subject
    find: Find
    grouping: Grouping
    request: PageRequest
    columns: frozenset[str]

    def merged(self) -> Merged:
        """How a page is read."""
        return Merged(
            self.grouping.noun,
            self.request,
            self._order(self._groups("", [])),
            self._rank,
            lambda connection, project, keys: select_groups(
                connection, project, keys, grouping=self.grouping, columns=self.columns
            ),
        )

    def _rank(self, connection: Connection, project: str, ids: Sequence[str]) -> dict[str, list[Ranked]]:
        groups = self._groups(project, ids)
        return rank(
            connection,
            key=groups.c.subject_id,
            row_id=groups.c.id,
            conditions=[],
            order=self._order(groups),
            request=self.request,
        )

    def count(self, connection: Connection, project: str, ids: Sequence[str]) -> Mapping[str, int]:
        """How many there are in one project, by id of the subject."""
        groups = self._groups(project, ids)
        return count_by(connection, key=groups.c.subject_id, conditions=[])

    def _groups(self, project: str, ids: Sequence[str]) -> Subquery:
        # Not the bare column: SQLite would walk all groups by an index of theirs, and not the subject's calls.
        key: ColumnElement[Any] = func.coalesce(self.grouping.column, null())
        return (
            select(
                self.subject.id.label("subject_id"),
                key.label("id"),
                func.min(c.project_id).label("project_id"),
                func.min(c.started_at).label("started_at"),
            )
            .where(c.project_id == project, SHOWN, self.subject.among(ids), key.is_not(None))
            .group_by(self.subject.id, key)
            .subquery()
        )

    def _order(self, groups: Subquery) -> Order:
        fields = Fields(
            [
                Field("id", FieldType.TEXT, groups.c.id, nullable=False),
                Field("project_id", FieldType.TEXT, groups.c.project_id, nullable=False),
                Field("started_at", FieldType.TIME, groups.c.started_at, nullable=False),
            ]
        )
        return compile_order([("started_at", "desc")], fields, _TIEBREAK)


SubjectLists = SubjectCalls | SubjectFeedback | SubjectGroups


async def subject_list_pages(context: Context, keys: Sequence[Key], *, lists: SubjectLists) -> list[Page]:
    """The page of each subject: two statements a project and chunk, and one that finds projects."""
    merged = lists.merged()

    def read(connection: Connection) -> dict[Key, Page]:
        return merged_pages(connection, places_of(connection, context.caller, keys, lists.find), merged)

    with refusing_queries("after"):
        between_cursors(merged.order, lists.request)  # They may be wrong where there is no project to read, too.
        pages = await context.read(read)
    return [pages[key] for key in keys]


async def subject_list_counts(context: Context, keys: Sequence[Key], *, lists: SubjectLists) -> list[int]:
    """The length of each subject's list: one statement a project and chunk, and one that finds projects."""

    def read(connection: Connection) -> dict[Key, int]:
        return merged_counts(connection, places_of(connection, context.caller, keys, lists.find), lists.count)

    counts = await context.read(read)
    return [counts[key] for key in keys]


async def subject_trace_bytes(context: Context, key: Key, *, lists: SubjectCalls) -> int:
    """Bytes of all calls of the traces whose roots are in a subject's list: a statement a project."""

    def read(connection: Connection) -> int:
        places = places_of(connection, context.caller, [key], lists.find)
        total = 0
        for project in places[key]:
            named = lists.subject.among([key[1]])
            conditions = replace(lists.chosen, project=project).with_search(connection).conditions()
            roots = select(c.trace_id).where(*conditions, named, TOP_OF_TRACE)
            size = func.coalesce(func.sum(c.start_size + c.end_size), 0)
            statement = select(size).where(c.project_id == project, SHOWN, c.trace_id.in_(roots))
            total += int(connection.execute(statement).scalar_one())
        return total

    return await context.read(read)


async def subject_unsearched(context: Context, keys: Sequence[Key], *, lists: SubjectCalls) -> list[int]:
    """A batch read: how many calls of its projects the search of a subject's list could not look at."""
    if not lists.chosen.search:
        return [0] * len(keys)

    def read(connection: Connection) -> list[int]:
        places = places_of(connection, context.caller, keys, lists.find)
        counts = {
            project: count_unsearched(connection, project)
            for project in {project for key in keys for project in places[key]}
        }
        return [sum(counts[project] for project in places[key]) for key in keys]

    return await context.read(read)
