"""Storing and reading ops."""

from typing import Any, ClassVar

from resolvers.errors import RefusalCode
from rest_compat.dialects import Problem, RefusedError
from rest_compat.registry import Data, Endpoint, Request, Stream, Variables, first_page
from rest_compat.weave.models import Open, Strict
from rest_compat.weave.objects import ObjSchemaForInsert, obj_schema, object_input

__all__ = ["ENDPOINTS"]


class OpCreateReq(Strict):
    """Seed 001."""

    op_obj: ObjSchemaForInsert


class OpReadReq(Strict):
    """Seed 001."""

    project_id: str
    name: str
    digest: str


class OpVersionFilter(Open):
    """Seed 001."""

    op_names: list[str] | None = None
    latest_only: bool | None = None


class OpQueryReq(Strict):
    """Seed 001: all that match come at once."""

    project_id: str
    filter: OpVersionFilter | None = None

    limit: ClassVar[None] = None
    offset: ClassVar[None] = None


def _read(request: Request) -> Variables:
    body: OpReadReq = request.body
    return {"project": body.project_id, "name": body.name, "version": body.digest}


def _read_answer(data: Data, request: Request) -> dict[str, Any]:
    body: OpReadReq = request.body
    op = data["project"]["op"]
    if not op:
        raise RefusedError(Problem(RefusalCode.NOT_FOUND, f"Op {body.name}:{body.digest} not found"))
    if op["deletedAt"]:
        reason = f"Op {op['objectId']}:v{op['versionIndex']} was deleted at {op['deletedAt']}"
        raise RefusedError(Problem(RefusalCode.DELETED, reason, details={"deleted_at": op["deletedAt"]}))
    return {"op_obj": obj_schema(op, body.project_id)}


def _page(request: Request) -> Variables:
    body: OpQueryReq = request.body
    chosen = body.filter and {"names": body.filter.op_names, "latestOnly": bool(body.filter.latest_only)}
    return {"project": body.project_id, "filter": chosen, **first_page(request)}


ENDPOINTS = [
    Endpoint(
        "/op/create",
        "weave/op_create",
        "Store a version of an op; the digest is made from the content.",
        model=OpCreateReq,
        variables=lambda request: {"input": object_input(request.body.op_obj)},
        respond=lambda data, _request: {"digest": data["opCreate"]["digest"]},
    ),
    Endpoint(
        "/op/read",
        "weave/op_read",
        "One version of an op by name and digest.",
        model=OpReadReq,
        variables=_read,
        respond=_read_answer,
    ),
    Endpoint(
        "/ops/query",
        "weave/ops_page",
        "Versions of ops by name, or the newest only.",
        model=OpQueryReq,
        variables=_page,
        stream=Stream(
            connection=lambda data: data["project"]["ops"],
            line=lambda op, request: obj_schema(op, request.body.project_id),
            member="op_objs",
        ),
    ),
]
