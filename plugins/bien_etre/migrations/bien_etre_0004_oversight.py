"""Balances carried over by two people, ratifications told to be late, reasons of refusals.

Revision ID: bien_etre_0004
"""

import sqlalchemy as sa
from alembic import op

revision = "bien_etre_0004"
down_revision = "bien_etre_0003"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bien_etre_carry_overs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("envelope_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("prepared_by", sa.Uuid(), nullable=True),
        sa.Column("prepared_at", _AT, nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", _AT, nullable=True),
        sa.CheckConstraint(
            "state IN ('prepared', 'done', 'cancelled')", name=op.f("ck_bien_etre_carry_overs_state_code")
        ),
        sa.CheckConstraint(
            "amount_cents IS NULL OR amount_cents > 0", name=op.f("ck_bien_etre_carry_overs_amount_above_zero")
        ),
        sa.ForeignKeyConstraint(
            ["envelope_id"], ["bien_etre_envelopes.id"], name=op.f("fk_bien_etre_carry_overs_envelope_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_carry_overs")),
        sa.UniqueConstraint("envelope_id", "decision", name=op.f("uq_bien_etre_carry_overs_envelope_id_decision")),
    )
    op.create_table(
        "bien_etre_late_ratifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["bien_etre_requests.id"],
            name=op.f("fk_bien_etre_late_ratifications_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_late_ratifications")),
        sa.UniqueConstraint("request_id", name=op.f("uq_bien_etre_late_ratifications_request_id")),
    )
    op.create_table(
        "bien_etre_refusal_reasons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("coded_by", sa.Uuid(), nullable=True),
        sa.Column("coded_at", _AT, nullable=False),
        sa.CheckConstraint(
            "reason IN ('outside', 'elsewhere', 'unclear', 'priority', 'other')",
            name=op.f("ck_bien_etre_refusal_reasons_reason_code"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["bien_etre_requests.id"],
            name=op.f("fk_bien_etre_refusal_reasons_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_refusal_reasons")),
        sa.UniqueConstraint("request_id", name=op.f("uq_bien_etre_refusal_reasons_request_id")),
    )


def downgrade() -> None:
    op.drop_table("bien_etre_refusal_reasons")
    op.drop_table("bien_etre_late_ratifications")
    op.drop_table("bien_etre_carry_overs")
