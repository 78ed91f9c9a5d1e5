"""A pause has an end: when it began. Requests paused before this revision get the whole delay from now.

Revision ID: bien_etre_0003
"""

import sqlalchemy as sa
from alembic import op

revision = "bien_etre_0003"
down_revision = "bien_etre_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bien_etre_requests", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE bien_etre_requests SET paused_at = CURRENT_TIMESTAMP WHERE state = 'paused'")


def downgrade() -> None:
    op.drop_column("bien_etre_requests", "paused_at")
