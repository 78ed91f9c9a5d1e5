"""Second factors.

Revision core_0003, after core_0002.
"""

from __future__ import annotations

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
