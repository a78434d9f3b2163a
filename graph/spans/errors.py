"""What is wrong with an export as a whole."""

from resolvers.errors import InvalidInputError, TooLargeError

__all__ = ["MalformedExportError", "check_count"]

MOST_PARTS = 100_000
"""Resources, scopes and spans of one export. Exporters send some hundreds; a few bytes make an empty one."""


class MalformedExportError(InvalidInputError):
    """Content that cannot be read as an export of traces; the message says where it stops making sense."""

    def __init__(self, message: str) -> None:
        super().__init__(f"Malformed content: {message}", ["content"])


def check_count(parts: int) -> None:
    """Raise TooLargeError where an export has more parts than can be taken."""
    if parts > MOST_PARTS:
        raise TooLargeError(
            f"An export has at most {MOST_PARTS} resources, scopes and spans, not {parts}; send it in pieces",
            ["content"],
        )
