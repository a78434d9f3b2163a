"""Annotation queues: calls that wait for people to judge them."""
