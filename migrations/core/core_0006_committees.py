"""Committees, seats and votes.

Revision core_0006, after core_0005.
"""

from __future__ import annotations

revision = "core_0006"
down_revision = "core_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
