"""Completions of language models in the graph."""
