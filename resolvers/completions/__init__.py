"""Completions: what a language model of the configured provider answers, recorded as calls."""
