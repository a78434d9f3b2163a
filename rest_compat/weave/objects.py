"""Publishing, reading, listing and deleting object versions."""

from collections.abc import Mapping
from typing import Any

from graph.encoding import Spliced
from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
from rest_compat.json_fields import JSONAny
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, connection_of, first_page
from rest_compat.weave.models import Open, SortBy, Strict, order_by

__all__ = ["ENDPOINTS", "ObjSchemaForInsert", "obj_schema", "object_input"]


class ObjSchemaForInsert(Open):
    """Seeds 000 and 001; ``expected_digest`` is what the SDKs from 0.52 on send."""

    project_id: str
    object_id: str
    val: JSONAny
    builtin_object_class: str | None = None
    set_base_object_class: str | None = None
    wb_user_id: str | None = None
    expected_digest: str | None = None


class ObjCreateReq(Strict):
    """Seed 000."""

    obj: ObjSchemaForInsert


class ObjReadReq(Strict):
    """Seeds 000 and 001; ``include_tags_and_aliases`` is what the SDKs from 0.52 on send."""

    project_id: str
    object_id: str
    digest: str
    metadata_only: bool | None = False
    include_tags_and_aliases: bool | None = False


class ObjectVersionFilter(Strict):
    """Seeds 000 and 001."""

    base_object_classes: list[str] | None = None
    exclude_base_object_classes: list[str] | None = None
    leaf_object_classes: list[str] | None = None
    object_ids: list[str] | None = None
    is_op: bool | None = None
    latest_only: bool | None = None


class ObjQueryReq(Strict):
    """Seeds 000 and 001; ``include_tags_and_aliases`` is what the SDKs from 0.52 on send."""

    project_id: str
    filter: ObjectVersionFilter | None = None
    limit: int | None = None
    offset: int | None = None
    sort_by: list[SortBy] | None = None
    metadata_only: bool | None = False
    include_storage_size: bool | None = False
    include_tags_and_aliases: bool | None = False


class ObjDeleteReq(Strict):
    """Seed 000."""

    project_id: str
    object_id: str
    digests: list[str] | None = None


def object_input(body: ObjSchemaForInsert) -> Variables:
    """The ``input`` of the mutation that publishes a value."""
    return {
        "project": body.project_id,
        "objectId": body.object_id,
        "value": body.val,
        # The second is the older name of the first.
        "builtinObjectClass": body.builtin_object_class or body.set_base_object_class,
        "wbUserId": body.wb_user_id,
        "expectedDigest": body.expected_digest,
    }


def _read(request: Request) -> Variables:
    body: ObjReadReq = request.body
    return {
        "project": body.project_id,
        "objectId": body.object_id,
        "version": body.digest,
        "value": not body.metadata_only,
    }


def _read_answer(data: Data, request: Request) -> dict[str, Any]:
    body: ObjReadReq = request.body
    version = data["project"] and data["project"]["objectVersion"]
    if not version:
        raise RefusedError(Problem(RefusalCode.NOT_FOUND, f"Obj {body.object_id}:{body.digest} not found"))
    if version["deletedAt"]:
        reason = f"{version['objectId']}:v{version['versionIndex']} was deleted at {version['deletedAt']}"
        raise RefusedError(Problem(RefusalCode.DELETED, reason, details={"deleted_at": version["deletedAt"]}))
    return {"obj": obj_schema(version, body.project_id)}


_NO_VALUE = Spliced("{}")


def obj_schema(version: Mapping[str, Any], project_id: str) -> dict[str, Any]:
    """ObjSchema of seeds 000 and 001; a value that was not asked for is an empty object."""
    return {
        "project_id": project_id,
        "object_id": version["objectId"],
        "created_at": version["createdAt"],
        "deleted_at": version["deletedAt"],
        "digest": version["digest"],
        "version_index": version["versionIndex"],
        "is_latest": int(version["isLatest"]),
        "kind": version["kind"].lower(),
        "base_object_class": version["baseObjectClass"],
        "leaf_object_class": version["leafObjectClass"],
        "val": version.get("value", _NO_VALUE),
        "wb_user_id": version["wbUserId"],
        "size_bytes": version.get("sizeBytes"),
    }


def filter_input(chosen: ObjectVersionFilter | None) -> Variables | None:
    """The ``filter`` argument of the connection."""
    if chosen is None:
        return None
    return {
        "kind": None if chosen.is_op is None else "OP" if chosen.is_op else "OBJECT",
        "objectIds": chosen.object_ids,
        "baseObjectClasses": chosen.base_object_classes,
        "excludeBaseObjectClasses": chosen.exclude_base_object_classes,
        "leafObjectClasses": chosen.leaf_object_classes,
        "latestOnly": bool(chosen.latest_only),
    }


def _page(request: Request) -> Variables:
    body: ObjQueryReq = request.body
    return {
        "project": body.project_id,
        "filter": filter_input(body.filter),
        "orderBy": order_by(body.sort_by),
        **first_page(request),
        "value": not body.metadata_only,
        "size": bool(body.include_storage_size),
    }


ENDPOINTS = [
    Endpoint(
        "/obj/create",
        "weave/object_create",
        "Store a version of an object; the digest is made from the content.",
        model=ObjCreateReq,
        variables=lambda request: {"input": object_input(request.body.obj)},
        respond=lambda data, _request: {"digest": data["objectCreate"]["digest"]},
    ),
    Endpoint(
        "/obj/read",
        "weave/object_read",
        "One object version by object id and digest.",
        model=ObjReadReq,
        variables=_read,
        respond=_read_answer,
    ),
    Endpoint(
        "/objs/query",
        "weave/objects_page",
        "Object versions by filter, sort, page.",
        model=ObjQueryReq,
        variables=_page,
        stream=Stream(
            connection=connection_of("objectVersions"),
            line=lambda version, request: obj_schema(version, request.body.project_id),
            member="objs",
        ),
    ),
    Endpoint(
        "/obj/delete",
        "weave/object_delete",
        "Delete the named versions of an object, or all of them.",
        model=ObjDeleteReq,
        variables=lambda request: {
            "input": {
                "project": request.body.project_id,
                "objectId": request.body.object_id,
                "digests": request.body.digests or None,
            }
        },
        respond=lambda data, _request: {"num_deleted": data["objectDelete"]["deletedCount"]},
    ),
]
