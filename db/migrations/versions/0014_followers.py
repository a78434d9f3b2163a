"""What follows the changes of projects, and the metrics that are to run.

Revision: 0014, after 0013
"""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
