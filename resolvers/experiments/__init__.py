"""Experiments: what they are, which calls belong to them, how they change."""
