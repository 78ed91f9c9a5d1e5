"""Invitations, admission of organisations, change of an organisation's keys, departures.

Revision core_0005, after core_0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.kernel.db

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("last_month", sa.String(length=7), nullable=True))
    op.add_column("users", sa.Column("left_at", core.kernel.db.UtcDateTime(), nullable=True))
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("email_lookup", sa.LargeBinary(length=32), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("used_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.Column("revoked_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('join', 'reset')", name=op.f("ck_invitations_kind_code")),
        sa.CheckConstraint("kind <> 'reset' OR user_id IS NOT NULL", name=op.f("ck_invitations_reset_of_someone")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_invitations_organisation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_invitations_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index(op.f("ix_invitations_email_lookup"), "invitations", ["email_lookup"])
    op.create_index("ix_invitations_organisation", "invitations", ["organisation_id", "created_at"])
    op.create_table(
        "organisation_applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("received_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("regime_claimed", sa.String(length=10), nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("called_number", sa.String(length=20), nullable=True),
        sa.Column("call_source", sa.String(length=16), nullable=True),
        sa.Column("called_by", sa.Uuid(), nullable=True),
        sa.Column("called_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.Column("agreement_on", sa.Date(), nullable=True),
        sa.Column("agreement_signatory", sa.String(length=120), nullable=True),
        sa.Column("agreement_reference", sa.String(length=60), nullable=True),
        sa.Column("officer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("regime", sa.String(length=10), nullable=True),
        sa.Column("admin_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.Column("refusal", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'probation', 'admitted', 'refused')",
            name=op.f("ck_organisation_applications_state_code"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_organisation_applications_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_applications")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_organisation_applications_organisation_id")),
    )
    op.create_index("ix_organisation_applications_state", "organisation_applications", ["state", "received_at"])
    op.create_table(
        "admission_approvals",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["organisation_applications.id"],
            name=op.f("fk_admission_approvals_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_admission_approvals_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_admission_approvals_user_id")),
        sa.PrimaryKeyConstraint("application_id", "user_id", name=op.f("pk_admission_approvals")),
        sa.UniqueConstraint(
            "application_id", "organisation_id", name=op.f("uq_admission_approvals_application_id_organisation_id")
        ),
    )
    op.create_table(
        "organisation_key_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["organisations.id"], name=op.f("fk_organisation_key_changes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_key_changes")),
    )
    op.create_table(
        "organisation_key_seals",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("replaces", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation_key_changes.id"],
            name=op.f("fk_organisation_key_seals_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "place", "row_id", name=op.f("pk_organisation_key_seals")),
    )


def downgrade() -> None:
    op.drop_table("organisation_key_seals")
    op.drop_table("organisation_key_changes")
    op.drop_table("admission_approvals")
    op.drop_index("ix_organisation_applications_state", table_name="organisation_applications")
    op.drop_table("organisation_applications")
    op.drop_index("ix_invitations_organisation", table_name="invitations")
    op.drop_index(op.f("ix_invitations_email_lookup"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_column("users", "left_at")
    op.drop_column("users", "last_month")
