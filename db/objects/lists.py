"""Lists of versions below the nodes of one list, read together: the versions of each name, the holders of each ref."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select, tuple_

from db.chunks import chunked
from db.objects.reads import COLUMNS, ObjectKey, select_objects
from db.objects.tables import objects
from db.pages import Page, PageRequest
from db.partitions import partition_counts, partition_pages
from db.query.derived import after_colon, before_colon
from db.query.order import Order
from db.refs import refs
from db.rows import Row

__all__ = [
    "ByKey",
    "count_lists",
    "holder_lists",
    "name_lists",
    "select_by_ref",
    "select_lists",
    "select_version_numbers",
]

c = objects.c


class ByKey(NamedTuple):
    """What tells lists apart in SQL, and the conditions for one chunk of keys."""

    key: ColumnElement[Any]
    conditions: list[ColumnElement[bool]]


def name_lists(_project_id: str, keys: Sequence[str]) -> ByKey:
    """By ``KIND:NAME``: the versions of each name."""
    # The condition on the name alone is the one that an index serves.
    return ByKey(c.kind + ":" + c.object_id, [c.object_id.in_({key.partition(":")[2] for key in keys})])


def holder_lists(project_id: str, _keys: Sequence[str]) -> ByKey:
    """By ref: the versions whose values hold it, or a ref to a place inside what it names."""
    edges = (
        select(refs.c.source_kind, refs.c.source_id, refs.c.base)
        .where(refs.c.project_id == project_id, refs.c.source_kind.in_(("object", "op")), refs.c.role == "value")
        .distinct()
        .subquery()
    )
    joined = [
        c.kind == edges.c.source_kind,
        c.object_id == before_colon(edges.c.source_id),
        c.digest == after_colon(edges.c.source_id),
    ]
    return ByKey(edges.c.base, joined)


def select_by_ref(
    connection: Connection, project_id: str, refs: Sequence[str], columns: Collection[str]
) -> dict[str, Row]:
    """Versions by their own refs; those that are not there are missing."""
    keys = {}
    for ref in refs:
        kind, name = ref.rsplit("/", 2)[1:]
        object_id, _, digest = name.partition(":")
        keys[ref] = ObjectKey(kind, object_id, digest)
    found = select_objects(connection, project_id, keys.values(), columns)
    return {ref: found[key] for ref, key in keys.items() if key in found}


def select_lists(
    connection: Connection,
    project_id: str,
    keys: Iterable[str],
    columns: Collection[str],
    *,
    by: Any,
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    request: PageRequest,
) -> dict[str, Page]:
    """The page of each list; a list without versions is missing. A few statements a chunk."""
    found: dict[str, Page] = {}
    for chunk in chunked(keys):
        lists: ByKey = by(project_id, chunk)
        found |= partition_pages(
            connection,
            chunk,
            noun="ObjectVersion",
            key=lists.key,
            row_id=COLUMNS["ref"],
            read=partial(select_by_ref, connection, project_id, columns=columns),
            conditions=[*conditions, *lists.conditions],
            order=order,
            request=request,
        )
    return found


def count_lists(
    connection: Connection, project_id: str, keys: Iterable[str], *, by: Any, conditions: Sequence[ColumnElement[bool]]
) -> dict[str, int]:
    """How many versions each list has; one without any is missing."""
    found: dict[str, int] = {}
    for chunk in chunked(keys):
        lists: ByKey = by(project_id, chunk)
        found |= partition_counts(connection, chunk, key=lists.key, conditions=[*conditions, *lists.conditions])
    return found


def select_version_numbers(
    connection: Connection, project_id: str, names: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], list[tuple[int, str]]]:
    """Number and digest of every version that is not deleted of each (kind, object id), in order."""
    found: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for chunk in chunked(dict.fromkeys(names)):
        statement = (
            select(c.kind, c.object_id, c.version_index, c.digest)
            .where(c.project_id == project_id, tuple_(c.kind, c.object_id).in_(chunk), c.deleted_at.is_(None))
            .order_by(c.version_index)
        )
        for kind, object_id, number, digest in connection.execute(statement):
            found[kind, object_id].append((number, digest))
    return found
