"""Datasets in the graph: ordered lists of datapoints."""
