"""INSERT with ON CONFLICT, which both databases spell alike and SQLAlchemy keeps in two places."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert", "insert_for"]


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT for the connection's database, with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: Table) -> Any:
    """The same for the database of this name."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
