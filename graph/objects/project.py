"""What a project says of its objects."""

from typing import Annotated

import strawberry

from graph.connections import After, Before, First, Last, Offset, connect, page_request
from graph.context import Info, context_of
from graph.fields import link
from graph.nodes import ProjectPart
from graph.objects.connection import (
    Filter,
    ObjectFilterInput,
    ObjectOrder,
    ObjectVersionConnection,
    connect_objects,
    filter_of,
)
from graph.objects.enums import ObjectKind
from graph.objects.names import VersionedObject, VersionedObjectConnection
from graph.objects.types import ObjectVersion
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from resolvers.objects.lists import name_count, name_page, names_by_key
from resolvers.objects.pages import ObjectList
from resolvers.objects.read import objects_by_ref

__all__ = ["ProjectObjects"]

ObjectId = Annotated[str, strawberry.argument(description="The name: `ObjectVersion.objectId`.")]
Version = Annotated[str, strawberry.argument(description="A digest, `vN`, or `latest`.")]
Kind = Annotated[ObjectKind | None, strawberry.argument(description="An object or an op; either where missing.")]
IncludeDeleted = Annotated[bool, strawberry.argument(description="Give a deleted version too, with its `deletedAt`.")]
NameFilter = Annotated[
    ObjectFilterInput | None, strawberry.argument(description="Which versions count; names without any are left out.")
]
NameOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, by `objectId`, `kind`, `versionCount`, `createdAt` or "
        "`updatedAt`."
    ),
]
OwnKind = Annotated[ObjectKind, strawberry.argument(description="An object or an op.")]


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
        order_by: ObjectOrder = None,
        offset: Offset = None,
    ) -> ObjectVersionConnection:
        """One row a version."""
        return await connect_objects(info, self.slug, filter, order_by, first, after, last, before, offset)

    @link("One object or op by its name; null where it has no version that is not deleted.", needs=("slug",))
    async def object(
        self, info: Info, object_id: ObjectId, kind: OwnKind = ObjectKind.OBJECT
    ) -> VersionedObject | None:
        """By a loader."""
        found: VersionedObject | None = await context_of(info).loaders.load(
            names_by_key, (self.slug, kind.value, object_id)
        )
        return found

    @link("Its objects and ops, one node a name, by default in the order of their names.", needs=("slug",))
    async def objects(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: NameFilter = None,
        order_by: NameOrder = None,
        offset: Offset = None,
    ) -> VersionedObjectConnection:
        """Groups of versions."""
        context = context_of(info)
        chosen = ObjectList(self.slug, filter_of(filter), sorts_argument(order_by))
        return await connect(
            info,
            VersionedObjectConnection,
            VersionedObject,
            page_request(first, after, last, before, offset),
            read=lambda request, _columns: name_page(context, chosen, request),
            count=lambda limit: name_count(context, chosen, limit),
        )
