"""Bringing a database to the schema of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from db.assumptions import assume
from db.engines import engine_for, parse_url

__all__ = ["alembic_config", "migrate"]

_LOCK = 0x7472616365  # an advisory lock of this application; the number only has to be ours


def alembic_config() -> Config:
    """Alembic's configuration without a file; the caller adds ``attributes["connection"]``."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(url: str) -> None:
    """Create or upgrade the tables of ``url`` to the newest revision, whole or not at all.

    Processes that start together wait for one another; those that come later find nothing to do.
    Raises ``DatabaseURLError`` for a URL that names no database, ``sqlalchemy.exc.OperationalError`` where it cannot
    be reached.
    """
    engine = engine_for(parse_url(url), pool_size=1)
    config = alembic_config()
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                command.upgrade(config, "head")
                connection.commit()
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                command.upgrade(config, "head")
                assume(connection)
                connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()
