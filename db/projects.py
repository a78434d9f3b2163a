"""Projects, and the counter that orders all changes of one."""

from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import BigInteger, Column, Connection, Table, bindparam, select

from db.chunks import chunked
from db.id_lists import among_bound
from db.metadata import Name, Time, metadata
from db.prepared import Prepared
from db.query.fields import Field, Fields, FieldType
from db.rows import RowSet, fetch
from db.signals import note
from db.upsert import insert_for

__all__ = ["PROJECT_FIELDS", "lock", "projects", "select_heads", "select_projects"]

projects = Table(
    "projects",
    metadata,
    Column("project_id", Name, primary_key=True),
    Column("change_seq", BigInteger, nullable=False),
    Column("created_at", Time, nullable=False),
    info={"distribute_by": "project_id"},
)

PROJECT_FIELDS = Fields(
    [
        Field("slug", FieldType.TEXT, projects.c.project_id, nullable=False),
        Field("created_at", FieldType.TIME, projects.c.created_at, nullable=False),
    ]
)
"""What lists of projects are ordered by."""

_COLUMNS = (projects.c.project_id.label("slug"), projects.c.created_at, projects.c.change_seq)


_ONE = Prepared(select(*_COLUMNS).where(projects.c.project_id == bindparam("slug", type_=Name())))
_SOME = Prepared(select(*_COLUMNS).where(among_bound(projects.c.project_id, "slugs")))


@cache
def _locking(dialect: str) -> Prepared:
    """The statement of ``lock``, which is part of every write."""
    statement = insert_for(dialect, projects)
    added = projects.c.change_seq + statement.excluded.change_seq
    raised = statement.on_conflict_do_update(index_elements=["project_id"], set_={"change_seq": added})
    return Prepared(raised.returning(projects.c.change_seq), ("project_id", "change_seq", "created_at"))


def lock(connection: Connection, project_id: str, now: int, changes: int = 1) -> int:
    """Make the project if need be and hold its row until the transaction ends; returns the first of ``changes`` new
    change numbers.

    Writers of one project therefore come one after another, which makes the numbers commit in order (a sequence
    would let a later number become visible first, and whoever resumes from it would miss the earlier one), and lets
    a writer read rows before it decides what to write.
    """
    values = {"project_id": project_id, "change_seq": changes, "created_at": now}
    ((last,),) = _locking(connection.dialect.name).fetch(connection, values)
    note(connection, project_id)
    return int(last) - changes + 1


def select_projects(connection: Connection, project_ids: Sequence[str]) -> RowSet:
    """The projects that exist among ``project_ids``, in no order; columns slug, created_at, change_seq."""
    if len(project_ids) == 1:
        return fetch(connection, "Project", _ONE, {"slug": project_ids[0]})
    return fetch(connection, "Project", _SOME, {"slugs": project_ids})


def select_heads(connection: Connection, project_ids: Iterable[str]) -> dict[str, int]:
    """The number of the last change of each project; 0 where nothing was ever written to it.

    Whatever has that number or a lower one is seen by every later statement.
    """
    heads = dict.fromkeys(project_ids, 0)
    for chunk in chunked(list(heads)):
        heads.update((row.slug, row.change_seq) for row in select_projects(connection, chunk))
    return heads
