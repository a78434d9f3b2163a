"""Configurations: how language models and pipelines are set up."""
