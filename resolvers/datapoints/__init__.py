"""Datapoints: making, changing and reading them."""
