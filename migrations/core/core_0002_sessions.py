"""Sessions say what proved them, when a factor was last shown, and whether they were locked by hand; agreements.

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
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text_fr", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("kept_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('conduct', 'partnership')", name=op.f("ck_agreements_kind_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("hash", name=op.f("uq_agreements_hash")),
    )
    op.create_table(
        "agreement_acceptances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("accepted_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_hash"], ["agreements.hash"], name=op.f("fk_agreement_acceptances_agreement_hash")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_agreement_acceptances_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_agreement_acceptances_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_acceptances")),
        sa.UniqueConstraint(
            "agreement_hash", "organisation_id", name=op.f("uq_agreement_acceptances_agreement_hash_organisation_id")
        ),
        sa.UniqueConstraint("agreement_hash", "user_id", name=op.f("uq_agreement_acceptances_agreement_hash_user_id")),
    )
    op.create_index(
        op.f("ix_agreement_acceptances_organisation_id"), "agreement_acceptances", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_agreement_acceptances_user_id"), "agreement_acceptances", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_agreement_acceptances_user_id"), table_name="agreement_acceptances")
    op.drop_index(op.f("ix_agreement_acceptances_organisation_id"), table_name="agreement_acceptances")
    op.drop_table("agreement_acceptances")
    op.drop_table("agreements")
    op.drop_column("login_sessions", "locked_at")
    op.drop_column("login_sessions", "stepped_up_at")
    op.drop_column("login_sessions", "factor")
