"""Calls in the graph."""
