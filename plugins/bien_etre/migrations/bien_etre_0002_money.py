"""Money of the fund: envelopes, ledger, payments, receipts, gift cards and the night reserve.

Revision ID: bien_etre_0002
"""

# ruff: noqa: E501 (statements as they were made)

import sqlalchemy as sa
from alembic import op

revision = "bien_etre_0002"
down_revision = "bien_etre_0001"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
# As the models had them at this revision
HANDMADE: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE TRIGGER bien_etre_ledger_no_update BEFORE UPDATE ON bien_etre_ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
        "CREATE TRIGGER bien_etre_ledger_no_delete BEFORE DELETE ON bien_etre_ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION bien_etre_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER bien_etre_ledger_no_update BEFORE UPDATE ON bien_etre_ledger FOR EACH ROW EXECUTE FUNCTION bien_etre_ledger_refuse()",
        "CREATE TRIGGER bien_etre_ledger_no_delete BEFORE DELETE ON bien_etre_ledger FOR EACH ROW EXECUTE FUNCTION bien_etre_ledger_refuse()",
        "CREATE TRIGGER bien_etre_ledger_no_truncate BEFORE TRUNCATE ON bien_etre_ledger FOR EACH STATEMENT EXECUTE FUNCTION bien_etre_ledger_refuse()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "bien_etre_envelopes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("funder", sa.String(80), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("held_cents", sa.Integer(), nullable=False),
        sa.Column("paid_cents", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.CheckConstraint("held_cents >= 0 AND paid_cents >= 0", name=op.f("ck_bien_etre_envelopes_not_negative")),
        sa.CheckConstraint(
            "held_cents + paid_cents <= amount_cents", name=op.f("ck_bien_etre_envelopes_not_overspent")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_envelopes")),
        sa.UniqueConstraint("fiscal_year", "funder", name=op.f("uq_bien_etre_envelopes_fiscal_year_funder")),
    )
    op.create_table(
        "bien_etre_envelope_caps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("envelope_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("cap_cents", sa.Integer(), nullable=False),
        sa.Column("used_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "used_cents >= 0 AND used_cents <= cap_cents", name=op.f("ck_bien_etre_envelope_caps_within_cap")
        ),
        sa.ForeignKeyConstraint(
            ["envelope_id"], ["bien_etre_envelopes.id"], name=op.f("fk_bien_etre_envelope_caps_envelope_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_envelope_caps")),
        sa.UniqueConstraint("envelope_id", "category", name=op.f("uq_bien_etre_envelope_caps_envelope_id_category")),
    )
    op.create_table(
        "bien_etre_commitments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(9), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("paid_cents", sa.Integer(), nullable=False),
        sa.Column("released_cents", sa.Integer(), nullable=False),
        sa.Column("committed_at", _AT, nullable=False),
        sa.Column("first_paid_at", _AT, nullable=True),
        sa.CheckConstraint(
            "amount_cents > 0 AND paid_cents >= 0 AND released_cents >= 0",
            name=op.f("ck_bien_etre_commitments_not_negative"),
        ),
        sa.CheckConstraint(
            "paid_cents + released_cents <= amount_cents", name=op.f("ck_bien_etre_commitments_not_overpaid")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_commitments")),
        sa.UniqueConstraint("code", name=op.f("uq_bien_etre_commitments_code")),
        sa.UniqueConstraint("request_id", name=op.f("uq_bien_etre_commitments_request_id")),
    )
    op.create_index(op.f("ix_bien_etre_commitments_committed_at"), "bien_etre_commitments", ["committed_at"])
    op.create_table(
        "bien_etre_card_stocks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("face_cents", sa.Integer(), nullable=False),
        sa.Column("left_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("face_cents > 0", name=op.f("ck_bien_etre_card_stocks_face_above_zero")),
        sa.CheckConstraint("left_count >= 0", name=op.f("ck_bien_etre_card_stocks_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_card_stocks")),
        sa.UniqueConstraint("label", "face_cents", name=op.f("uq_bien_etre_card_stocks_label_face_cents")),
    )
    op.create_table(
        "bien_etre_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=True),
        sa.Column("envelope_id", sa.Uuid(), nullable=True),
        sa.Column("stock_id", sa.Uuid(), nullable=True),
        sa.Column("cards", sa.Integer(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("route", sa.String(16), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sent_key", sa.String(64), nullable=False),
        sa.Column("prepared_by", sa.Uuid(), nullable=True),
        sa.Column("prepared_at", _AT, nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", _AT, nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_bien_etre_payments_amount_above_zero")),
        sa.CheckConstraint(
            "route IN ('supplier', 'advance', 'gift_card')", name=op.f("ck_bien_etre_payments_route_code")
        ),
        sa.CheckConstraint(
            "state IN ('prepared', 'paid', 'cancelled', 'reversed')", name=op.f("ck_bien_etre_payments_state_code")
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["bien_etre_commitments.id"], name=op.f("fk_bien_etre_payments_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["envelope_id"], ["bien_etre_envelopes.id"], name=op.f("fk_bien_etre_payments_envelope_id")
        ),
        sa.ForeignKeyConstraint(
            ["stock_id"], ["bien_etre_card_stocks.id"], name=op.f("fk_bien_etre_payments_stock_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_payments")),
        sa.UniqueConstraint("sent_key", name=op.f("uq_bien_etre_payments_sent_key")),
    )
    op.create_index(op.f("ix_bien_etre_payments_commitment_id"), "bien_etre_payments", ["commitment_id"])
    op.create_index(op.f("ix_bien_etre_payments_state"), "bien_etre_payments", ["state", "prepared_at"])
    op.create_table(
        "bien_etre_receipts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_bien_etre_receipts_amount_above_zero")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["bien_etre_payments.id"], name=op.f("fk_bien_etre_receipts_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_receipts")),
    )
    op.create_index(op.f("ix_bien_etre_receipts_at"), "bien_etre_receipts", ["at"])
    op.create_index(op.f("ix_bien_etre_receipts_payment_id"), "bien_etre_receipts", ["payment_id"])
    op.create_table(
        "bien_etre_ledger",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("envelope_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(16), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_bien_etre_ledger_amount_above_zero")),
        sa.CheckConstraint(
            "kind IN ('allot', 'commit', 'release', 'pay', 'card', 'reverse', 'carry_out', 'carry_in')",
            name=op.f("ck_bien_etre_ledger_kind_code"),
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["bien_etre_commitments.id"], name=op.f("fk_bien_etre_ledger_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["envelope_id"], ["bien_etre_envelopes.id"], name=op.f("fk_bien_etre_ledger_envelope_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["bien_etre_payments.id"], name=op.f("fk_bien_etre_ledger_payment_id")),
        sa.ForeignKeyConstraint(["reverses"], ["bien_etre_ledger.id"], name=op.f("fk_bien_etre_ledger_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_ledger")),
        sa.UniqueConstraint("reverses", name=op.f("uq_bien_etre_ledger_reverses")),
    )
    op.create_index(op.f("ix_bien_etre_ledger_commitment_id"), "bien_etre_ledger", ["commitment_id"])
    op.create_index(op.f("ix_bien_etre_ledger_envelope_id_at"), "bien_etre_ledger", ["envelope_id", "at", "id"])
    op.create_index(op.f("ix_bien_etre_ledger_payment_id"), "bien_etre_ledger", ["payment_id"])
    op.create_table(
        "bien_etre_card_reserves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stock_id", sa.Uuid(), nullable=False),
        sa.Column("left_count", sa.Integer(), nullable=False),
        sa.Column("cap_cents", sa.Integer(), nullable=False),
        sa.Column("waiting_cents", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.CheckConstraint("left_count >= 0", name=op.f("ck_bien_etre_card_reserves_not_negative")),
        sa.CheckConstraint(
            "waiting_cents >= 0 AND waiting_cents <= cap_cents", name=op.f("ck_bien_etre_card_reserves_within_cap")
        ),
        sa.ForeignKeyConstraint(
            ["stock_id"], ["bien_etre_card_stocks.id"], name=op.f("fk_bien_etre_card_reserves_stock_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_card_reserves")),
        sa.UniqueConstraint(
            "organisation_id", "stock_id", name=op.f("uq_bien_etre_card_reserves_organisation_id_stock_id")
        ),
    )
    op.create_table(
        "bien_etre_card_handings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reserve_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("sent_key", sa.String(64), nullable=False),
        sa.Column("ratification", sa.String(16), nullable=False),
        sa.Column("decision", sa.String(16), nullable=True),
        sa.Column("ratified_by", sa.Uuid(), nullable=True),
        sa.Column("ratified_at", _AT, nullable=True),
        sa.Column("told_at", _AT, nullable=True),
        sa.CheckConstraint("cards > 0 AND amount_cents > 0", name=op.f("ck_bien_etre_card_handings_above_zero")),
        sa.CheckConstraint(
            "ratification IN ('waiting', 'ratified', 'refused')",
            name=op.f("ck_bien_etre_card_handings_ratification_code"),
        ),
        sa.ForeignKeyConstraint(
            ["reserve_id"], ["bien_etre_card_reserves.id"], name=op.f("fk_bien_etre_card_handings_reserve_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bien_etre_card_handings")),
        sa.UniqueConstraint("sent_key", name=op.f("uq_bien_etre_card_handings_sent_key")),
    )
    op.create_index(op.f("ix_bien_etre_card_handings_ratification"), "bien_etre_card_handings", ["ratification", "at"])
    op.create_index(op.f("ix_bien_etre_card_handings_reserve_id"), "bien_etre_card_handings", ["reserve_id"])
    for statement in HANDMADE[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "card_handings",
        "card_reserves",
        "ledger",
        "receipts",
        "payments",
        "card_stocks",
        "commitments",
        "envelope_caps",
        "envelopes",
    ):
        op.drop_table(f"bien_etre_{table}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS bien_etre_ledger_refuse")
