"""Objects: creating, reading and deleting versions of values with a name."""

from resolvers.objects.create import ObjectCreated, check_object_id, object_create
from resolvers.objects.delete import object_delete
from resolvers.objects.read import object_by_ref, objects_by_ref, objects_page

__all__ = [
    "ObjectCreated",
    "check_object_id",
    "object_by_ref",
    "object_create",
    "object_delete",
    "objects_by_ref",
    "objects_page",
]
