"""Annotation queues in the graph: calls that wait for people to judge them."""
