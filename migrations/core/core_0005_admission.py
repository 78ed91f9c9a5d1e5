"""Invitations, admission of organisations, agreements.

Revision core_0005, after core_0004.
"""

from __future__ import annotations

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
