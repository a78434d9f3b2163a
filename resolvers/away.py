"""A database that is away, as a refusal: it is nobody's fault in here, and will be back."""

import logging

from db.postgresql import DatabaseAwayError
from resolvers.errors import UnavailableError

__all__ = ["answerable"]

logger = logging.getLogger("tracegraph.database")


def answerable(error: Exception) -> Exception:
    """The refusal that tells of ``error`` where that is one of a database that is away; else ``error`` itself."""
    if not isinstance(error, DatabaseAwayError):
        return error
    logger.warning("%s %s", error, str(error.__cause__).strip().partition("\n")[0])
    return UnavailableError(str(error))
