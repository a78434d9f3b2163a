"""What a project says of its tables."""

from typing import Annotated, cast

import strawberry

from db.listings import TABLES
from graph.connections import After, Before, Connection, First, Last
from graph.context import Info, context_of
from graph.fields import link
from graph.listings import connect_listing
from graph.nodes import ProjectPart
from graph.query import SortByInput
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

TableOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, by `createdAt`, `rowCount`, `sizeBytes` or `digest`."
    ),
]


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
    async def tables_by_digest(self, info: Info, digests: Digests) -> list[Table | None]:
        """One statement."""
        if len(digests) > MOST_TABLES:
            message = f"tablesByDigest takes at most {MOST_TABLES} digests, not {len(digests)}"
            raise InvalidInputError(message, ["digests"])
        keys = [(self.slug, digest) for digest in digests]
        rows = await tables_by_digest(context_of(info), keys, columns=columns_of(info, Table))
        return cast("list[Table | None]", rows)  # rows stand for their types

    @link("Its tables, by default the first stored first: `last: 10` gives the newest ten.", needs=("slug",))
    async def tables(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: TableOrder = None,
    ) -> Connection[Table]:
        """A page of columns."""
        return await connect_listing(
            info, Table, TABLES, self.slug, first=first, after=after, last=last, before=before, order_by=order_by
        )
