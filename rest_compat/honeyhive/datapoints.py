"""Datapoints."""

from rest_compat.registry import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: list[Endpoint] = []
