"""Token prices in the graph: what a project says that models cost."""
