"""Experiments in the graph: runs of a program or a model over a dataset, whoever recorded them."""
