"""Files."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.nodes import TracegraphNode, is_row_of
from graph.project_link import ProjectLink
from graph.scalars import BigInt, Bytes, DateTime
from resolvers.context import Context
from resolvers.errors import TooLargeError
from resolvers.files import file_chunks_of

__all__ = ["File", "StoredContent"]

LARGEST_ON_THE_WIRE = 32 << 20


@dataclass(frozen=True, slots=True)
class StoredContent:
    """The bytes of a file for our own operations: nothing is read before someone asks for the chunks."""

    context: Context
    project: str
    digest: str
    size_bytes: int

    def chunks(self) -> AsyncIterator[bytes]:
        """The content, piece by piece."""
        return file_chunks_of(self.context, self.project, self.digest)


@strawberry.federation.type(
    keys=["id", "projectSlug digest"], description="Bytes that were stored beside calls and objects, by their content."
)
class File(ProjectLink, TracegraphNode):
    """Rows of ``db.files``."""

    is_type_of = is_row_of("File")

    digest: str = column("Address of its content.")
    name: str | None = column("The name that it was first stored under.")
    size_bytes: BigInt = column("Bytes of it.")
    created_at: DateTime = column("When it was first stored.")

    @link(
        "Its bytes, at most 32 MiB this way; a larger file is read by `POST /file/content`.",
        needs=("project_slug", "digest", "size_bytes"),
        weight=10,
    )
    async def content(self, info: Info) -> Bytes:
        """A handle for our own operations, the bytes for clients."""
        context = context_of(info)
        stored = StoredContent(context, self.project_slug, self.digest, self.size_bytes)
        if context.in_process:
            return Bytes(stored)
        if self.size_bytes > LARGEST_ON_THE_WIRE:
            raise TooLargeError(f"File {self.digest!r} has {self.size_bytes} bytes; read it by POST /file/content")
        return Bytes(b"".join([chunk async for chunk in stored.chunks()]))
