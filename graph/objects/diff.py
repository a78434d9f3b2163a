"""How a version differs from another."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.context import Info, context_of
from graph.cost import cost
from graph.enums import described_enum
from graph.fields import NEEDS, column, link
from graph.rows import load_row
from graph.scalars import JSON
from resolvers.objects.code import file_texts, main_file, version_files
from resolvers.objects.diff import ChangeKind, version_diffs
from resolvers.objects.diff import VersionDiff as FoundDiff
from resolvers.objects.read import objects_by_ref

if TYPE_CHECKING:
    from graph.objects.types import ObjectVersion

__all__ = ["ObjectDiffs"]

described_enum(
    ChangeKind,
    name="ChangeKind",
    description="What became of what stands at a path.",
    values={
        "ADDED": "It is there since the later version.",
        "REMOVED": "It is gone in the later version.",
        "CHANGED": "It is another value.",
    },
)


@strawberry.type(description="A difference between two values.")
class ValueChange:
    """``resolvers.objects.diff.Change``."""

    path: str | None = column(
        "Where, as a dotted path: `messages.0.content`; null where the values as a whole are of different types."
    )
    kind: ChangeKind = column("What became of it.")
    before: JSON | None = column("What stood there; null where it was added.")
    after: JSON | None = column("What stands there now; null where it was removed.")


@strawberry.type(description="How a version differs from an earlier one, or from any other of its name.")
class ObjectVersionDiff:
    """``resolvers.objects.diff.VersionDiff``."""

    found: strawberry.Private[FoundDiff]

    @link("The version that is compared with.", name="from")
    async def from_(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        return await load_row(info, objects_by_ref, self.found.before, "ObjectVersion")

    @link("The version that is compared.")
    async def to(self, info: Info) -> Annotated["ObjectVersion", strawberry.lazy("graph.objects.types")] | None:
        """By the loader of objects."""
        return await load_row(info, objects_by_ref, self.found.after, "ObjectVersion")

    @link(
        "The differences of the values, as many as `limit` of `diff` says, in the order of the members of the older "
        "value. Lists are compared position by position; 1 and 1.0 differ."
    )
    def changes(self) -> list[ValueChange]:
        """As they were found."""
        return self.found.changes  # type: ignore[return-value]  # they have its fields

    @link("Whether there are more differences than `changes` has.")
    def is_truncated(self) -> bool:
        """Found on the way."""
        return self.found.is_truncated

    @link(
        "The differences of the code of ops, and of other text files that the values name, as a unified diff; empty "
        "where they are equal, null where neither names a text file of at most 256 KiB."
    )
    def code_diff(self) -> str | None:
        """Made beside the others."""
        return self.found.code


From = Annotated[
    str | None,
    strawberry.argument(
        name="from",
        description="The version to compare with: a digest, `vN` or `latest`; the one before this where missing.",
    ),
]
Limit = Annotated[int, strawberry.argument(description="Most changes that are listed, 1 to 1,000.")]
KEY = ("project_slug", "kind", "object_id", "digest")


@strawberry.type
class ObjectDiffs:
    """The part of ObjectVersion about code and differences."""

    @link("The code of an op, in its file `obj.py`; null for objects, and where it has more than 256 KiB.", needs=KEY)
    async def code(self, info: Info) -> str | None:
        """By loaders: of what the values say of files, and of files."""
        load = context_of(info).loaders.load
        key = _key(self)
        digest = main_file(await load(version_files, key))
        found: str | None = None if digest is None else await load(file_texts, (key[0], digest))
        return found

    @strawberry.field(
        description="How it differs from another version of its name, by default the one before it; null for the first "
        "version. Values of more than 4 MiB are not compared: an error.",
        metadata={NEEDS: KEY, **cost(10)},
    )
    async def diff(self, info: Info, from_: From = None, limit: Limit = 100) -> ObjectVersionDiff | None:
        """By a loader."""
        found: Any = await context_of(info).loaders.load(version_diffs, _key(self), base=from_, limit=limit)
        return None if found is None else ObjectVersionDiff(found=found)


def _key(row: Any) -> tuple[str, ...]:
    return tuple(getattr(row, name) for name in KEY)
