"""Datasets: making, changing, reading, publishing and importing them."""
