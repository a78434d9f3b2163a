"""What a call is called."""

from typing import Any

import strawberry

from graph.fields import link
from resolvers.calls.names import op_short_name

__all__ = ["CallNames"]


@strawberry.type
class CallNames:
    """The part of Call about its name."""

    @link(
        "What to call it: its display name, or else its `opShortName`. Sort and query by it as `name`.",
        needs=("display_name", "op_name"),
    )
    def name(self) -> str:
        """Never empty, where the op has a name."""
        row: Any = self
        return row.display_name or op_short_name(row.op_name)

    @link(
        "The readable name of what was called, without a version: `answer`, where `opName` is "
        "`weave:///team/app/op/answer:DIGEST`; the same as `opName` where that is no ref. Filter by it as `ops`.",
        needs=("op_name",),
    )
    def op_short_name(self) -> str:
        """Out of the op's ref."""
        row: Any = self
        return op_short_name(row.op_name)
