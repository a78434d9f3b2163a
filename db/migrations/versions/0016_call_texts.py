"""What calls say, for search; written by the server after it has started.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.metadata import Name

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "call_texts",
        sa.Column("project_id", Name(), nullable=False),
        sa.Column("call_id", Name(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("document", sa.BigInteger()),
        sa.Column("grams", postgresql.ARRAY(sa.Integer()) if on_postgresql else sa.Text()),
        sa.Column("text", Name(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "call_id", "part", name=op.f("pk_call_texts")),
    )
    document = sa.text("document IS NOT NULL")
    op.create_index(
        op.f("ix_call_texts_document"),
        "call_texts",
        ["document"],
        unique=True,
        sqlite_where=document,
        postgresql_where=document,
    )
    op.create_index(
        op.f("ix_call_texts_grams"),
        "call_texts",
        ["grams"],
        sqlite_where=sa.text("grams IS NOT NULL"),
        postgresql_using="gin",
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS call_texts_index")  # made by db.search_index.prepare_search
    op.drop_table("call_texts")
    op.execute("DELETE FROM followers WHERE name = 'texts'")
