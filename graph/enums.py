"""Enums of the domain as GraphQL enums."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

__all__ = ["described_enum"]

E = TypeVar("E", bound=type[Enum])


def described_enum(enum: E, *, name: str, description: str, values: Mapping[str, str]) -> E:
    """Make ``enum`` a GraphQL enum; ``values`` describes each member by its name, all of them."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return enum
