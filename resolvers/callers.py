"""Who asks, and what they may do."""

from dataclasses import dataclass
from functools import lru_cache

from resolvers.errors import ForbiddenError, InvalidInputError

__all__ = ["LOCAL", "Caller", "check_slug"]

LONGEST_SLUG = 256


@lru_cache(maxsize=1024)
def check_slug(slug: str) -> str:
    """``slug`` if it is ``entity/name``; raises InvalidInputError naming it otherwise."""
    entity, slash, name = slug.partition("/")
    if not entity or not slash or not name or "/" in name or len(slug) > LONGEST_SLUG or not slug.isprintable():
        raise InvalidInputError(f"Invalid project id {slug!r}: expected 'entity/project'", ["project"])
    return slug


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent the request. Every read and write asks ``may_read`` or ``may_write`` for its project first."""

    user_id: str

    def may_read(self, slug: str) -> bool:
        """Whether this caller may see anything of the project."""
        return bool(slug)

    def may_write(self, slug: str) -> bool:
        """Whether this caller may change anything of the project."""
        return bool(slug)

    def require_read(self, slug: str) -> None:
        """Raise ForbiddenError unless this caller may see the project."""
        if not self.may_read(check_slug(slug)):
            raise ForbiddenError(f"No right to read project {slug!r}")

    def require_write(self, slug: str) -> None:
        """Raise ForbiddenError unless this caller may change the project; InvalidInputError for a bad project id."""
        if not self.may_write(check_slug(slug)):
            raise ForbiddenError(f"No right to write to project {slug!r}")


LOCAL = Caller("local")
"""The one caller of a server without authentication: may everything."""
