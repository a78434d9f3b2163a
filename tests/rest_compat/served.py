"""Applications whose database tests look into."""

from typing import NamedTuple

import httpx
from sqlalchemy import Engine, func, literal, select, union_all

from db.schema import metadata

__all__ = ["Served"]

_COUNTS = union_all(
    *(
        select(literal(table.name), select(func.count()).select_from(table).scalar_subquery())
        for table in metadata.sorted_tables
    )
)


class Served(NamedTuple):
    """A running application and a way to look into its database."""

    client: httpx.AsyncClient
    engine: Engine

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(_COUNTS)}
