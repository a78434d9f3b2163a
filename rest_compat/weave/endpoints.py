"""The registry: every endpoint of the dialect."""

from rest_compat.weave import calls, calls_query, feedback, service

__all__ = ["ENDPOINTS"]

ENDPOINTS = [*service.ENDPOINTS, *calls.ENDPOINTS, *calls_query.ENDPOINTS, *feedback.ENDPOINTS]
