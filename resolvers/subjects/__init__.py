"""Subjects: users, and whatever else calls name by a value that they carry (``db.subjects``)."""
