"""The links between versions."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.context import Info, context_of
from graph.fields import link
from graph.objects.connection import versions_field
from graph.rows import load_row
from resolvers.objects.lists import HOLDERS, VERSIONS, names_by_key, neighbours
from resolvers.objects.read import objects_by_ref

if TYPE_CHECKING:
    from graph.objects.names import VersionedObject
    from graph.objects.types import ObjectVersion

__all__ = ["ObjectLinks"]

NAME = ("project_slug", "kind", "object_id")


@strawberry.type
class ObjectLinks:
    """The part of ObjectVersion about other versions."""

    @link("The object or op that it is a version of; null where all its versions are deleted.", needs=NAME)
    async def object(self, info: Info) -> Annotated["VersionedObject", strawberry.lazy("graph.objects.names")] | None:
        """By a loader."""
        row: Any = self
        found: VersionedObject | None = await context_of(info).loaders.load(
            names_by_key, (row.project_slug, row.kind, row.object_id)
        )
        return found

    versions = versions_field(
        "All versions of its name that are not deleted, by default first to last.",
        needs=NAME,
        by=VERSIONS,
        key=lambda version: (version.project_slug, f"{version.kind}:{version.object_id}"),
    )

    @link("The latest version of its name; null where all are deleted.", needs=NAME)
    async def latest(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        row: Any = self
        key = (row.project_slug, row.kind, row.object_id, "latest")
        return await load_row(info, objects_by_ref, key, "ObjectVersion")

    @link(
        "The version before it by number; null for the first. Deleted ones are passed over.",
        needs=(*NAME, "version_index"),
    )
    async def previous(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By a loader of neighbours, then that of objects."""
        version: ObjectVersion | None = await _neighbour(info, self, 0)
        return version

    @link(
        "The version after it by number; null for the last. Deleted ones are passed over.",
        needs=(*NAME, "version_index"),
    )
    async def next(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By a loader of neighbours, then that of objects."""
        version: ObjectVersion | None = await _neighbour(info, self, 1)
        return version

    referenced_by = versions_field(
        "The versions of objects and ops whose values hold its ref, or a ref to a place inside it, by default in the "
        "order of their version numbers.",
        needs=("project_slug", "ref"),
        by=HOLDERS,
        key=lambda version: (version.project_slug, version.ref),
    )

    @link("Whether it was deleted; `deletedAt` says when.", needs=("deleted_at",))
    def is_deleted(self) -> bool:
        """Deleted versions are reached by refs and by `includeDeleted`."""
        row: Any = self
        return row.deleted_at is not None


async def _neighbour(info: Info, row: Any, side: int) -> Any:
    name = (row.project_slug, row.kind, row.object_id)
    pair: Any = await context_of(info).loaders.load(neighbours, (*name, row.version_index))
    if pair is None or pair[side] is None:
        return None
    return await load_row(info, objects_by_ref, (*name, pair[side]), "ObjectVersion")
