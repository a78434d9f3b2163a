"""The registry: every endpoint of the dialect."""

from rest_compat.weave import calls, calls_query, completions, feedback, files, objects, prices, refs, service, tables

__all__ = ["ENDPOINTS"]

ENDPOINTS = [
    *service.ENDPOINTS,
    *calls.ENDPOINTS,
    *calls_query.ENDPOINTS,
    *completions.ENDPOINTS,
    *objects.ENDPOINTS,
    *tables.ENDPOINTS,
    *refs.ENDPOINTS,
    *files.ENDPOINTS,
    *feedback.ENDPOINTS,
    *prices.ENDPOINTS,
]
