"""Reading object versions: what can be selected, versions by ref, pages."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, tuple_

from db.chunks import chunked
from db.objects.tables import objects
from db.query.fields import Field, Fields, FieldType
from db.query.order import Order
from db.rows import Row, RowSet, fetch
from db.rows import labelled as labelled_of
from db.text import encode_text

__all__ = [
    "COLUMNS",
    "EVERY_OBJECT",
    "FIELDS",
    "LATEST",
    "TIEBREAK",
    "ObjectFilter",
    "ObjectKey",
    "labelled",
    "object_conditions",
    "select_object_page",
    "select_objects",
    "select_versions",
    "version_number",
]

c = objects.c

LATEST = "latest"
"""In place of a digest: the version last published among those that are not deleted."""

COLUMNS: dict[str, ColumnElement[Any]] = {
    "project_slug": c.project_id,
    "kind": c.kind,
    "object_id": c.object_id,
    "digest": c.digest,
    "ref": literal("weave:///") + c.project_id + "/" + c.kind + "/" + c.object_id + ":" + c.digest,
    "version_index": c.version_index,
    "is_latest": c.is_latest,
    "base_object_class": c.base_object_class,
    "leaf_object_class": c.leaf_object_class,
    "size_bytes": c.size_bytes,
    "wb_user_id": c.wb_user_id,
    "created_at": c.created_at,
    "deleted_at": c.deleted_at,
    "published_seq": c.published_seq,
    "val": c.val,
}
"""What a version can be asked for, by the names that rows carry. The keys of a version are always selected."""

KEYS = ("project_slug", "kind", "object_id", "digest")

FIELDS = Fields(
    (
        Field("object_id", FieldType.TEXT, c.object_id, nullable=False),
        Field("created_at", FieldType.TIME, c.created_at, nullable=False),
        Field("digest", FieldType.TEXT, c.digest, nullable=False),
        Field("kind", FieldType.TEXT, c.kind, nullable=False),
        Field("version_index", FieldType.INTEGER, c.version_index, nullable=False),
        Field("size_bytes", FieldType.INTEGER, c.size_bytes, nullable=False),
        Field("base_object_class", FieldType.TEXT, c.base_object_class),
        Field("leaf_object_class", FieldType.TEXT, c.leaf_object_class),
        Field("wb_user_id", FieldType.TEXT, c.wb_user_id),
    )
)
"""What versions can be sorted by."""

TIEBREAK = ("created_at", "object_id", "digest", "kind")
"""The order of versions where a sort leaves it open: oldest first."""


class ObjectKey(NamedTuple):
    """What names a version in its project: ``kind`` may be empty for either, ``version`` is a digest, ``vN`` or
    ``latest``."""

    kind: str
    object_id: str
    version: str


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Which versions a page holds; an empty field selects all. Deleted ones are never in a page."""

    kind: str = ""
    object_ids: tuple[str, ...] = ()
    base_object_classes: tuple[str, ...] = ()
    exclude_base_object_classes: tuple[str, ...] = ()
    leaf_object_classes: tuple[str, ...] = ()
    latest_only: bool = False
    name_contains: str = ""
    created_after: int | None = None
    created_before: int | None = None


EVERY_OBJECT = ObjectFilter()
"""Leaves nothing out but what is deleted."""


labelled = partial(labelled_of, COLUMNS, KEYS)
"""The SQL of given columns and the keys."""


def version_number(version: str) -> int | None:
    """The N of ``vN``, None for a digest. A digest is longer than any number that is read so."""
    digits = version[1:]
    is_number = version.startswith("v") and digits.isascii() and digits.isdecimal() and len(digits) <= 18
    return int(digits) if is_number else None


