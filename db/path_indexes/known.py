"""The indexes that this process knows of.

A condition that an index serves says the same as one without, only twice, so what is known here decides how fast an
answer comes and never which. That is why one table does for a process, and may lag behind the database.
"""

from collections.abc import Iterable

from db.path_indexes.paths import EVERY_PROJECT, PathIndex

__all__ = ["Known", "indexed", "know", "known"]

Known = frozenset[tuple[str, str, tuple[str, ...]]]
"""Project, column and parts of the path of each."""

_known: Known = frozenset()


def know(indexes: Iterable[PathIndex]) -> None:
    """From now on these are there, and no others."""
    global _known  # noqa: PLW0603 -- see above
    _known = frozenset((index.project, index.column, index.parts) for index in indexes)


def known() -> Known:
    """All of them."""
    return _known


def indexed(project: str, column: str, parts: tuple[str, ...]) -> str | None:
    """The project of the index on that path of calls of ``project``: its own, or ``EVERY_PROJECT``; None without."""
    if not _known:
        return None
    return next((each for each in (project, EVERY_PROJECT) if (each, column, parts) in _known), None)
