"""Exporting spans, where HoneyHive's SDK sends them: beyond the document."""

from rest_compat.otlp.spans import export_endpoint
from rest_compat.registry import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: list[Endpoint] = [export_endpoint("/opentelemetry/v1/traces")]
