"""Objects as their versions make them: one row for each kind and name."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Subquery, func, select, tuple_

from db.chunks import chunked
from db.objects.reads import EVERY_OBJECT, object_conditions
from db.objects.tables import objects
from db.pages import Page, PageRequest, select_count, select_page
from db.query.fields import Field, Fields, FieldType
from db.query.order import Direction, Order, compile_order
from db.rows import Row, fetch

__all__ = ["select_names", "select_names_count", "select_names_page"]

NOUN = "VersionedObject"

c = objects.c


def _names(project_id: str, conditions: Sequence[ColumnElement[bool]]) -> Subquery:
    return (
        select(
            c.project_id.label("project_slug"),
            c.kind,
            c.object_id,
            func.count().label("version_count"),
            func.min(c.created_at).label("created_at"),
            func.max(c.created_at).label("updated_at"),
        )
        .where(c.project_id == project_id, *conditions)
        .group_by(c.project_id, c.kind, c.object_id)
        .subquery()
    )


def _order(names: Subquery, sorts: Sequence[tuple[str, Direction]]) -> Order:
    types = {
        "object_id": FieldType.TEXT,
        "kind": FieldType.TEXT,
        "version_count": FieldType.INTEGER,
        "created_at": FieldType.TIME,
        "updated_at": FieldType.TIME,
    }
    fields = Fields([Field(name, kind, names.c[name], nullable=False) for name, kind in types.items()])
    return compile_order(sorts, fields, tiebreak=["object_id", "kind"])


def select_names_page(
    connection: Connection,
    project_id: str,
    conditions: Sequence[ColumnElement[bool]],
    sorts: Sequence[tuple[str, Direction]],
    request: PageRequest,
) -> Page:
    """A page of the names of the versions that fulfil ``conditions``, by name where ``sorts`` is empty.

    Raises ``QueryError`` for a sort that names do not have, or a cursor that is none.
    """
    names = _names(project_id, conditions)
    return select_page(connection, NOUN, list(names.c), [], _order(names, sorts), request)


def select_names_count(
    connection: Connection, project_id: str, conditions: Sequence[ColumnElement[bool]], limit: int | None
) -> int:
    """How many names there are; counting stops at ``limit``."""
    return select_count(connection, [_names(project_id, conditions).c.object_id.is_not(None)], limit)


def select_names(
    connection: Connection, project_id: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Row]:
    """Names by (kind, object id); those without a version that is not deleted are missing."""
    found: dict[tuple[str, str], Row] = {}
    for chunk in chunked(dict.fromkeys(keys)):
        where = [*object_conditions(EVERY_OBJECT), tuple_(c.kind, c.object_id).in_(chunk)]
        rows = fetch(connection, NOUN, select(*_names(project_id, where).c))
        found.update({(row.kind, row.object_id): row for row in rows})
    return found
