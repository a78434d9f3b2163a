"""Feedback on calls and objects: giving, replacing, purging and reading it."""
