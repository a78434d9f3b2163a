"""What a project says of its objects."""

from typing import Annotated

import strawberry

from graph.connections import After, Before, First, Last, Offset
from graph.context import Info
from graph.fields import link
from graph.nodes import ProjectPart
from graph.objects.connection import ObjectFilterInput, ObjectVersionConnection, connect_objects
from graph.objects.types import ObjectVersion
from graph.queries import OrderBy
from graph.rows import load_row
from resolvers.objects.kinds import ObjectKind
from resolvers.objects.read import objects_by_ref

__all__ = ["ProjectObjects"]

ObjectId = Annotated[str, strawberry.argument(description="The name: `ObjectVersion.objectId`.")]
Version = Annotated[str, strawberry.argument(description="A digest, `vN`, or `latest`.")]
Kind = Annotated[ObjectKind | None, strawberry.argument(description="An object or an op; either where missing.")]
IncludeDeleted = Annotated[bool, strawberry.argument(description="Give a deleted version too, with its `deletedAt`.")]
Filter = Annotated[ObjectFilterInput | None, strawberry.argument(description="Which versions.")]


@strawberry.type
class ProjectObjects(ProjectPart):
    """The part of Project about objects."""

    @link("One object version by its name and version; null where there is none.", needs=("slug",))
    async def object_version(
        self,
        info: Info,
        object_id: ObjectId,
        version: Version = "latest",
        kind: Kind = None,
        include_deleted: IncludeDeleted = False,
    ) -> ObjectVersion | None:
        """By the loader of objects."""
        key = (self.slug, kind.value if kind else "", object_id, version)
        row: ObjectVersion | None = await load_row(info, objects_by_ref, key, ObjectVersion, always=("deleted_at",))
        return None if row is None or (row.deleted_at is not None and not include_deleted) else row

    @link("Its object versions, by default oldest first; deleted ones are left out.", needs=("slug",))
    async def object_versions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        order_by: OrderBy = None,
        offset: Offset = None,
    ) -> ObjectVersionConnection:
        """Ordered by `created_at` or `object_id`."""
        return await connect_objects(info, self.slug, filter, order_by, first, after, last, before, offset)
