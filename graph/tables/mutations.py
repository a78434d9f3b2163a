"""Storing tables."""

from typing import cast

import strawberry

from db.json_text import JSONText
from graph.context import Info, context_of
from graph.fields import column, link
from graph.rows import load_row
from graph.scalars import JSON, BigInt
from graph.tables.types import Table
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.tables.create import table_create, table_create_from_digests
from resolvers.tables.read import tables_by_digest
from resolvers.tables.update import Append, Insert, Pop, TableUpdate, table_update

__all__ = ["TableMutations"]


@strawberry.input(description="Rows to store as a table.")
class TableCreateInput:
    """A table."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    rows: list[JSON] = column("The rows, each an object.")
    expected_digest: str | None = column("Refuse the table if its digest is another.", default=None)


@strawberry.input(description="Stored rows to make a table of.")
class TableCreateFromDigestsInput:
    """A table of what is there."""

    project: str = column("Slug of the project, `entity/name`.")
    row_digests: list[str] = column("Digests of stored rows, in the order of the table.")
    expected_digest: str | None = column("Refuse the table if its digest is another.", default=None)


@strawberry.input(description="A row to put in.")
class TableInsertInput:
    """A place and a row."""

    index: BigInt = column("Its place, from 0; the number of rows puts it last.")
    row: JSON = column("The row, an object.")


@strawberry.input(one_of=True, description="One change to a list of rows.")
class TableUpdateItem:
    """A change."""

    append: JSON | None = column("A row, an object, to put last.", default=strawberry.UNSET)
    pop: BigInt | None = column("Place of a row to take out, from 0.", default=strawberry.UNSET)
    insert: TableInsertInput | None = column("A row to put in at a place.", default=strawberry.UNSET)


@strawberry.input(description="Changes that make a new table of one that is there.")
class TableUpdateInput:
    """Changes."""

    project: str = column("Slug of the project, `entity/name`.")
    base_digest: str = column("Digest of the table to begin with; it stays.")
    updates: list[TableUpdateItem] = column("The changes, one after another.")


@strawberry.type(description="What became of a table.")
class TablePayload:
    """A table."""

    project: strawberry.Private[str]
    digest: str | None = column("Address of the table; null where it was refused.")
    row_digests: list[str] = column("Digests of its rows; of an update, of each row that was put in or taken out.")
    user_errors: list[UserError] = column("Why it was refused; empty where it was stored.")

    @link("The table; null where it was refused.")
    async def table(self, info: Info) -> Table | None:
        """Read only where it is asked for."""
        if self.digest is None:
            return None
        return await load_row(info, tables_by_digest, (self.project, self.digest), Table)


def _refused(project: str, refusal: Refusal) -> TablePayload:
    return TablePayload(project=project, digest=None, row_digests=[], user_errors=user_errors(refusal))


def _update(item: TableUpdateItem) -> TableUpdate:
    if item.insert:
        return Insert(item.insert.index, cast("JSONText", item.insert.row))
    if item.append:
        return Append(cast("JSONText", item.append))
    assert item.pop is not None  # a one-of input has exactly one member
    return Pop(item.pop)


@strawberry.type
class TableMutations:
    """The part of Mutation about tables."""

    @strawberry.mutation(description="Store rows as a table. Idempotent: its digest is made from its content.")
    async def table_create(self, info: Info, input: TableCreateInput) -> TablePayload:
        """A table."""
        try:
            rows = cast("list[JSONText]", input.rows)
            made = await table_create(context_of(info), input.project, rows, input.expected_digest)
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return TablePayload(project=input.project, digest=made.digest, row_digests=made.row_digests, user_errors=[])

    @strawberry.mutation(description="Make a table of rows that are stored.")
    async def table_create_from_digests(self, info: Info, input: TableCreateFromDigestsInput) -> TablePayload:
        """A table of what is there."""
        try:
            digest = await table_create_from_digests(
                context_of(info), input.project, input.row_digests, input.expected_digest
            )
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return TablePayload(project=input.project, digest=digest, row_digests=input.row_digests, user_errors=[])

    @strawberry.mutation(description="Make a new table by appending, inserting and taking out rows. The base stays.")
    async def table_update(self, info: Info, input: TableUpdateInput) -> TablePayload:
        """Changes."""
        try:
            updates = [_update(item) for item in input.updates]
            made = await table_update(context_of(info), input.project, input.base_digest, updates)
        except Refusal as refusal:
            return _refused(input.project, refusal)
        return TablePayload(
            project=input.project, digest=made.digest, row_digests=made.updated_row_digests, user_errors=[]
        )
