"""The latest version of an object, and the newest number of its versions, are found without looking at all of them.

Revision: 0020, after 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"

NAME = "ix_objects_project_id_kind_object_id_is_latest_version_index"


def upgrade() -> None:
    columns = ["project_id", "kind", "object_id", "is_latest", "version_index"]
    op.create_index(op.f(NAME), "objects", columns, unique=False)


def downgrade() -> None:
    op.drop_index(op.f(NAME), "objects")
