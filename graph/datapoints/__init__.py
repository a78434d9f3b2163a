"""Datapoints in the graph: examples to run a program on, with what is expected of it."""
