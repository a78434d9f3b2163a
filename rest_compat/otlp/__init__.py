"""OTLP over HTTP: what exporters of OpenTelemetry send, and the answers that they read."""
