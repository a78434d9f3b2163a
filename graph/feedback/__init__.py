"""Feedback in the graph: what people and scorers say about calls and objects."""
