"""What the specification says of the errors of an answer."""

from typing import Any

__all__ = ["Errors", "errors_of"]

Errors = set[tuple[str, str]]


def errors_of(result: Any) -> Errors:
    """The errors with their messages, as far as they are certain.

    Of the errors below a place that became null, the first counts, and which that is depends on who was faster: for
    those it is the place that is given, without a message.
    """
    found = set()
    for error in result.errors or ():
        path, value, depth = error.path or [], result.data, 0
        while value is not None and depth < len(path):
            value = value[path[depth]]
            depth += 1
        found.add((str(path[:depth]), error.message if depth == len(path) else ""))
    return found
