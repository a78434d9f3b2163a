"""Objects and ops by name: what their versions have in common."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from graph.connections import Connection
from graph.context import Info
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.objects.connection import versions_field
from graph.objects.enums import ObjectKind
from graph.project_link import ProjectLink
from graph.rows import load_row
from graph.scalars import BigInt, DateTime
from resolvers.objects.lists import VERSIONS
from resolvers.objects.read import objects_by_ref

if TYPE_CHECKING:
    from graph.objects.types import ObjectVersion

__all__ = ["VersionedObject", "VersionedObjectConnection"]


@strawberry.federation.type(
    keys=["id", "projectSlug kind objectId"],
    description="An object or op by its name: all its versions that are not deleted.",
)
class VersionedObject(ProjectLink, TracegraphNode):
    """Rows of ``db.objects.names``."""

    is_type_of = is_row_of("VersionedObject")

    kind: ObjectKind = column("Whether it is an object or an op.")
    object_id: str = column("Its name, which its versions share.")
    version_count: BigInt = column("How many versions it has; in a filtered list, how many of them the filter lets in.")
    created_at: DateTime = column("When the first of these was published.")
    updated_at: DateTime = column("When the newest of these was first published.")

    @link("Its latest version: the one published last.", needs=("project_slug", "kind", "object_id"))
    async def latest(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        key = (self.project_slug, self.kind, self.object_id, "latest")
        return await load_row(info, objects_by_ref, key, "ObjectVersion")

    versions = versions_field(
        "Its versions, by default first to last.",
        needs=("project_slug", "kind", "object_id"),
        by=VERSIONS,
        key=lambda row: (row.project_slug, f"{row.kind}:{row.object_id}"),
    )


@strawberry.type(description="A page of objects and ops by name.")
class VersionedObjectConnection(Connection[VersionedObject]):
    """Nothing beside the page."""
