"""The board's notes.

Revision ID: modele_0001
Depends on: core_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "modele_0001"
down_revision = None
branch_labels = ("modele",)
depends_on = "core_0001"


def upgrade() -> None:
    op.create_table(
        "modele_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("reserved", sa.Boolean(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_modele_notes"),
    )
    op.create_index("ix_modele_notes_posted_at", "modele_notes", ["posted_at"])


def downgrade() -> None:
    op.drop_index("ix_modele_notes_posted_at", "modele_notes")
    op.drop_table("modele_notes")
