"""What a project says of its files."""

from typing import Annotated, Any

import strawberry

from graph.context import Info, context_of
from graph.fields import link
from graph.files.types import File
from graph.selection import columns_of
from resolvers.files import files_by_digest

__all__ = ["ProjectFiles"]

Digest = Annotated[str, strawberry.argument(description="`File.digest`.")]


@strawberry.type
class ProjectFiles:
    """The part of Project about files."""

    @link("One file by its digest; null where there is none.", needs=("slug",))
    async def file(self, info: Info, digest: Digest) -> File | None:
        """By the loader of files."""
        row: Any = await context_of(info).loaders.load(
            files_by_digest, (self.slug, digest), columns=columns_of(info, File)
        )
        return row  # type: ignore[no-any-return]
