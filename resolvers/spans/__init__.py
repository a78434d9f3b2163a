"""Spans of OpenTelemetry, which become calls."""
