"""A database that is away, or that has too much to write, as a refusal: it is nobody's fault in here, and will pass."""

import logging

from db.postgresql import DatabaseAwayError
from db.write_queue import WritesFullError
from resolvers.errors import UnavailableError

__all__ = ["answerable"]

logger = logging.getLogger("tracegraph.database")


def answerable(error: Exception) -> Exception:
    """The refusal that tells of ``error`` where that will pass; else ``error`` itself."""
    if isinstance(error, WritesFullError):
        logger.warning("a write was refused: %s", error)
        return UnavailableError(str(error))
    if not isinstance(error, DatabaseAwayError):
        return error
    logger.warning("%s %s", error, str(error.__cause__).strip().partition("\n")[0])
    return UnavailableError(str(error))
