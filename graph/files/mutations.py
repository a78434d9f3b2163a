"""Storing files."""

from typing import cast

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.files.types import File
from graph.rows import load_row
from graph.scalars import Bytes
from graph.user_errors import UserError, user_errors
from resolvers.errors import Refusal
from resolvers.files import FileContent, file_create, files_by_digest

__all__ = ["FileMutations"]


@strawberry.input(description="Bytes to store.")
class FileCreateInput:
    """A file."""

    project: str = column("Slug of the project, `entity/name`; the project is made if it is not there.")
    content: Bytes = column("The bytes.")
    name: str | None = column("A name, kept for whoever reads it.", default=None)
    expected_digest: str | None = column("Refuse the file if its digest is another.", default=None)


@strawberry.type(description="What became of a file.")
class FileCreatePayload:
    """A file."""

    project: strawberry.Private[str]
    digest: str | None = column("Address of the content; null where it was refused.")
    user_errors: list[UserError] = column("Why it was refused; empty where it was stored.")

    @link("The file; null where it was refused.")
    async def file(self, info: Info) -> File | None:
        """Read only where it is asked for."""
        if self.digest is None:
            return None
        return await load_row(info, files_by_digest, (self.project, self.digest), File)


@strawberry.type
class FileMutations:
    """The part of Mutation about files."""

    @strawberry.mutation(description="Store a file. Idempotent: its digest is made from its content.")
    async def file_create(self, info: Info, input: FileCreateInput) -> FileCreatePayload:
        """A file."""
        try:
            digest = await file_create(
                context_of(info),
                input.project,
                input.name,
                cast("FileContent | bytes", input.content),
                input.expected_digest,
            )
        except Refusal as refusal:
            return FileCreatePayload(project=input.project, digest=None, user_errors=user_errors(refusal))
        return FileCreatePayload(project=input.project, digest=digest, user_errors=[])
