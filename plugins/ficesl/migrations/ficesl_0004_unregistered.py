"""People of a list whose session closed while it was being written.

Revision ID: ficesl_0004
"""

import sqlalchemy as sa
from alembic import op

revision = "ficesl_0004"
down_revision = "ficesl_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ficesl_lists", sa.Column("unregistered", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("ficesl_lists", "unregistered")
