"""Meetings, documents and decisions.

Revision core_0010, after core_0009.
"""

from __future__ import annotations

revision = "core_0010"
down_revision = "core_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
