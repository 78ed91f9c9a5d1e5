"""Sessions say what proved them, when a factor was last shown, and whether they were locked by hand.

Revision core_0002, after core_0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.kernel.db

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("login_sessions", sa.Column("factor", sa.String(length=10), nullable=True))
    op.add_column("login_sessions", sa.Column("stepped_up_at", core.kernel.db.UtcDateTime(), nullable=True))
    op.add_column("login_sessions", sa.Column("locked_at", core.kernel.db.UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("login_sessions", "locked_at")
    op.drop_column("login_sessions", "stepped_up_at")
    op.drop_column("login_sessions", "factor")
