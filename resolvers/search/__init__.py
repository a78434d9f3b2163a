"""Searching what calls say (docs/search.md)."""
