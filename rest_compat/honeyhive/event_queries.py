"""Searching and exporting events, reading one, and the schema of what was seen."""

from rest_compat.registry import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: list[Endpoint] = []
