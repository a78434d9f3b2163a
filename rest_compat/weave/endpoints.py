"""The registry: every endpoint of the dialect."""

from rest_compat.weave import calls, calls_query

__all__ = ["ENDPOINTS"]

ENDPOINTS = [*calls.ENDPOINTS, *calls_query.ENDPOINTS]
