"""Tables and their rows."""

from typing import Annotated, Any

import strawberry

from graph.connections import After, Before, Connection, First, Last, Offset, connect, page_request
from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.queries import OrderBy, sorts_argument
from graph.rows import load_row
from graph.scalars import JSON, BigInt, DateTime
from graph.tables.values import RowValues
from resolvers.tables.pages import TableRowList, table_rows_count, table_rows_list
from resolvers.tables.read import tables_by_digest

__all__ = ["Table", "TableRow", "TableRowConnection"]


@strawberry.federation.type(
    keys=["id", "projectSlug digest"], description="A row: an object, addressed by its content and shared by tables."
)
class TableRow(RowValues, TracegraphNode):
    """Rows of ``db.tables``."""

    is_type_of = is_row_of("TableRow")

    project_slug: str = column("Slug of its project, `entity/name`.")
    digest: str = column("Address of its content.")
    val: JSON = column("The row.", name="value")
    size_bytes: BigInt = column("Bytes of the row.")

    @link("Its place in the table that it was reached by, from 0; null where it was reached by its digest.")
    def original_index(self) -> BigInt | None:
        """A column of the lists of a table alone."""
        row: Any = self
        return getattr(row, "original_index", None)

    @link("The table that it was reached by; null where it was reached by its digest.")
    async def table(self, info: Info) -> Annotated["Table", strawberry.lazy("graph.tables.types")] | None:
        """By the loader of tables."""
        digest: str | None = getattr(self, "table_digest", None)
        return None if digest is None else await load_row(info, tables_by_digest, (self.project_slug, digest), Table)


@strawberry.type(description="A page of rows.")
class TableRowConnection(Connection[TableRow]):
    """Nothing beside the page."""


RowDigests = Annotated[
    list[str] | None, strawberry.argument(description="Only rows with one of these digests, at most 1,000.")
]


@strawberry.federation.type(
    keys=["id", "ref"], description="A list of rows that never changes, addressed by its content."
)
class Table(TracegraphNode):
    """Rows of ``db.tables``."""

    is_type_of = is_row_of("Table")

    project_slug: str = column("Slug of its project, `entity/name`.")
    digest: str = column("Address of its content.")
    ref: str = column("Its ref: `weave:///entity/project/table/DIGEST`.")
    row_count: BigInt = column("How many rows it has.")
    size_bytes: BigInt = column("Bytes of its rows.")
    created_at: DateTime = column("When it was first stored.")

    @link(
        "Its rows, by default in its own order; ordered by paths into the rows otherwise.",
        needs=("project_slug", "digest"),
    )
    async def rows(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        row_digests: RowDigests = None,
        order_by: OrderBy = None,
        offset: Offset = None,
    ) -> TableRowConnection:
        """Only what holds the page is read."""
        context = context_of(info)
        digests = None if row_digests is None else tuple(row_digests)
        chosen = TableRowList(self.project_slug, self.digest, digests, sorts_argument(order_by))
        return await connect(
            info,
            TableRowConnection,
            TableRow,
            page_request(first, after, last, before, offset),
            read=lambda request, columns: table_rows_list(context, chosen, request, columns),
            count=lambda limit: table_rows_count(context, chosen, limit),
        )
