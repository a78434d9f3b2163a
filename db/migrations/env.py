"""Alembic's entry: runs the revisions on the connection, and in the transaction, that ``db.migrate`` holds."""

from alembic import context

from db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=False,
)
context.run_migrations()
