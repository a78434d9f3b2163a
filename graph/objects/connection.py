"""Lists of object versions."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db.objects.reads import EVERY_OBJECT, ObjectFilter
from graph.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    connect,
    connect_siblings,
    page_request,
    shared_by_siblings,
)
from graph.context import Info, context_of
from graph.fields import NEEDS, column
from graph.objects.enums import ObjectKind
from graph.queries import sorts_argument
from graph.query import SortByInput
from graph.scalars import DateTime
from graph.selection import NODES, columns_of
from resolvers.objects.lists import SiblingVersions, sibling_version_counts, sibling_version_pages
from resolvers.objects.pages import ObjectList, objects_count, objects_list

if TYPE_CHECKING:
    from graph.objects.types import ObjectVersion

__all__ = [
    "Filter",
    "ObjectFilterInput",
    "ObjectOrder",
    "ObjectVersionConnection",
    "connect_objects",
    "filter_of",
    "versions_field",
]


@strawberry.input(
    description="Which versions: all fields that are set must hold; within a list any value will do. A field that is "
    "null, left out or an empty list restricts nothing. Lists hold at most 1,000 values."
)
class ObjectFilterInput:
    """The domain's ObjectFilter."""

    kind: ObjectKind | None = column("Objects only, or ops only.", default=None)
    object_ids: list[str] | None = column("Names exactly: `ObjectVersion.objectId`.", default=None)
    name_contains: str | None = column("The name has this text in it, whatever the case of letters.", default=None)
    base_object_classes: list[str] | None = column(
        "`ObjectVersion.baseObjectClass` exactly: `Model`, `Dataset`, `Scorer`.", default=None
    )
    exclude_base_object_classes: list[str] | None = column("Base classes that are left out.", default=None)
    leaf_object_classes: list[str] | None = column("`ObjectVersion.leafObjectClass` exactly.", default=None)
    created_after: DateTime | None = column("First published at this time or later (inclusive).", default=None)
    created_before: DateTime | None = column("First published before this time (exclusive).", default=None)
    latest_only: bool = column("Only the latest version of each name.", default=False)


@strawberry.type(description="A page of object versions.")
class ObjectVersionConnection(Connection[Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")]]):
    """Nothing beside the page."""


Filter = Annotated[ObjectFilterInput | None, strawberry.argument(description="Which versions.")]
ObjectOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, by `createdAt`, `objectId`, `versionIndex`, `sizeBytes`, "
        "`kind`, `digest`, `baseObjectClass`, `leafObjectClass` or `wbUserId`."
    ),
]


def filter_of(value: ObjectFilterInput | None) -> ObjectFilter:
    """The input as the domain's filter."""
    if value is None:
        return EVERY_OBJECT
    return ObjectFilter(
        kind=value.kind.value if value.kind else "",
        object_ids=tuple(value.object_ids or ()),
        base_object_classes=tuple(value.base_object_classes or ()),
        exclude_base_object_classes=tuple(value.exclude_base_object_classes or ()),
        leaf_object_classes=tuple(value.leaf_object_classes or ()),
        latest_only=value.latest_only,
        name_contains=value.name_contains or "",
        created_after=value.created_after,
        created_before=value.created_before,
    )


async def connect_objects(
    info: Info,
    project: str,
    filter: ObjectFilterInput | None,
    order_by: list[SortByInput] | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    offset: int | None,
) -> ObjectVersionConnection:
    """The connection of the versions of a project."""
    context = context_of(info)
    chosen = ObjectList(project, filter_of(filter), sorts_argument(order_by))
    return await connect(
        info,
        ObjectVersionConnection,
        "ObjectVersion",
        page_request(first, after, last, before, offset),
        read=lambda request, columns: objects_list(context, chosen, request, columns),
        count=lambda limit: objects_count(context, chosen, limit),
    )


def versions_field(description: str, needs: Iterable[str], by: Any, key: Callable[[Any], tuple[str, str]]) -> Any:
    """A field that lists versions below a node: those of ``key`` (project, value) among the lists ``by``."""

    async def resolve(
        row: strawberry.Parent[Any],
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,
        order_by: ObjectOrder = None,
        offset: Offset = None,
    ) -> ObjectVersionConnection:
        def make() -> SiblingVersions:
            sorts = sorts_argument(order_by) or (("version_index", "asc"),)
            return SiblingVersions(
                ObjectList("", filter_of(filter), sorts),
                by,
                page_request(first, after, last, before, offset),
                columns_of(info, "ObjectVersion", NODES),
            )

        return await connect_siblings(
            info,
            ObjectVersionConnection,
            "ObjectVersion",
            key(row),
            lists=shared_by_siblings(info, make),
            pages=sibling_version_pages,
            counts=sibling_version_counts,
        )

    return strawberry.field(resolver=resolve, description=description, metadata={NEEDS: tuple(needs)})
