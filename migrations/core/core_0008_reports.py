"""Facts for the yearly report, and the words written around them.

Facts move from `referral_facts` (a month, no origin) to `report_facts`, which no order leads back from.

Revision core_0008, after core_0007.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "core_0008"
down_revision = "core_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    facts = op.create_table(
        "report_facts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ended_quarter", sa.String(length=6), nullable=False),
        sa.Column("submitted_quarter", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("origin_type", sa.String(length=20), nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(length=20), nullable=False),
        sa.Column("age_band", sa.String(length=12), nullable=False),
        sa.Column("needs", sa.String(length=240), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("answer_minutes", sa.Integer(), nullable=True),
        sa.Column("contact_minutes", sa.Integer(), nullable=True),
        sa.Column("end_minutes", sa.Integer(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["origin_id"], ["organisations.id"], name=op.f("fk_report_facts_origin_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["organisations.id"], name=op.f("fk_report_facts_recipient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_facts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_report_facts_ended", "report_facts", ["ended_quarter", "recipient_id"], unique=False)
    op.create_table(
        "report_texts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.String(length=9), nullable=False),
        sa.Column("section", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("saved_by", sa.Uuid(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_by", sa.Uuid(), nullable=True),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('draft', 'adopted')", name=op.f("ck_report_texts_status_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_texts")),
        sa.UniqueConstraint("year", "section", "version", name=op.f("uq_report_texts_year_section_version")),
    )
    for row in op.get_bind().execute(sa.select(_OLD)).all():
        quarter = _quarter(row.month)
        op.bulk_insert(
            facts,
            [
                {
                    "id": row.id,
                    "ended_quarter": quarter,
                    "submitted_quarter": quarter,
                    "kind": row.kind,
                    "channel": row.channel,
                    "origin_type": row.sender_type,
                    "origin_id": None,
                    "recipient_id": row.recipient_id,
                    "area_code": row.area_code,
                    "age_band": row.age_band,
                    "needs": _joined(row.needs),
                    "urgent": row.urgent,
                    "priority": 0,
                    "outcome": row.outcome,
                    "taken": row.reached,
                    "reached": row.reached,
                    "answer_minutes": None,
                    "contact_minutes": None if row.hours_to_contact is None else row.hours_to_contact * 60,
                    "end_minutes": None,
                    "settled": False,
                }
            ],
        )
    op.drop_index(op.f("ix_referral_facts_recipient_id"), table_name="referral_facts")
    op.drop_index(op.f("ix_referral_facts_month"), table_name="referral_facts")
    op.drop_table("referral_facts")


def downgrade() -> None:
    facts = op.create_table(
        "referral_facts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("sender_type", sa.String(length=20), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("age_band", sa.String(length=12), nullable=False),
        sa.Column("area_code", sa.String(length=20), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("hours_to_contact", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["recipient_id"], ["organisations.id"], name=op.f("fk_referral_facts_recipient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_facts")),
    )
    op.create_index(op.f("ix_referral_facts_month"), "referral_facts", ["month"], unique=False)
    op.create_index(op.f("ix_referral_facts_recipient_id"), "referral_facts", ["recipient_id"], unique=False)
    for row in op.get_bind().execute(sa.select(_NEW)).all():
        op.bulk_insert(
            facts,
            [
                {
                    "id": row.id,
                    "month": _month(row.ended_quarter),
                    "kind": row.kind,
                    "channel": row.channel,
                    "sender_type": row.origin_type,
                    "recipient_id": row.recipient_id,
                    "outcome": row.outcome,
                    "age_band": row.age_band,
                    "area_code": row.area_code,
                    "needs": [code for code in row.needs.split(",") if code],
                    "urgent": row.urgent,
                    "reached": row.reached,
                    "hours_to_contact": None if row.contact_minutes is None else row.contact_minutes // 60,
                }
            ],
        )
    op.drop_table("report_texts")
    op.drop_index("ix_report_facts_ended", table_name="report_facts")
    op.drop_table("report_facts")


_OLD = sa.table(
    "referral_facts",
    sa.column("id", sa.Uuid()),
    sa.column("month"),
    sa.column("kind"),
    sa.column("channel"),
    sa.column("sender_type"),
    sa.column("recipient_id", sa.Uuid()),
    sa.column("outcome"),
    sa.column("age_band"),
    sa.column("area_code"),
    sa.column("needs", sa.JSON()),
    sa.column("urgent", sa.Boolean()),
    sa.column("reached", sa.Boolean()),
    sa.column("hours_to_contact"),
)
_NEW = sa.table(
    "report_facts",
    sa.column("id", sa.Uuid()),
    sa.column("ended_quarter"),
    sa.column("kind"),
    sa.column("channel"),
    sa.column("origin_type"),
    sa.column("recipient_id", sa.Uuid()),
    sa.column("outcome"),
    sa.column("age_band"),
    sa.column("area_code"),
    sa.column("needs"),
    sa.column("urgent", sa.Boolean()),
    sa.column("reached", sa.Boolean()),
    sa.column("contact_minutes"),
)


def _quarter(month: str) -> str:
    """`2026-11` → `2026T3`: fiscal quarters begin with April. A month of no calendar counts as April."""
    year, _, number = month.partition("-")
    if not (year.isdigit() and number.isdigit()):
        return "2023T1"
    fiscal = int(year) if int(number) >= 4 else int(year) - 1
    return f"{fiscal}T{(int(number) - 4) % 12 // 3 + 1}"


def _month(quarter: str) -> str:
    """The first month of a quarter: `2026T3` → `2026-10`."""
    year, _, number = quarter.partition("T")
    if not (year.isdigit() and number.isdigit()):
        return quarter[:7]
    month = 4 + 3 * (int(number) - 1)
    return f"{int(year) + (month > 12):04d}-{(month - 1) % 12 + 1:02d}"


def _joined(needs: object) -> str:
    codes = needs if isinstance(needs, list) else json.loads(str(needs or "[]"))
    return f",{','.join(sorted(map(str, codes)))}," if codes else ","
