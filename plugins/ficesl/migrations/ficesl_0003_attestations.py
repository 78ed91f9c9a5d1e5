"""Attestations, keys that sign badges, reminders, warnings of the gate, readiness.

Revision ID: ficesl_0003
"""

import sqlalchemy as sa
from alembic import op

revision = "ficesl_0003"
down_revision = "ficesl_0002"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ficesl_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("public_jwk", sa.Text(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_keys"),
        sa.UniqueConstraint("kid", name="uq_ficesl_keys_kid"),
        sa.UniqueConstraint("number", name="uq_ficesl_keys_number"),
    )
    op.create_table(
        "ficesl_gate_warnings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(length=80), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["ficesl_courses.id"], name="fk_ficesl_gate_warnings_course_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_gate_warnings"),
        sa.UniqueConstraint(
            "event_id", "permission", "course_id", name="uq_ficesl_gate_warnings_event_id_permission_course_id"
        ),
    )
    op.create_index(
        "ix_ficesl_gate_warnings_organisation_id", "ficesl_gate_warnings", ["organisation_id", "at"], unique=False
    )
    op.create_table(
        "ficesl_readiness",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("mrc", sa.String(length=80), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("valid", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["ficesl_courses.id"], name="fk_ficesl_readiness_course_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_readiness"),
        sa.UniqueConstraint("course_id", "organisation_id", name="uq_ficesl_readiness_course_id_organisation_id"),
    )
    op.create_index("ix_ficesl_readiness_share", "ficesl_readiness", ["course_id", "share"], unique=False)
    op.create_table(
        "ficesl_attestations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=14), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.Column("revoked_reason", sa.String(length=16), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_reason IS NULL)", name="ck_ficesl_attestations_revoked_with_reason"
        ),
        sa.CheckConstraint("minutes > 0", name="ck_ficesl_attestations_minutes_above_zero"),
        sa.ForeignKeyConstraint(["course_id"], ["ficesl_courses.id"], name="fk_ficesl_attestations_course_id"),
        sa.ForeignKeyConstraint(["learner_id"], ["ficesl_learners.id"], name="fk_ficesl_attestations_learner_id"),
        sa.ForeignKeyConstraint(["version_id"], ["ficesl_versions.id"], name="fk_ficesl_attestations_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_attestations"),
        sa.UniqueConstraint("code", name="uq_ficesl_attestations_code"),
        sa.UniqueConstraint("status_index", name="uq_ficesl_attestations_status_index"),
    )
    op.create_index(
        "uq_ficesl_attestations_standing",
        "ficesl_attestations",
        ["learner_id", "version_id", "issued_on"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_index(
        "ix_ficesl_attestations_course_id", "ficesl_attestations", ["course_id", "expires_on"], unique=False
    )
    op.create_index("ix_ficesl_attestations_expires_on", "ficesl_attestations", ["expires_on"], unique=False)
    op.create_index(
        "ix_ficesl_attestations_organisation_id", "ficesl_attestations", ["organisation_id", "issued_on"], unique=False
    )
    op.create_table(
        "ficesl_reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attestation_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation_id"],
            ["ficesl_attestations.id"],
            name="fk_ficesl_reminders_attestation_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_reminders"),
        sa.UniqueConstraint("attestation_id", "days", name="uq_ficesl_reminders_attestation_id_days"),
    )


def downgrade() -> None:
    op.drop_table("ficesl_reminders")
    op.drop_index("uq_ficesl_attestations_standing", table_name="ficesl_attestations")
    op.drop_index("ix_ficesl_attestations_organisation_id", table_name="ficesl_attestations")
    op.drop_index("ix_ficesl_attestations_expires_on", table_name="ficesl_attestations")
    op.drop_index("ix_ficesl_attestations_course_id", table_name="ficesl_attestations")
    op.drop_table("ficesl_attestations")
    op.drop_index("ix_ficesl_readiness_share", table_name="ficesl_readiness")
    op.drop_table("ficesl_readiness")
    op.drop_index("ix_ficesl_gate_warnings_organisation_id", table_name="ficesl_gate_warnings")
    op.drop_table("ficesl_gate_warnings")
    op.drop_table("ficesl_keys")
