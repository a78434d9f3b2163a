"""Experiments: runs of a program or a model over a dataset, however they were recorded."""
