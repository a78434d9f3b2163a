"""The metadata that every table belongs to, and the column types they share.

Rules that keep the tables shardable by project (docs/storage.md): ``project_id`` leads every key, no serials, no
triggers, no foreign key on ids that clients make.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Dialect, LargeBinary, MetaData, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from db.text import decode_text, encode_text

__all__ = ["Blob", "JSONColumn", "Name", "Time", "metadata", "read_name"]

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

Time = BigInteger
"""Microseconds since the Unix epoch, UTC."""

Blob = LargeBinary


class Name(TypeDecorator[str]):
    """Text of a client: an id, a name, an exception. Any Python string goes in and comes out (``db.text``).

    Compared and ordered by code point in both databases.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        # Of each value that is written or read, so it is one function and not three of the decorator's.
        return _written

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[str | None], str | None]:
        return read_name


def _written(value: str | None) -> str | None:
    return value if value is None else encode_text(value)


def read_name(stored: str | None) -> str | None:
    """The text of a client that is stored so."""
    return stored if stored is None or stored.isascii() else decode_text(stored)


class JSONColumn(Text):
    """JSON text (``db.json_text``), never decoded by the database layer. A column ``x`` that queries may reach into
    stands beside a nullable ``x_query`` that they read first."""
