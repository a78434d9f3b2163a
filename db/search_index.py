"""The index over what calls say: making it on SQLite, and on PostgreSQL putting it in order after it was written to."""

import logging
import sqlite3

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

__all__ = ["FTS", "prepare_search", "settle_index"]

log = logging.getLogger("tracegraph.search")

FTS = "call_texts_index"
"""The table of FTS5."""

_MAKE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {FTS}"
    " USING fts5(text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1')"
)
_SETTLE = text(
    "SELECT CASE WHEN pg_has_role(relowner, 'USAGE') THEN gin_clean_pending_list(oid) END"
    " FROM pg_class WHERE oid = to_regclass('ix_call_texts_grams') AND relkind = 'i'"
)


def prepare_search(engine: Engine) -> bool:
    """Make what searching needs that is no table of ours; False where this SQLite cannot, which is logged."""
    if engine.dialect.name != "sqlite":
        return True
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(_MAKE)
    except OperationalError as error:
        if not any(missing in str(error.orig) for missing in ("fts5", "tokenizer")):
            raise
        log.warning(
            "search is off: it needs SQLite 3.34 or later with FTS5 and its trigram tokenizer, and this is %s: %s",
            sqlite3.sqlite_version,
            error.orig,
        )
        return False
    return True


def settle_index(connection: Connection) -> None:
    """Put what was written last where the index of PostgreSQL has everything else, if this role may.

    It is kept in a list at first, of which the planner takes each search to read all: where there are few texts it
    would rather read these, with their trigrams, which takes a hundred times as long.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_SETTLE)
