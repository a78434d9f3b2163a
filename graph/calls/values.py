"""What is inside the payloads of a call, without all of them."""

from typing import Annotated, Any, cast

import strawberry

from graph.context import Info, context_of
from graph.fields import column, link
from graph.previews import Length, TextPreview, load_preview, load_value
from graph.scalars import JSON, BigInt
from resolvers.calls.sizes import call_sizes
from resolvers.picks import held_in_call

__all__ = ["CallValues"]

Path = Annotated[
    str,
    strawberry.argument(
        description="A dotted path that begins with `inputs`, `output`, `attributes` or `summary`: `output`, "
        "`inputs.messages.0.content`. A whole number is a position in a list, from 0 (`inputs.messages.-1.content` "
        "is of the last), or a key; `\\.` is a dot inside a key."
    ),
]
KEY = ("project_slug", "call_id")


@strawberry.type(description="How large the payloads of a call are: bytes of JSON in UTF-8, as they are stored.")
class CallSizes:
    """``resolvers.calls.sizes``."""

    inputs: BigInt = column("Bytes of the inputs.")
    output: BigInt = column("Bytes of the output; 0 where there is none yet.")
    attributes: BigInt = column("Bytes of the attributes.")
    summary: BigInt = column("Bytes of the summary; 0 where there is none yet.")


@strawberry.type
class CallValues:
    """The part of Call about what is inside its payloads."""

    @link(
        "The value at a path inside its payloads, as it was sent; null where nothing is there. Nothing else is read, "
        "so that it suits lists; all values of a list may have 64 MiB together, and the nodes beyond have an error.",
        needs=KEY,
    )
    async def value(self, info: Info, path: Path) -> JSON | None:
        """By a loader for each path."""
        row: Any = self
        return await load_value(info, (row.project_slug, row.call_id), *held_in_call(path))

    @link(
        "How the value at a path inside its payloads begins, and how large it is; null where nothing, or null, is "
        "there.",
        needs=KEY,
    )
    async def preview(self, info: Info, path: Path, length: Length = 200) -> TextPreview | None:
        """By a loader for each path."""
        row: Any = self
        return await load_preview(info, (row.project_slug, row.call_id), *held_in_call(path), length)

    @link("How large each of its payloads is; `storageSizeBytes` is all of them.", needs=KEY)
    async def sizes(self, info: Info) -> CallSizes:
        """By a loader."""
        row: Any = self
        found: Any = await context_of(info).loaders.load(call_sizes, (row.project_slug, row.call_id))
        return cast("CallSizes", found)
