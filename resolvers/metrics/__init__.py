"""Metrics: what is measured of calls, in versions, and whether a value passes."""
