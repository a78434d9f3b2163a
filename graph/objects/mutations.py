"""Publishing and deleting object versions."""

from typing import Annotated, cast

import strawberry

from db.json_text import JSONText
from graph.context import Info, context_of
from graph.fields import column, link
from graph.objects.enums import ObjectKind
from graph.objects.types import ObjectVersion
from graph.rows import load_row
from graph.scalars import JSON, BigInt
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.objects.create import ObjectCreated, object_create
from resolvers.objects.delete import object_delete
from resolvers.objects.read import objects_by_ref

__all__ = ["ObjectCreateInput", "ObjectCreatePayload", "ObjectMutations", "create"]


@strawberry.input(description="A value to publish under a name.")
class ObjectCreateInput:
    """One version."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    object_id: str = column("The name: letters, digits, `_`, `.` and `-`, at most 128 of them.")
    value: JSON = column("The value.")
    builtin_object_class: str | None = column(
        "Check the value against this class of Weave's and store it with its class names.", default=None
    )
    wb_user_id: str | None = column("User in whose name it is published; the caller's where missing.", default=None)
    expected_digest: str | None = column("Refuse the value if its digest is another.", default=None)


@strawberry.input(description="Which versions to delete.")
class ObjectDeleteInput:
    """Versions of one name."""

    project: str = column("Slug of the project, `entity/name`.")
    object_id: str = column("The name.")
    digests: list[str] | None = column(
        "Digests, `vN` or `latest`, at most 100; without them all versions go.", default=None
    )


@strawberry.type(description="What became of a value to publish.")
class ObjectCreatePayload:
    """A version."""

    created: strawberry.Private[ObjectCreated | None]
    digest: str | None = column("Address of the content; null where it was refused.")
    version_index: BigInt | None = column("Number of the version, from 0; null where it was refused.")
    user_errors: list[UserError] = column("Why it was refused; empty where it was published.")

    @link("The version; null where the value was refused.")
    async def object_version(
        self, info: Info
    ) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """Read only where it is asked for."""
        if self.created is None:
            return None
        made = self.created
        key = (made.project, made.kind, made.object_id, made.digest)
        return await load_row(info, objects_by_ref, key, ObjectVersion)


@strawberry.type(description="What became of a deletion.")
class ObjectDeletePayload:
    """A count."""

    deleted_count: int = column("How many versions were deleted.")
    user_errors: list[UserError] = column("Why nothing was deleted.")


async def create(info: Info, input: ObjectCreateInput, kind: ObjectKind | None) -> ObjectCreatePayload:
    """Publish a value as an object or an op; where ``kind`` is None the value says which."""
    context = context_of(info)
    try:
        created = await object_create(
            context,
            input.project,
            input.object_id,
            cast("JSONText", input.value),
            builtin_object_class=input.builtin_object_class,
            wb_user_id=input.wb_user_id or context.caller.user_id,
            expected_digest=input.expected_digest,
            kind=kind,
        )
    except Refusal as refusal:
        return ObjectCreatePayload(created=None, digest=None, version_index=None, user_errors=user_errors(refusal))
    index = BigInt(created.version_index)
    return ObjectCreatePayload(created=created, digest=created.digest, version_index=index, user_errors=[])


@strawberry.type
class ObjectMutations:
    """The part of Mutation about objects."""

    @strawberry.mutation(
        description="Publish a value under a name. The same content again makes no new version, but becomes the latest."
    )
    async def object_create(self, info: Info, input: ObjectCreateInput) -> ObjectCreatePayload:
        """One version; its value says whether it is an op."""
        return await create(info, input, None)

    @strawberry.mutation(
        description="Delete versions of a name: all of them, or those named, or none if one is missing."
    )
    async def object_delete(self, info: Info, input: ObjectDeleteInput) -> ObjectDeletePayload:
        """Versions of one name."""
        try:
            count = await object_delete(context_of(info), input.project, input.object_id, input.digests)
        except Refusal as refusal:
            return ObjectDeletePayload(deleted_count=0, user_errors=user_errors(refusal))
        return ObjectDeletePayload(deleted_count=count, user_errors=[])
