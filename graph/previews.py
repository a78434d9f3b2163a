"""Values at a path, and how large values begin."""

from typing import Annotated, Any

import strawberry

from db.picks import Held, Key
from graph.context import Info, context_of
from graph.fields import column, link
from graph.scalars import JSON, BigInt
from resolvers.picks import previews_at, values_at

__all__ = ["Length", "TextPreview", "load_preview", "load_value"]

Length = Annotated[
    int, strawberry.argument(description="Most characters (Unicode code points) of the preview, 1 to 10,000.")
]


@strawberry.type(description="How a value begins, and how much of it there is.")
class TextPreview:
    """``db.picks.Preview``."""

    text: str = column(
        "The beginning: of a string its characters, of anything else its compact JSON text, cut between characters."
    )
    length: BigInt = column("Characters (Unicode code points) of the whole text.")
    size_bytes: BigInt = column("Bytes of the whole value as JSON in UTF-8, as it is stored.")

    @link("Whether the whole text is longer than `text`.")
    def is_truncated(self) -> bool:
        """By the lengths of both."""
        return len(self.text) < self.length


async def load_value(info: Info, key: Key, held: Held, parts: tuple[str, ...]) -> JSON | None:
    """What stands at a path of what ``key`` names, project first, by a loader."""
    text: Any = await context_of(info).loaders.load(values_at, key, held=held, parts=parts)
    return None if text is None else JSON(text)


async def load_preview(info: Info, key: Key, held: Held, parts: tuple[str, ...], length: int) -> TextPreview | None:
    """How what stands there begins, by a loader."""
    found: Any = await context_of(info).loaders.load(previews_at, key, held=held, parts=parts, length=length)
    return None if found is None else TextPreview(**found._asdict())
