"""Evaluations that the server runs: a model made of data over a dataset, judged by scorers made of data."""
