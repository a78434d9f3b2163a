"""Metrics in the graph: what is measured of calls."""
