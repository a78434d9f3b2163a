"""What is inside the value of a row, without all of it."""

from typing import Annotated, Any

import strawberry

from graph.context import Info
from graph.fields import link
from graph.previews import Length, TextPreview, load_preview, load_value
from graph.scalars import JSON
from resolvers.picks import ROWS, parts_of

__all__ = ["RowValues"]

Path = Annotated[
    str,
    strawberry.argument(
        description="A dotted path inside the row: `question.text`. A whole number is a position in a "
        "list, from 0 (`-1` is the last), or a key; `\\.` is a dot inside a key."
    ),
]
PreviewPath = Annotated[
    str | None,
    strawberry.argument(description="A dotted path inside the row, as of `valueAt`; all of it where missing."),
]
KEY = ("project_slug", "digest")


@strawberry.type
class RowValues:
    """The part of TableRow about what is inside its value."""

    @link("What stands at a path inside the row, as it was sent; null where nothing is there.", needs=KEY)
    async def value_at(self, info: Info, path: Path) -> JSON | None:
        """By a loader for each path."""
        return await load_value(info, _key(self), ROWS, parts_of(path))

    @link(
        "How the row, or what stands at a path inside it, begins, and how large it is; null where nothing, or null, "
        "is there.",
        needs=KEY,
    )
    async def preview(self, info: Info, path: PreviewPath = None, length: Length = 200) -> TextPreview | None:
        """By a loader for each path."""
        return await load_preview(info, _key(self), ROWS, parts_of(path), length)


def _key(row: Any) -> tuple[str, ...]:
    return tuple(getattr(row, name) for name in KEY)
