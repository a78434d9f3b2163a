"""Subjects in the graph: users, and whatever else calls name by a value that they carry."""
