"""Identity providers.

Revision core_0004, after core_0003.
"""

from __future__ import annotations

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
