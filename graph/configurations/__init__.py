"""Configurations in the graph: how language models and pipelines are set up."""
