"""Lists of object versions."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db.objects.reads import EVERY_OBJECT, ObjectFilter
from graph.connections import Connection, connect, page_request
from graph.context import Info, context_of
from graph.fields import column
from graph.queries import sorts_argument
from graph.query import SortByInput
from resolvers.objects.kinds import ObjectKind
from resolvers.objects.pages import ObjectList, objects_count, objects_list

if TYPE_CHECKING:
    from graph.objects.types import ObjectVersion

__all__ = ["ObjectFilterInput", "ObjectVersionConnection", "connect_objects"]


@strawberry.input(description="Which versions: all fields that are set must hold; within a list any value will do.")
class ObjectFilterInput:
    """The domain's ObjectFilter."""

    kind: ObjectKind | None = column("Objects only, or ops only.", default=None)
    object_ids: list[str] | None = column("Names.", default=None)
    base_object_classes: list[str] | None = column("Base classes.", default=None)
    exclude_base_object_classes: list[str] | None = column("Base classes that are left out.", default=None)
    leaf_object_classes: list[str] | None = column("Classes.", default=None)
    latest_only: bool = column("Only the latest version of each name.", default=False)


@strawberry.type(description="A page of object versions.")
class ObjectVersionConnection(Connection[Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")]]):
    """Nothing beside the page."""


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
