"""The type and the message of the exception that ended a call, beside its text.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from db.calls.exceptions import exception_parts
from db.metadata import Name

revision = "0008"
down_revision = "0007"

COLUMNS = ("exception_type", "exception_message")
BATCH = 500

calls = sa.table(
    "calls",
    *(sa.column(name, Name()) for name in ("project_id", "id", "exception", *COLUMNS)),
)


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("calls", sa.Column(name, Name()))
    connection = op.get_bind()
    key = sa.tuple_(calls.c.project_id, calls.c.id)
    failed = (
        sa.select(calls.c.project_id, calls.c.id, calls.c.exception)
        .where(calls.c.exception.is_not(None))
        .order_by(calls.c.project_id, calls.c.id)
        .limit(BATCH)
    )
    said = (
        sa.update(calls)
        .where(calls.c.project_id == sa.bindparam("b_project"), calls.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(name) for name in COLUMNS})
    )
    rows = connection.execute(failed).all()
    while rows:
        connection.execute(said, [_columns(*row) for row in rows])
        last = sa.tuple_(*(sa.literal(value, Name()) for value in rows[-1][:2]))
        rows = connection.execute(failed.where(key > last)).all()


def _columns(project: str, call_id: str, exception: str) -> dict[str, str | None]:
    kind, message = exception_parts(exception)
    message = None if message == exception else message
    return {"b_project": project, "b_id": call_id, "exception_type": kind, "exception_message": message}


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("calls", name)
