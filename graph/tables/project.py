"""What a project says of its tables."""

from typing import Annotated, cast

import strawberry

from graph.context import Info, context_of
from graph.fields import link
from graph.nodes import ProjectPart
from graph.rows import load_row
from graph.selection import columns_of
from graph.tables.types import Table, TableRow
from resolvers.errors import InvalidInputError
from resolvers.tables.read import table_rows_by_digest, tables_by_digest

__all__ = ["ProjectTables"]

MOST_TABLES = 1000

Digest = Annotated[str, strawberry.argument(description="`Table.digest`.")]
RowDigest = Annotated[str, strawberry.argument(description="`TableRow.digest`.")]
Digests = Annotated[list[str], strawberry.argument(description="At most 1,000 of `Table.digest`.")]


@strawberry.type
class ProjectTables(ProjectPart):
    """The part of Project about tables."""

    @link("One table by its digest; null where there is none.", needs=("slug",))
    async def table(self, info: Info, digest: Digest) -> Table | None:
        """By the loader of tables."""
        return await load_row(info, tables_by_digest, (self.slug, digest), Table)

    @link("One row by its digest, whatever tables hold it; null where none does.", needs=("slug",))
    async def table_row(self, info: Info, digest: RowDigest) -> TableRow | None:
        """By the loader of rows."""
        return await load_row(info, table_rows_by_digest, (self.slug, digest), TableRow)

    @link("Tables by their digests, in their order; null for each that is not there.", needs=("slug",))
    async def tables(self, info: Info, digests: Digests) -> list[Table | None]:
        """One statement."""
        if len(digests) > MOST_TABLES:
            raise InvalidInputError(f"tables takes at most {MOST_TABLES} digests, not {len(digests)}", ["digests"])
        keys = [(self.slug, digest) for digest in digests]
        rows = await tables_by_digest(context_of(info), keys, columns=columns_of(info, Table))
        return cast("list[Table | None]", rows)  # rows stand for their types
