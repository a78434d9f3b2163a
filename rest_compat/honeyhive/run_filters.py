"""Filters in query strings."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from rest_compat.honeyhive.event_search import ExportFilter
from rest_compat.parameters import parse_parameter

__all__ = ["FiltersParameter"]


def _filters(given: Any) -> list[Any]:
    """The filters in a parameter: JSON text of one or of a list, or several parameters, one a filter."""
    found: list[Any] = []
    for each in given if isinstance(given, list) else [given]:
        value = [] if each == "" else parse_parameter(each)
        found += value if isinstance(value, list) else [value]
    return found


FiltersParameter = Annotated[Sequence[ExportFilter], BeforeValidator(_filters)]
"""Filters of events: all must hold."""
