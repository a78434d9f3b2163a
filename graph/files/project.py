"""What a project says of its files."""

from typing import Annotated

import strawberry

from db.listings import FILES
from graph.connections import After, Before, Connection, First, Last
from graph.context import Info
from graph.fields import link
from graph.files.types import File
from graph.listings import connect_listing
from graph.nodes import ProjectPart
from graph.query import SortByInput
from graph.rows import load_row
from resolvers.files import files_by_digest

__all__ = ["ProjectFiles"]

Digest = Annotated[str, strawberry.argument(description="`File.digest`.")]

FileOrder = Annotated[
    list[SortByInput] | None,
    strawberry.argument(
        description="The order, most significant first, by `createdAt`, `name`, `sizeBytes` or `digest`."
    ),
]


@strawberry.type
class ProjectFiles(ProjectPart):
    """The part of Project about files."""

    @link("One file by its digest; null where there is none.", needs=("slug",))
    async def file(self, info: Info, digest: Digest) -> File | None:
        """By the loader of files."""
        return await load_row(info, files_by_digest, (self.slug, digest), File)

    @link("Its files, by default the first stored first: `last: 10` gives the newest ten.", needs=("slug",))
    async def files(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: FileOrder = None,
    ) -> Connection[File]:
        """A page of columns, without contents."""
        return await connect_listing(
            info, File, FILES, self.slug, first=first, after=after, last=last, before=before, order_by=order_by
        )
