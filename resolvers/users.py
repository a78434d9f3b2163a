"""Users: whoever calls were made for, and gave feedback."""

from collections.abc import Sequence

from db.users import USER
from resolvers.context import Context
from resolvers.subjects.places import Key, calls_of, feedback_of
from resolvers.subjects.read import subject_places

__all__ = ["USER", "users_known"]


async def users_known(context: Context, keys: Sequence[Key]) -> list[bool]:
    """Whether a call or feedback in a project that the caller may read, or in the one of the key, names each user."""
    by_calls = await subject_places(context, keys, find=calls_of(USER))
    rest = [key for key, slugs in zip(keys, by_calls, strict=True) if not slugs]
    by_feedback = dict(zip(rest, await subject_places(context, rest, find=feedback_of), strict=True)) if rest else {}
    return [bool(slugs or by_feedback.get(key)) for key, slugs in zip(keys, by_calls, strict=True)]
