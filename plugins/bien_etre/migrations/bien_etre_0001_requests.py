"""Requests to the fund, their votes, questions, signatures, conflicts and what was said not to be a name.

Revision ID: bien_etre_0001
Depends on: core_0010
"""

import sqlalchemy as sa
from alembic import op

revision = "bien_etre_0001"
down_revision = None
branch_labels = ("bien_etre",)
depends_on = "core_0010"

_AT = sa.DateTime(timezone=True)


def _of_request(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["request_id"], ["bien_etre_requests.id"], name=f"fk_{table}_request_id", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "bien_etre_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(9), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_type", sa.String(24), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("sent_key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("resume_state", sa.String(24), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("urgent_until", _AT, nullable=True),
        sa.Column("age_band", sa.String(12), nullable=False),
        sa.Column("area_code", sa.String(20), nullable=False),
        sa.Column("area_label", sa.String(80), nullable=False),
        sa.Column("area_label_en", sa.String(80), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("needed_by", sa.Date(), nullable=False),
        sa.Column("asked_cents", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("granted_cents", sa.Integer(), nullable=True),
        sa.Column("lafu", sa.String(16), nullable=False),
        sa.Column("lafu_since", sa.Date(), nullable=True),
        sa.Column("payment", sa.String(16), nullable=False),
        sa.Column("why_now_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tried_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("lafu_detail_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("consent_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("case_mark", sa.LargeBinary(32), nullable=True),
        sa.Column("ratification", sa.String(16), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("paid_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.CheckConstraint("amount_cents > 0 AND asked_cents > 0", name="ck_bien_etre_requests_amount_above_zero"),
        sa.CheckConstraint(
            "granted_cents IS NULL OR granted_cents > 0", name="ck_bien_etre_requests_granted_above_zero"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bien_etre_requests"),
        sa.UniqueConstraint("code", name="uq_bien_etre_requests_code"),
        sa.UniqueConstraint("sent_key", name="uq_bien_etre_requests_sent_key"),
    )
    op.create_index("ix_bien_etre_requests_queue", "bien_etre_requests", ["state", "created_at"])
    op.create_index("ix_bien_etre_requests_own", "bien_etre_requests", ["organisation_id", "created_at"])
    op.create_index("ix_bien_etre_requests_case_mark", "bien_etre_requests", ["case_mark"])
    op.create_table(
        "bien_etre_rounds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("vote_code", sa.String(9), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("opened_at", _AT, nullable=False),
        sa.Column("closes_at", _AT, nullable=False),
        sa.Column("closed_at", _AT, nullable=True),
        sa.Column("result", sa.String(16), nullable=True),
        _of_request("bien_etre_rounds"),
        sa.PrimaryKeyConstraint("id", name="pk_bien_etre_rounds"),
        sa.UniqueConstraint("request_id", "number", name="uq_bien_etre_rounds_request_id_number"),
        sa.UniqueConstraint("vote_id", name="uq_bien_etre_rounds_vote_id"),
    )
    op.create_index("ix_bien_etre_rounds_vote_code", "bien_etre_rounds", ["vote_code"])
    op.create_table(
        "bien_etre_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", _AT, nullable=True),
        _of_request("bien_etre_questions"),
        sa.PrimaryKeyConstraint("id", name="pk_bien_etre_questions"),
    )
    op.create_index("ix_bien_etre_questions_request_id", "bien_etre_questions", ["request_id"])
    op.create_table(
        "bien_etre_signatures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("signed_at", _AT, nullable=False),
        _of_request("bien_etre_signatures"),
        sa.PrimaryKeyConstraint("id", name="pk_bien_etre_signatures"),
        sa.UniqueConstraint("request_id", "organisation_id", name="uq_bien_etre_signatures_request_id_organisation_id"),
    )
    op.create_table(
        "bien_etre_asides",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        _of_request("bien_etre_asides"),
        sa.PrimaryKeyConstraint("id", name="pk_bien_etre_asides"),
    )
    op.create_index("ix_bien_etre_asides_request_id", "bien_etre_asides", ["request_id"])
    op.create_table(
        "bien_etre_dismissed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        _of_request("bien_etre_dismissed"),
        sa.PrimaryKeyConstraint("id", name="pk_bien_etre_dismissed"),
    )
    op.create_index("ix_bien_etre_dismissed_request_id", "bien_etre_dismissed", ["request_id"])


def downgrade() -> None:
    for table in ("dismissed", "asides", "signatures", "questions", "rounds", "requests"):
        op.drop_table(f"bien_etre_{table}")
