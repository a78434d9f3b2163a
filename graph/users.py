"""Users: whoever calls were made for. Other subgraphs own the type, this one adds what calls tell."""

from typing import Annotated, cast

import strawberry

from db.bounded_pages import MAX_PAGE_BYTES
from graph.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    connect_siblings,
    page_request,
    shared_by_siblings,
)
from graph.context import Info, context_of
from graph.feedback.connection import FeedbackConnection, FeedbackOrder, Filter
from graph.feedback.filters import filter_of
from graph.fields import column, link
from graph.nodes import ProjectPart, is_row_of
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.selection import NODES, columns_of
from graph.subjects.lists import SubjectFilterArgument, SubjectOrder, connect_subjects
from graph.subjects.types import InProject, SubjectFields, key_of
from resolvers.feedback.pages import DEFAULT_SORTS, FeedbackList
from resolvers.subjects.pages import SubjectFeedback, subject_list_counts, subject_list_pages
from resolvers.subjects.places import feedback_of
from resolvers.subjects.read import subject_row
from resolvers.users import USER, users_known

__all__ = ["ProjectUsers", "User", "UserLink", "UserQueries", "user_row"]

UserId = Annotated[strawberry.ID, strawberry.argument(description="`User.id`, such as `Call.wbUserId`.")]


@strawberry.federation.type(
    keys=["id"],
    description="Whoever calls were made for, or gave feedback. Its id is the plain one that calls and feedback name "
    "(`wbUserId`; of spans, the attribute `user.id`), the same in all projects. Reached inside a project, it tells of "
    "that project alone; reached by `Query.user` or as an entity of the federation, of all projects that you may read. "
    "It is no `Node`: another subgraph may own the type, and this one adds what it knows.",
)
class User(SubjectFields):
    """A subject by a column of calls."""

    is_type_of = is_row_of("User")

    id: strawberry.ID = column("Its plain id, as calls name it; not an opaque one.")

    @link("The feedback that the user gave, by default oldest first. Over several projects it is in one common order.")
    async def feedback(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        query: Query = None,
        query_json: QueryJson = None,
        order_by: FeedbackOrder = None,
        offset: Offset = None,
        project: InProject = None,
    ) -> FeedbackConnection:
        """By a loader: all users of a list together."""
        lists = shared_by_siblings(
            info,
            lambda: SubjectFeedback(
                feedback_of,
                FeedbackList(
                    query_argument(query, query_json), sorts_argument(order_by) or DEFAULT_SORTS, filter_of(filter)
                ),
                page_request(first, after, last, before, offset),
                columns_of(info, "Feedback", NODES),
                MAX_PAGE_BYTES,
            ),
        )
        return await connect_siblings(
            info,
            FeedbackConnection,
            "Feedback",
            key_of(info, self, project),
            lists=lists,
            pages=subject_list_pages,
            counts=subject_list_counts,
        )


def user_row(project: str | None, user_id: str | None) -> User | None:
    """The row of a user that is named in a project, or in none; None where none is named."""
    return cast("User", subject_row(USER, project, user_id)) if user_id else None


async def known_user(info: Info, project: str | None, user_id: str) -> User | None:
    """The same where a call or feedback that may be read names it."""
    known = await context_of(info).loaders.load(users_known, (project, user_id))
    return user_row(project, user_id) if known else None


class UserColumns:
    """The columns that name a user in the rows of calls, feedback and objects."""

    project_slug: str
    wb_user_id: str | None


@strawberry.type
class UserLink(UserColumns):
    """The part of a node about the user it names."""

    @link(
        "The user of `wbUserId`, within this project; null where none is named.", needs=("project_slug", "wb_user_id")
    )
    def user(self) -> Annotated["User", strawberry.lazy("graph.users")] | None:
        """The row's own columns."""
        return user_row(self.project_slug, self.wb_user_id)


@strawberry.type
class ProjectUsers(ProjectPart):
    """The part of Project about its users."""

    @link(
        "One user by its id, within this project; null where no call and no feedback of the project names it.",
        needs=("slug",),
    )
    async def user(self, info: Info, id: UserId) -> User | None:
        """By a loader."""
        return await known_user(info, self.slug, id)

    @link("The users that its calls name, by default the one seen last first.", needs=("slug",))
    async def users(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: SubjectFilterArgument = None,
        order_by: SubjectOrder = None,
    ) -> Connection[User]:
        """Groups of calls."""
        return await connect_subjects(info, User, USER, self.slug, first, after, last, before, filter, order_by)


@strawberry.type
class UserQueries:
    """The part of Query about users."""

    @strawberry.field(
        description="A user over all projects that you may read; null where no call and no feedback there names it."
    )
    async def user(self, info: Info, id: UserId) -> User | None:
        """By a loader."""
        return await known_user(info, None, id)

    @strawberry.field(
        description="Yourself, as a user over all projects that you may read: what is recorded without naming another "
        "user is recorded in your name. Without authentication everyone is the user `local`."
    )
    def viewer(self, info: Info) -> User | None:
        """The caller, whether or not a call names it."""
        return user_row(None, context_of(info).caller.user_id)
