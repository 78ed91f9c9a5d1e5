"""Committees, seats and votes.

Revision core_0006, after core_0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.kernel.db

revision = "core_0006"
down_revision = "core_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "committees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("description", sa.String(length=400), nullable=False),
        sa.Column("mandate", sa.String(length=2000), nullable=False),
        sa.Column("mandate_from", sa.Date(), nullable=True),
        sa.Column("mandate_until", sa.Date(), nullable=True),
        sa.Column("plugin", sa.String(length=30), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'closed')", name=op.f("ck_committees_status_code")),
        sa.ForeignKeyConstraint(["parent_id"], ["committees.id"], name=op.f("fk_committees_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committees")),
        sa.UniqueConstraint("slug", name=op.f("uq_committees_slug")),
    )
    op.create_index(op.f("ix_committees_parent_id"), "committees", ["parent_id"], unique=False)
    op.create_table(
        "committee_seats",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("substitute_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("voting", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "role IN ('chair', 'vice_chair', 'member', 'secretary')", name=op.f("ck_committee_seats_role_code")
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_committee_seats_term")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_committee_seats_committee_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_committee_seats_organisation_id")
        ),
        sa.ForeignKeyConstraint(["substitute_id"], ["users.id"], name=op.f("fk_committee_seats_substitute_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_committee_seats_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_seats")),
    )
    op.create_index(op.f("ix_committee_seats_committee_id"), "committee_seats", ["committee_id"], unique=False)
    op.create_index(op.f("ix_committee_seats_organisation_id"), "committee_seats", ["organisation_id"], unique=False)
    op.create_index("ix_committee_seats_substitute_id", "committee_seats", ["substitute_id"], unique=False)
    op.create_index(op.f("ix_committee_seats_user_id"), "committee_seats", ["user_id"], unique=False)
    op.create_table(
        "votes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=120), nullable=False),
        sa.Column("question", sa.String(length=400), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opens_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("closes_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("calling", sa.String(length=12), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=True),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("arithmetic", sa.JSON(), nullable=True),
        sa.Column("closed_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("calling IN ('none', 'substitutes', 'alternate')", name=op.f("ck_votes_calling_code")),
        sa.CheckConstraint("status IN ('open', 'escalated', 'closed')", name=op.f("ck_votes_status_code")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_votes_committee_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("fk_votes_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint("code", name=op.f("uq_votes_code")),
    )
    op.create_index(op.f("ix_votes_committee_id"), "votes", ["committee_id"], unique=False)
    op.create_index(
        "ix_votes_pending",
        "votes",
        ["closes_at"],
        unique=False,
        sqlite_where=sa.text("status <> 'closed'"),
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.create_table(
        "committee_recusals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_committee_recusals_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_committee_recusals_user_id")),
        sa.ForeignKeyConstraint(
            ["vote_id"], ["votes.id"], name=op.f("fk_committee_recusals_vote_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_recusals")),
    )
    op.create_index("ix_committee_recusals_vote_id", "committee_recusals", ["vote_id"], unique=False)
    op.create_table(
        "vote_seats",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("voting", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_vote_seats_organisation_id")),
        sa.ForeignKeyConstraint(
            ["seat_id"], ["committee_seats.id"], name=op.f("fk_vote_seats_seat_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_vote_seats_user_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_seats_vote_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_seats")),
        sa.UniqueConstraint("vote_id", "organisation_id", name=op.f("uq_vote_seats_vote_id_organisation_id")),
    )
    op.create_index(op.f("ix_vote_seats_seat_id"), "vote_seats", ["seat_id"], unique=False)
    op.create_index(op.f("ix_vote_seats_user_id"), "vote_seats", ["user_id"], unique=False)
    op.create_table(
        "ballots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("vote_seat_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("choice_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("cast_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_ballots_organisation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ballots_user_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_ballots_vote_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vote_seat_id"], ["vote_seats.id"], name=op.f("fk_ballots_vote_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballots")),
        sa.UniqueConstraint("vote_id", "organisation_id", name=op.f("uq_ballots_vote_id_organisation_id")),
    )
    op.create_index(op.f("ix_ballots_user_id"), "ballots", ["user_id"], unique=False)
    op.create_index(op.f("ix_ballots_vote_seat_id"), "ballots", ["vote_seat_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_ballots_vote_seat_id"), table_name="ballots")
    op.drop_index(op.f("ix_ballots_user_id"), table_name="ballots")
    op.drop_table("ballots")
    op.drop_index(op.f("ix_vote_seats_user_id"), table_name="vote_seats")
    op.drop_index(op.f("ix_vote_seats_seat_id"), table_name="vote_seats")
    op.drop_table("vote_seats")
    op.drop_index("ix_committee_recusals_vote_id", table_name="committee_recusals")
    op.drop_table("committee_recusals")
    op.drop_index(
        "ix_votes_pending",
        table_name="votes",
        sqlite_where=sa.text("status <> 'closed'"),
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.drop_index(op.f("ix_votes_committee_id"), table_name="votes")
    op.drop_table("votes")
    op.drop_index(op.f("ix_committee_seats_user_id"), table_name="committee_seats")
    op.drop_index("ix_committee_seats_substitute_id", table_name="committee_seats")
    op.drop_index(op.f("ix_committee_seats_organisation_id"), table_name="committee_seats")
    op.drop_index(op.f("ix_committee_seats_committee_id"), table_name="committee_seats")
    op.drop_table("committee_seats")
    op.drop_index(op.f("ix_committees_parent_id"), table_name="committees")
    op.drop_table("committees")
