"""Exports of OpenTelemetry: their encodings, and the mutation that takes them."""
