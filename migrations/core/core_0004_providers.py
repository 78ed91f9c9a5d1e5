"""Each organisation's identity provider, whom it recognised, and the sign-ins under way.

Revision core_0004, after core_0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.kernel.db

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_providers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("auth_method", sa.String(length=30), nullable=False),
        sa.Column("subject_claim", sa.String(length=60), nullable=False),
        sa.Column("email_claim", sa.String(length=60), nullable=False),
        sa.Column("verified_claim", sa.String(length=60), nullable=False),
        sa.Column("name_claim", sa.String(length=60), nullable=False),
        sa.Column("required_acr", sa.JSON(), nullable=False),
        sa.Column("required_amr", sa.JSON(), nullable=False),
        sa.Column("allowed_domains", sa.JSON(), nullable=False),
        sa.Column("joining_roles", sa.JSON(), nullable=False),
        sa.Column("internal_network", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("verified_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.Column("last_refusal", sa.String(length=40), nullable=True),
        sa.Column("last_refused_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "auth_method IN ('client_secret_basic', 'client_secret_post')",
            name=op.f("ck_identity_providers_auth_method_code"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_identity_providers_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_providers")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_identity_providers_issuer_client_id")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_identity_providers_organisation_id")),
    )
    op.create_table(
        "provider_subjects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("subject_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name=op.f("fk_provider_subjects_provider_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_provider_subjects_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_subjects")),
        sa.UniqueConstraint("provider_id", "subject_hash", name=op.f("uq_provider_subjects_provider_id_subject_hash")),
        sa.UniqueConstraint("provider_id", "user_id", name=op.f("uq_provider_subjects_provider_id_user_id")),
    )
    op.create_index(op.f("ix_provider_subjects_user_id"), "provider_subjects", ["user_id"])
    op.create_table(
        "provider_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("subject_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sid_hash", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name=op.f("fk_provider_sessions_provider_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["login_sessions.id"], name=op.f("fk_provider_sessions_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_sessions")),
        sa.UniqueConstraint("session_id", name=op.f("uq_provider_sessions_session_id")),
    )
    op.create_index(op.f("ix_provider_sessions_provider_id"), "provider_sessions", ["provider_id"])
    op.create_index(op.f("ix_provider_sessions_subject_hash"), "provider_sessions", ["subject_hash"])
    op.create_index(op.f("ix_provider_sessions_sid_hash"), "provider_sessions", ["sid_hash"])
    op.create_table(
        "provider_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("next_path", sa.String(length=300), nullable=False),
        sa.Column("created_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name=op.f("fk_provider_attempts_provider_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["login_sessions.id"], name=op.f("fk_provider_attempts_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_attempts")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_provider_attempts_state_hash")),
    )
    op.create_index(op.f("ix_provider_attempts_created_at"), "provider_attempts", ["created_at"])
    op.create_index(op.f("ix_provider_attempts_provider_id"), "provider_attempts", ["provider_id"])
    op.create_index(op.f("ix_provider_attempts_session_id"), "provider_attempts", ["session_id"])
    op.create_table(
        "logout_tokens_seen",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("jti_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seen_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name=op.f("fk_logout_tokens_seen_provider_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logout_tokens_seen")),
        sa.UniqueConstraint("provider_id", "jti_hash", name=op.f("uq_logout_tokens_seen_provider_id_jti_hash")),
    )
    op.create_index(op.f("ix_logout_tokens_seen_seen_at"), "logout_tokens_seen", ["seen_at"])


def downgrade() -> None:
    op.drop_table("logout_tokens_seen")
    op.drop_table("provider_attempts")
    op.drop_table("provider_sessions")
    op.drop_table("provider_subjects")
    op.drop_table("identity_providers")
