"""What is wrong with an export as a whole."""

from resolvers.errors import InvalidInputError

__all__ = ["MalformedExportError"]


class MalformedExportError(InvalidInputError):
    """Content that cannot be read as an export of traces; the message says where it stops making sense."""

    def __init__(self, message: str) -> None:
        super().__init__(f"Malformed content: {message}", ["content"])
