"""Edges: each ref found inside a call or an object, indexed both ways."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Column, Connection, Index, PrimaryKeyConstraint, Table, bindparam, delete, select, text

from db.bulk import put_missing
from db.chunks import chunked
from db.id_lists import Strings, among
from db.metadata import Name, metadata

__all__ = ["Edge", "base_of", "delete_edges", "insert_edges", "refs", "select_targets"]

refs = Table(
    "refs",
    metadata,
    Column("project_id", Name, nullable=False),
    # "call" with a call id, "object" with NAME:DIGEST, "op" with NAME:DIGEST.
    Column("source_kind", Name, nullable=False),
    Column("source_id", Name, nullable=False),
    # "inputs" or "output" of a call, "value" of an object.
    Column("role", Name, nullable=False),
    Column("target", Name, nullable=False),
    # The target without the path inside it: what the ref is to.
    Column("base", Name, nullable=False),
    PrimaryKeyConstraint("project_id", "source_kind", "source_id", "role", "target"),
    Index(None, "project_id", "target", "source_kind", "role"),
    Index(None, "project_id", "base", "source_kind", "role"),
    info={"distribute_by": "project_id"},
)


_BASE_PARTS = 7  # weave:, two empty ones, entity, project, kind, name


def base_of(ref: str) -> str:
    """A ref without the path inside what it names: ``weave:///entity/project/object/NAME:DIGEST``."""
    return "/".join(ref.split("/", _BASE_PARTS)[:_BASE_PARTS])


class Edge(NamedTuple):
    """One ref at its place."""

    source_kind: str
    source_id: str
    role: str
    target: str


_EDGES = 5000
_INSERT = text(
    "INSERT INTO refs (project_id, source_kind, source_id, role, target, base)"
    " SELECT :project, * FROM unnest(:kinds, :ids, :roles, :targets, :bases) ON CONFLICT DO NOTHING"
).bindparams(
    bindparam("project", type_=Name()),
    *(bindparam(name, type_=Strings()) for name in ("kinds", "ids", "roles", "targets", "bases")),
)
"""For PostgreSQL: one statement takes them all, and one text of SQL does for any number of them."""


def insert_edges(connection: Connection, project_id: str, edges: Iterable[Edge]) -> None:
    """Record ``edges``; one that is there already stays."""
    if connection.dialect.name == "postgresql":
        for chunk in chunked(edges, _EDGES):
            kinds, ids, roles, targets = zip(*chunk, strict=True)
            bases = [base_of(target) for target in targets]
            columns = {"kinds": kinds, "ids": ids, "roles": roles, "targets": targets, "bases": bases}
            connection.execute(_INSERT, {"project": project_id, **columns})
        return
    found = list(edges)
    columns = {name: [getattr(edge, name) for edge in found] for name in Edge._fields}
    bases = [base_of(edge.target) for edge in found]
    put_missing(connection, refs, {"project_id": [project_id] * len(found), "base": bases, **columns})


def delete_edges(
    connection: Connection, project_id: str, source_ids: Iterable[str], *, source_kind: str, role: str
) -> None:
    """Forget what one place of each source pointed to, before it is written again: one statement a chunk."""
    for chunk in chunked(source_ids):
        connection.execute(
            delete(refs).where(
                refs.c.project_id == project_id,
                refs.c.source_kind == source_kind,
                among(refs.c.source_id, chunk),
                refs.c.role == role,
            )
        )


def select_targets(
    connection: Connection, project_id: str, source_ids: Iterable[str], *, source_kind: str, role: str
) -> dict[str, list[str]]:
    """The refs at one place of each source, in the order of their text; a source without any is missing."""
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for chunk in chunked(source_ids):
        statement = (
            select(refs.c.source_id, refs.c.target)
            .where(
                refs.c.project_id == project_id,
                refs.c.source_kind == source_kind,
                among(refs.c.source_id, chunk),
                refs.c.role == role,
            )
            .order_by(refs.c.target)
        )
        for source_id, target in connection.execute(statement):
            targets[source_id].append(target)
    return targets
