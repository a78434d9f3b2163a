"""What every node of a project has: the project."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from resolvers.projects import projects_by_slug

if TYPE_CHECKING:
    from graph.projects import Project

__all__ = ["ProjectLink"]


@strawberry.type
class ProjectLink:
    """The part of a node about where it is."""

    project_slug: str = column("Slug of its project, `entity/name`.")

    @link("Its project.", needs=("project_slug",))
    async def project(self, info: Info) -> Annotated["Project", strawberry.lazy("graph.projects")]:
        """By the loader of projects: it exists, since the node does."""
        project: Project = await context_of(info).loaders.load(projects_by_slug, self.project_slug)
        return project
