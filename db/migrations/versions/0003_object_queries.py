"""What queries read of an object's value, where that is not the value itself.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

from db.metadata import JSONColumn

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("objects", sa.Column("val_query", JSONColumn(), nullable=True))
