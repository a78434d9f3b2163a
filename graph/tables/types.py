"""Tables and their rows."""

from typing import Annotated, Any

import strawberry

from graph.calls.connection import Place, calls_field
from graph.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Offset,
    connect_siblings,
    page_request,
    shared_by_siblings,
)
from graph.context import Info
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.objects.connection import versions_field
from graph.project_link import ProjectLink
from graph.queries import Query, QueryJson, query_argument, sorts_argument
from graph.query import SortByInput
from graph.rows import load_row
from graph.scalars import JSON, BigInt, DateTime
from graph.selection import NODES, columns_of
from graph.tables.values import RowValues
from resolvers.errors import InvalidInputError
from resolvers.objects.lists import HOLDERS
from resolvers.tables.pages import (
    RowLists,
    TableRowList,
    table_row_counts,
    table_row_pages,
    table_rows_at,
    table_rows_of_digest,
)
from resolvers.tables.read import tables_by_digest

__all__ = ["Table", "TableRow", "TableRowConnection"]


@strawberry.federation.type(
    keys=["id", "projectSlug digest"], description="A row: an object, addressed by its content and shared by tables."
)
class TableRow(RowValues, ProjectLink, TracegraphNode):
    """Rows of ``db.tables``."""

    is_type_of = is_row_of("TableRow")

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


RowOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, by paths into the rows; then by position. Pages of ordered or "
        "filtered rows look through the whole table."
    ),
]
Index = Annotated[int | None, strawberry.argument(description="Position in the table, from 0.")]
RowDigest = Annotated[
    str | None, strawberry.argument(description="`TableRow.digest`; of several such rows the first is meant.")
]
KEY = ("project_slug", "digest")


@strawberry.federation.type(
    keys=["id", "ref"], description="A list of rows that never changes, addressed by its content."
)
class Table(ProjectLink, TracegraphNode):
    """Rows of ``db.tables``."""

    is_type_of = is_row_of("Table")

    digest: str = column("Address of its content.")
    ref: str = column("Its ref: `weave:///entity/project/table/DIGEST`.")
    row_count: BigInt = column("How many rows it has.")
    size_bytes: BigInt = column("Bytes of its rows.")
    created_at: DateTime = column("When it was first stored.")

    @link(
        "Its rows, by default in its own order. Paths of `query`, `queryJson` and `orderBy` lead into the rows: "
        "`question`, `answer.score`.",
        needs=KEY,
    )
    async def rows(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        row_digests: RowDigests = None,
        query: Query = None,
        query_json: QueryJson = None,
        order_by: RowOrder = None,
        offset: Offset = None,
    ) -> TableRowConnection:
        """Pages of sibling tables are read together."""

        def make() -> RowLists:
            return RowLists(
                TableRowList(
                    None if row_digests is None else tuple(row_digests),
                    query_argument(query, query_json),
                    sorts_argument(order_by),
                ),
                page_request(first, after, last, before, offset),
                columns_of(info, TableRow, NODES),
            )

        return await connect_siblings(
            info,
            TableRowConnection,
            "TableRow",
            (self.project_slug, self.digest),
            lists=shared_by_siblings(info, make),
            pages=table_row_pages,
            counts=table_row_counts,
        )

    @link("One of its rows: by its position or by its digest; null where it has no such row.", needs=KEY)
    async def row(self, info: Info, index: Index = None, digest: RowDigest = None) -> TableRow | None:
        """By loaders."""
        if (index is None) == (digest is None):
            raise InvalidInputError("row takes either index or digest", ["index"])
        if digest is not None:
            return await load_row(info, table_rows_of_digest, (self.project_slug, (self.digest, digest)), TableRow)
        if index is not None and index < 0:
            raise InvalidInputError(f"index must be 0 or more, not {index}", ["index"])
        return await load_row(info, table_rows_at, (self.project_slug, (self.digest, index)), TableRow)

    objects = versions_field(
        "The versions of objects that hold it: datasets, results of evaluations.",
        needs=("project_slug", "ref"),
        by=HOLDERS,
        key=lambda table: (table.project_slug, table.ref),
    )
    used_by = calls_field(
        "The calls that have its own ref among their inputs. Calls that were given an object that holds it are "
        "`objects { nodes { usedBy } }`.",
        needs=("project_slug", "ref"),
        place=lambda table: Place(table.project_slug, "input_ref", table.ref),
    )
