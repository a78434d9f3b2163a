"""The indexes by which subjects are found that stand in JSON: one for each path, made and dropped as settings say."""

import hashlib
import json
from collections.abc import Iterable

from sqlalchemy import Connection, Engine, text

from db.calls.tables import calls
from db.subjects import Subject

__all__ = ["index_subjects"]

_LOCK = 0x7375626A  # an advisory lock of this application; the number only has to be ours
_PREFIX = "ix_calls_subject_"


def index_subjects(engine: Engine, subjects: Iterable[Subject]) -> None:
    """Make the indexes of ``subjects`` that are not there, and drop those of others.

    Processes that start together wait for one another; those that come later find nothing to do. While an index of
    many calls is made nothing can be written.
    """
    wanted = {_name(subject): subject for subject in subjects if subject.parts}
    with engine.connect() as connection:
        if _existing(connection) == wanted.keys():
            return
        connection.rollback()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        existing = _existing(connection)
        for name in sorted(existing - wanted.keys()):
            connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{name}"')
        for name in sorted(wanted.keys() - existing):
            connection.exec_driver_sql(_create(connection, name, wanted[name]))
        if connection.dialect.name == "postgresql":
            if wanted.keys() - existing:
                # The planner knows what values an expression has only once there is an index on it.
                connection.exec_driver_sql("ANALYZE calls")
            connection.commit()
        else:
            connection.exec_driver_sql("COMMIT")


def _name(subject: Subject) -> str:
    """The same for the same path, whatever the subject is called."""
    place = json.dumps([subject.column, *subject.parts])
    return _PREFIX + hashlib.sha256(place.encode()).hexdigest()[:16]


def _existing(connection: Connection) -> set[str]:
    if connection.dialect.name == "postgresql":
        statement = "SELECT indexname FROM pg_indexes WHERE tablename = 'calls' AND schemaname = current_schema()"
    else:
        statement = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'calls'"
    return {name for (name,) in connection.exec_driver_sql(statement) if name.startswith(_PREFIX)}


def _create(connection: Connection, name: str, subject: Subject) -> str:
    # An index names the columns of its table without the table.
    indexed = str(
        subject.indexed.compile(
            dialect=connection.dialect, compile_kwargs={"include_table": False, "literal_binds": True}
        )
    )
    # Without the call's id, which may be long: an entry of PostgreSQL's index holds 2,704 bytes.
    return f'CREATE INDEX "{name}" ON {calls.name} (project_id, ({indexed}), started_at) WHERE ({indexed}) IS NOT NULL'
