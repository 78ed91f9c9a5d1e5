"""Facts for the yearly report.

Revision core_0008, after core_0007.
"""

from __future__ import annotations

revision = "core_0008"
down_revision = "core_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
