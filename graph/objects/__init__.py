"""Object versions in the graph."""
