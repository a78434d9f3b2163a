"""Tables and their rows in the graph."""
