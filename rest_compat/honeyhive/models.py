"""What request models of HoneyHive share.

Bodies of ``/v1`` endpoints are strict where their schema says ``additionalProperties: false``, those of the older
routes are lenient. Validators are built when the first request needs them.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from resolvers.errors import InvalidInputError, NotFoundError
from rest_compat.registry import Request

__all__ = ["Keeping", "Open", "Strict", "iso_time", "milliseconds", "path_uuid", "still_there"]


class Strict(BaseModel):
    """A model that refuses fields it does not name."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Open(BaseModel):
    """A model that passes over fields it does not name."""

    model_config = ConfigDict(extra="ignore", defer_build=True)


class Keeping(BaseModel):
    """A model that keeps fields it does not name, as JSON text in ``model_extra``."""

    model_config = ConfigDict(extra="allow", defer_build=True, protected_namespaces=())
    EXTRA_AS_TEXT: ClassVar[bool] = True


def path_uuid(request: Request, name: str) -> str:
    """A path's parameter that has to be a UUID, in its canonical form; raises InvalidInputError."""
    given = request.path[name]
    try:
        return str(uuid.UUID(given))
    except ValueError:
        raise InvalidInputError(f"{name} must be a UUID, not {given!r}", [name]) from None


def iso_time(microseconds: int | None) -> str | None:
    """A time as answers have it: ISO 8601, UTC, to the millisecond."""
    if microseconds is None:
        return None
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(microseconds: int | None) -> float | int | None:
    """Microseconds as the milliseconds of events: whole numbers where they are."""
    if microseconds is None:
        return None
    whole, rest = divmod(microseconds, 1000)
    return whole if rest == 0 else microseconds / 1000


def still_there(node: Mapping[str, Any] | None, noun: str) -> Mapping[str, Any]:
    """What a mutation has written, read after it; raises NotFoundError where somebody deleted it in between."""
    if node is None:
        raise NotFoundError(f"{noun} not found: it was deleted meanwhile")
    return node
