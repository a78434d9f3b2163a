"""Ops: object versions that are the code of an op, by themselves."""

from typing import Annotated

import strawberry

from graph.connections import After, Before, First, Last, Offset
from graph.context import Info
from graph.fields import column, link
from graph.nodes import ProjectPart
from graph.objects.connection import ObjectFilterInput, ObjectOrder, ObjectVersionConnection, connect_objects
from graph.objects.enums import ObjectKind
from graph.objects.mutations import ObjectCreateInput, ObjectCreatePayload, create
from graph.objects.types import ObjectVersion
from graph.rows import load_row
from graph.scalars import DateTime
from resolvers.objects.read import objects_by_ref

__all__ = ["OpMutations", "ProjectOps"]


@strawberry.input(description="Which versions of ops: all fields that are set must hold.")
class OpFilterInput:
    """An ObjectFilter of kind OP."""

    names: list[str] | None = column("Names; any of them will do.", default=None)
    name_contains: str | None = column("The name has this text in it, whatever the case of letters.", default=None)
    created_after: DateTime | None = column("First published at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("First published before this time (exclusive).", default=None)
    latest_only: bool = column("Only the latest version of each name.", default=False)


Name = Annotated[str, strawberry.argument(description="The name: `ObjectVersion.objectId`.")]
Version = Annotated[str, strawberry.argument(description="A digest, `vN`, or `latest`.")]
IncludeDeleted = Annotated[bool, strawberry.argument(description="Give a deleted version too, with its `deletedAt`.")]
Filter = Annotated[OpFilterInput | None, strawberry.argument(description="Which versions.")]


@strawberry.type
class ProjectOps(ProjectPart):
    """The part of Project about ops."""

    @link("One version of an op; null where there is none.", needs=("slug",))
    async def op(
        self, info: Info, name: Name, version: Version = "latest", include_deleted: IncludeDeleted = False
    ) -> ObjectVersion | None:
        """By the loader of objects."""
        key = (self.slug, ObjectKind.OP.value, name, version)
        row: ObjectVersion | None = await load_row(info, objects_by_ref, key, ObjectVersion, always=("deleted_at",))
        return None if row is None or (row.deleted_at is not None and not include_deleted) else row

    @link("Its versions of ops, by default oldest first; deleted ones are left out.", needs=("slug",))
    async def ops(
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
        """Versions of kind OP."""
        chosen = ObjectFilterInput(
            kind=ObjectKind.OP,
            object_ids=filter.names if filter else None,
            name_contains=filter.name_contains if filter else None,
            created_after=filter.created_after if filter else None,
            created_before=filter.created_before if filter else None,
            latest_only=filter.latest_only if filter else False,
        )
        return await connect_objects(info, self.slug, chosen, order_by, first, after, last, before, offset)


@strawberry.type
class OpMutations:
    """The part of Mutation about ops."""

    @strawberry.mutation(
        description="Publish a value as a version of an op, whatever it looks like. "
        "The same content again makes no new version, but becomes the latest."
    )
    async def op_create(self, info: Info, input: ObjectCreateInput) -> ObjectCreatePayload:
        """One version."""
        return await create(info, input, ObjectKind.OP)
