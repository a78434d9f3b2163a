"""Alembic revisions for both databases; ``db.migrate`` runs them."""
