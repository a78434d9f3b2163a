"""Indexes on paths inside the JSON of calls (docs/indexes.md)."""
