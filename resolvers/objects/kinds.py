"""The kinds of versioned things."""

from enum import StrEnum

__all__ = ["ObjectKind"]


class ObjectKind(StrEnum):
    """The values are those of the column and of refs."""

    OBJECT = "object"
    OP = "op"
