"""Bringing a database to the schema of this version.

Alembic is imported only where there is something to do: a server that starts on a database that is current spares its
seconds and its memory.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from db.assumptions import assume
from db.engines import preparing

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["alembic_config", "bring_up_to_date", "migrate", "newest_revision"]

_LOCK = 0x7472616365  # an advisory lock of this application; the number only has to be ours
_MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> "Config":
    """Alembic's configuration without a file; the caller adds ``attributes["connection"]``."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """The revision that a database has which is current. Files of revisions begin with their numbers."""
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def migrate(url: str) -> None:
    """``bring_up_to_date`` what is at ``url``. Raises ``DatabaseURLError`` for a URL that names no database."""
    with preparing(url) as engine:
        bring_up_to_date(engine)


def bring_up_to_date(engine: Engine) -> None:
    """Create or upgrade the tables to the newest revision, whole or not at all.

    Processes that start together wait for one another; those that come later find nothing to do.
    Raises ``sqlalchemy.exc.OperationalError`` where the database cannot be reached.
    """
    with engine.connect() as connection:
        current = _is_current(connection)
        if connection.dialect.name == "postgresql":
            if not current:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                _upgrade(connection)
                connection.commit()
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if not current:
                _upgrade(connection)
            assume(connection)
            connection.exec_driver_sql("COMMIT")


def _is_current(connection: Connection) -> bool:
    try:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    except DBAPIError:
        return False  # no such table, which a new database has not
    finally:
        connection.rollback()
    return found == [newest_revision()]


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
