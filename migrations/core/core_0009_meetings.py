"""Meetings, documents and decisions.

Revision core_0009, after core_0008.
"""

from __future__ import annotations

revision = "core_0009"
down_revision = "core_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
