"""A grant that nobody pays is told late once: when it was.

Revision ID: bien_etre_0005
"""

import sqlalchemy as sa
from alembic import op

revision = "bien_etre_0005"
down_revision = "bien_etre_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bien_etre_requests", sa.Column("unpaid_told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("bien_etre_requests", "unpaid_told_at")
