"""What feedback says, by the words that its payload is known to have."""

from typing import Any

import strawberry

from graph.context import Info
from graph.feedback.filters import FeedbackKind
from graph.fields import link
from graph.json_text import parse_json
from graph.previews import load_value
from graph.scalars import JSON
from resolvers.feedback.kinds import kind_of_type
from resolvers.picks import FEEDBACK

__all__ = ["FeedbackSaid"]

KEY = ("project_slug", "feedback_id")


@strawberry.type
class FeedbackSaid:
    """The part of Feedback about what it says. Nothing else of the payload is read."""

    @link("What sort of feedback it is.", needs=("feedback_type",))
    def kind(self) -> FeedbackKind:
        """By its type."""
        row: Any = self
        return kind_of_type(row.feedback_type)

    @link("The text of a note (`payload.note`); null where there is none.", needs=KEY)
    async def note(self, info: Info) -> str | None:
        """A string."""
        return _text(await _said(info, self, "note"))

    @link("The emoji of a reaction (`payload.emoji`); null where there is none.", needs=KEY)
    async def emoji(self, info: Info) -> str | None:
        """A string."""
        return _text(await _said(info, self, "emoji"))

    @link("The value of an annotation (`payload.value`); null where there is none.", needs=KEY)
    async def value(self, info: Info) -> JSON | None:
        """As its spec asks."""
        return await _said(info, self, "value")

    @link("The output of a scorer (`payload.output`); null where there is none. See `Call.scores`.", needs=KEY)
    async def output(self, info: Info) -> JSON | None:
        """Anything."""
        return await _said(info, self, "output")


async def _said(info: Info, row: Any, name: str) -> JSON | None:
    return await load_value(info, (row.project_slug, row.feedback_id), FEEDBACK, (name,))


def _text(said: JSON | None) -> str | None:
    value = None if said is None else parse_json(said)
    return value if isinstance(value, str) else None
