"""Refs in the graph."""
