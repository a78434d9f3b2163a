"""Results of experiment runs, and comparisons of two."""

from rest_compat.registry import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: list[Endpoint] = []
