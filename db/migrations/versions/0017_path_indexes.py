"""Indexes on paths inside the JSON of calls: which there are, and what PostgreSQL's hold of a value.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import Name
from db.query.templates import postgresql_functions

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "path_indexes",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("path", Name(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "path", name=op.f("pk_path_indexes")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in postgresql_functions():
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION tg_json_number(json) CASCADE")
        op.execute("DROP FUNCTION tg_json_start(json) CASCADE")
    op.drop_table("path_indexes")