def select_objects(
    connection: Connection, project_id: str, keys: Iterable[ObjectKey], columns: Collection[str]
) -> dict[ObjectKey, Row]:
    """Versions by key, deleted ones too (with ``deleted_at``); keys that name nothing are missing.

    Where the kind is left open, the newest publication is meant by ``latest``, and an object before an op otherwise.
    """
    wanted = {*columns, "version_index", "is_latest", "published_seq"}
    by_digest: defaultdict[tuple[str, str], list[ObjectKey]] = defaultdict(list)
    by_number: defaultdict[tuple[str, int], list[ObjectKey]] = defaultdict(list)
    by_name: defaultdict[str, list[ObjectKey]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        number = version_number(key.version)
        if key.version == LATEST:
            by_name[key.object_id].append(key)
        elif number is not None:
            by_number[key.object_id, number].append(key)
        else:
            by_digest[key.object_id, key.version].append(key)
    found: dict[ObjectKey, Row] = {}

    def take(condition: ColumnElement[bool]) -> RowSet:
        statement = select(*labelled(wanted)).where(c.project_id == project_id, condition)
        return fetch(connection, "ObjectVersion", statement)

    def keep(key: ObjectKey, row: Row) -> None:
        if key.kind in {"", row.kind} and (key not in found or _rank(key, row) > _rank(key, found[key])):
            found[key] = row

    for digests in chunked(by_digest):
        for row in take(tuple_(c.object_id, c.digest).in_(digests)):
            for key in by_digest[row.object_id, row.digest]:
                keep(key, row)
    for numbers in chunked(by_number):
        for row in take(tuple_(c.object_id, c.version_index).in_(numbers)):
            for key in by_number[row.object_id, row.version_index]:
                keep(key, row)
    for names in chunked(by_name):
        for row in take(and_(c.object_id.in_(names), c.is_latest)):
            for key in by_name[row.object_id]:
                keep(key, row)
    return found


def _rank(key: ObjectKey, row: Row) -> tuple[bool, int]:
    if key.version == LATEST:
        return True, row.published_seq
    return row.kind == "object", 0


def select_versions(
    connection: Connection, project_id: str, names: Iterable[tuple[str, str]], columns: Collection[str]
) -> dict[tuple[str, str], RowSet]:
    """All versions that are not deleted of each (kind, object id), first version first."""
    found: dict[tuple[str, str], RowSet] = {}
    for chunk in chunked(dict.fromkeys(names)):
        statement = (
            select(*labelled(columns))
            .where(c.project_id == project_id, tuple_(c.kind, c.object_id).in_(chunk), c.deleted_at.is_(None))
            .order_by(c.kind, c.object_id, c.version_index)
        )
        rows = fetch(connection, "ObjectVersion", statement)
        for row in rows:
            found.setdefault((row.kind, row.object_id), rows.like(())).append(row)
    return found


def object_conditions(wanted: ObjectFilter) -> list[ColumnElement[bool]]:
    """What ``wanted`` says, as SQL; the project is not among it."""
    conditions: list[ColumnElement[bool]] = [c.deleted_at.is_(None)]
    if wanted.kind:
        conditions.append(c.kind == wanted.kind)
    if wanted.latest_only:
        conditions.append(c.is_latest)
    if wanted.object_ids:
        conditions.append(c.object_id.in_(wanted.object_ids))
    if wanted.name_contains:
        # Names are ASCII but for letters, whose case is left as it is.
        part = encode_text(wanted.name_contains.lower())
        conditions.append(func.lower(c.object_id).contains(part, autoescape=True))
    if wanted.created_after is not None:
        conditions.append(c.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        conditions.append(c.created_at < wanted.created_before)
    if wanted.base_object_classes:
        conditions.append(c.base_object_class.in_(wanted.base_object_classes))
    if wanted.leaf_object_classes:
        conditions.append(c.leaf_object_class.in_(wanted.leaf_object_classes))
    if wanted.exclude_base_object_classes:
        other = c.base_object_class.not_in(wanted.exclude_base_object_classes)
        conditions.append(or_(c.base_object_class.is_(None), other))
    return conditions


def select_object_page(
    connection: Connection,
    project_id: str,
    wanted: ObjectFilter,
    columns: Collection[str],
    *,
    order: Order,
    limit: int | None = None,
    offset: int = 0,
) -> RowSet:
    """Versions that ``wanted`` selects, in ``order``."""
    statement = (
        select(*labelled(columns))
        .where(c.project_id == project_id, *object_conditions(wanted))
        .order_by(*order.order_by)
    )
    if limit is not None or offset:
        # SQLite has no OFFSET without a LIMIT.
        statement = statement.limit(limit if limit is not None else (1 << 62)).offset(offset)
    return fetch(connection, "ObjectVersion", statement)
