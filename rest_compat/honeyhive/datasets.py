"""Datasets: ordered lists of datapoints."""

from rest_compat.registry import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: list[Endpoint] = []
