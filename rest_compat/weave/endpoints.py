"""The registry: every endpoint of the dialect."""

from rest_compat.weave import calls

__all__ = ["ENDPOINTS"]

ENDPOINTS = [*calls.ENDPOINTS]
