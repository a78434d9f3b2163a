"""What nodes have that somebody made: the user."""

from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from graph.fields import link
from resolvers.subjects.read import subject_row
from resolvers.users import USER

if TYPE_CHECKING:
    from graph.users import User

__all__ = ["CreatorLink"]


class _Columns:
    project_slug: str
    created_by: str | None


@strawberry.type
class CreatorLink(_Columns):
    """The part of a node about who made it."""

    @link(
        "The user of `createdBy`, within this project; null where none is named.", needs=("project_slug", "created_by")
    )
    def user(self) -> Annotated["User", strawberry.lazy("graph.users")] | None:
        """The row's own columns."""
        return cast("User", subject_row(USER, self.project_slug, self.created_by)) if self.created_by else None
