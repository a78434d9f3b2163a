"""Projects: where all reading begins."""

import strawberry

from graph.calls.connection import Place, calls_field
from graph.calls.types import Call
from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import Node, is_row_of
from graph.scalars import DateTime
from graph.selection import columns_of
from resolvers.calls.read import calls_by_id
from resolvers.ids import encode_id
from resolvers.projects import projects_by_slug

__all__ = ["Project", "ProjectQueries"]


@strawberry.federation.type(keys=["id", "slug"], description="A project: everything that is recorded belongs to one.")
class Project(Node):
    """Rows of ``db.projects``."""

    is_type_of = is_row_of("Project")

    slug: str = column("Its name with its entity, `entity/name`. Case-sensitive, never changed.")
    created_at: DateTime = column("When something was first written to it.")

    @link("Opaque id, unique over all types and projects.", needs=("slug",))
    def id(self) -> strawberry.ID:
        """The global id."""
        return strawberry.ID(encode_id("Project", self.slug))

    @link("The part of the slug after the slash.", needs=("slug",))
    def name(self) -> str:
        """Without the entity."""
        return self.slug.partition("/")[2]

    calls = calls_field("Its calls.", needs=("slug",), place=lambda project: Place(project.slug))

    @link("One call by its id; null where there is none.", needs=("slug",))
    async def call(self, info: Info, call_id: str) -> Call | None:
        """By the loader of calls."""
        row: Call | None = await context_of(info).loaders.load(
            calls_by_id, (self.slug, call_id), columns=columns_of(info, Call)
        )
        return row


@strawberry.type
class ProjectQueries:
    """The part of Query about projects."""

    @strawberry.field(description="A project by its slug, `entity/name`; null where nothing was ever written to it.")
    async def project(self, info: Info, slug: str) -> Project | None:
        """By the loader of projects."""
        row: Project | None = await context_of(info).loaders.load(projects_by_slug, slug)
        return row
