"""Annotation queues, and the calls that wait in them."""
