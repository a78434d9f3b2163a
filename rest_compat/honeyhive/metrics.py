"""Metrics: what is measured of events, and running them."""

from rest_compat.registry import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: list[Endpoint] = []
