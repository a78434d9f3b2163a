"""Applications whose database tests look into."""

import httpx
from sqlalchemy import Connection, Engine, func, literal, select, union_all

from db.schema import metadata

__all__ = ["Served"]

_FOLLOWED = {"annotation_queue_items", "metric_jobs"}
"""What the server writes by itself, some time after it has taken a call."""
_COUNTS = union_all(
    *(
        select(literal(table.name), select(func.count()).select_from(table).scalar_subquery())
        for table in metadata.sorted_tables
        if table.name not in _FOLLOWED
    )
)
_STATES = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()::text"}
"""What is another after each commit of somebody who wrote."""


class Served:
    """A running application and a way to look into its database, over an engine of one connection."""

    def __init__(self, client: httpx.AsyncClient, engine: Engine) -> None:
        self.client = client
        self._engine = engine
        self._counted: tuple[object, dict[str, int]] = (None, {})

    def rows(self) -> dict[str, int]:
        """How many rows each table has that requests alone write; counted anew only where somebody wrote."""
        with self._engine.connect() as connection:
            state = connection.exec_driver_sql(_STATES[self._engine.dialect.name]).scalar_one()
            if self._counted[0] != state:
                self._counted = state, self._count(connection)
        return self._counted[1]

    @staticmethod
    def _count(connection: Connection) -> dict[str, int]:
        return {row[0]: row[1] for row in connection.execute(_COUNTS)}
