"""Indexes on paths inside JSON: what is answered with them is what is answered without."""
