"""What a project says of its files."""

from typing import Annotated

import strawberry

from graph.context import Info
from graph.fields import link
from graph.files.types import File
from graph.nodes import ProjectPart
from graph.rows import load_row
from resolvers.files import files_by_digest

__all__ = ["ProjectFiles"]

Digest = Annotated[str, strawberry.argument(description="`File.digest`.")]


@strawberry.type
class ProjectFiles(ProjectPart):
    """The part of Project about files."""

    @link("One file by its digest; null where there is none.", needs=("slug",))
    async def file(self, info: Info, digest: Digest) -> File | None:
        """By the loader of files."""
        return await load_row(info, files_by_digest, (self.slug, digest), File)
