"""Reading versions of objects and ops."""

from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from sqlalchemy import Connection

from db.objects.reads import (
    FIELDS,
    TIEBREAK,
    ObjectFilter,
    ObjectKey,
    select_object_page,
    select_objects,
)
from db.query.expression import QueryError
from db.query.order import Direction, compile_order
from db.rows import Row, RowSet
from resolvers.context import Context
from resolvers.errors import DeletedError, InvalidInputError, NotFoundError

__all__ = ["ObjectFilter", "object_by_ref", "objects_by_ref", "objects_page"]


async def objects_by_ref(
    context: Context, keys: Sequence[tuple[str, ...]], *, columns: frozenset[str]
) -> list[Row | None]:
    """Versions by (project, kind, object id, version), in the order of ``keys``.

    The kind may be empty for either; the version is a digest, ``vN`` or ``latest``. Deleted versions are there, with
    ``deleted_at`` (``latest`` names none of them). None for what is not there or may not be read.
    """
    by_project: defaultdict[str, list[ObjectKey]] = defaultdict(list)
    for project, kind, object_id, version in keys:
        if context.caller.may_read(project):
            by_project[project].append(ObjectKey(kind, object_id, version))

    def read(connection: Connection) -> dict[tuple[str, ...], Row]:
        return {
            (project, *key): row
            for project, wanted in by_project.items()
            for key, row in select_objects(connection, project, wanted, columns | {"deleted_at"}).items()
        }

    found = await context.read(read) if by_project else {}
    return [found.get(tuple(key)) for key in keys]


async def object_by_ref(
    context: Context, project: str, kind: str, object_id: str, version: str, *, columns: frozenset[str]
) -> Row:
    """One version. Raises NotFoundError naming it, DeletedError where it is deleted, ForbiddenError."""
    context.caller.require_read(project)
    key = (project, kind, object_id, version)
    row = cast("Row | None", await context.loaders.load(objects_by_ref, key, columns=columns | {"version_index"}))
    if row is None:
        raise NotFoundError(f"Object {object_id}:{version} not found in project {project!r}")
    if row.deleted_at is not None:
        raise DeletedError(f"{object_id}:v{row.version_index} was deleted", row.deleted_at)
    return row


async def objects_page(
    context: Context,
    project: str,
    wanted: ObjectFilter,
    *,
    columns: frozenset[str],
    sort_by: Sequence[tuple[str, Direction]] = (),
    limit: int | None = None,
    offset: int = 0,
) -> RowSet:
    """Versions that ``wanted`` selects, oldest first unless ``sort_by`` says otherwise; deleted ones are left out.

    ``sort_by`` names ``created_at`` and ``object_id``. Leave ``val`` out of ``columns`` to read what is about the
    versions and not the values. Raises InvalidInputError for an unknown field or a negative number.
    """
    context.caller.require_read(project)
    for name, value in (("limit", limit), ("offset", offset)):
        if value is not None and value < 0:
            raise InvalidInputError(f"Invalid {name} {value}: it must not be negative", [name])
    try:
        order = compile_order(sort_by, FIELDS, TIEBREAK)
    except QueryError as error:
        raise InvalidInputError(error.message, ["sortBy", *error.path]) from error
    return await context.read(
        lambda connection: select_object_page(
            connection, project, wanted, columns, order=order, limit=limit, offset=offset
        )
    )
