"""Calls: a Weave call, a HoneyHive event, an OpenTelemetry span; one row each."""
