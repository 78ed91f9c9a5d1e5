"""Needs that the guide left without an answer.

Revision orres_0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "orres_0002"
down_revision = "orres_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orres_unmet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("need", sa.String(length=24), nullable=False),
        sa.Column("area", sa.String(length=24), nullable=False),
        sa.Column("age", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.CheckConstraint("age IN ('minor', 'adult', 'unknown')", name="ck_orres_unmet_age_code"),
        sa.CheckConstraint(
            "reason IN ('none', 'full', 'area', 'age', 'condition', 'closed')", name="ck_orres_unmet_reason_code"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_orres_unmet"),
        sa.UniqueConstraint("run", "need", name="uq_orres_unmet_run_need"),
    )
    op.create_index("ix_orres_unmet_quarter", "orres_unmet", ["quarter"])


def downgrade() -> None:
    op.drop_index("ix_orres_unmet_quarter", table_name="orres_unmet")
    op.drop_table("orres_unmet")
