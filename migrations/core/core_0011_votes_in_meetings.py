"""Votes held in meetings: the meeting a vote is on the agenda of, hands noted there until they are confirmed.

Revision core_0011, after core_0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.kernel.db
from core.kernel.migrations import batch_keeping_triggers

revision = "core_0011"
down_revision = "core_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hands_shown",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("noted_by", sa.Uuid(), nullable=False),
        sa.Column("noted_for", sa.Uuid(), nullable=False),
        sa.Column("noted_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["confirmed_by"], ["users.id"], name=op.f("fk_hands_shown_confirmed_by")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_hands_shown_meeting_id")),
        sa.ForeignKeyConstraint(["noted_by"], ["users.id"], name=op.f("fk_hands_shown_noted_by")),
        sa.ForeignKeyConstraint(["noted_for"], ["organisations.id"], name=op.f("fk_hands_shown_noted_for")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_hands_shown_vote_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hands_shown")),
    )
    op.create_index(op.f("ix_hands_shown_meeting_id"), "hands_shown", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_hands_shown_vote_id"), "hands_shown", ["vote_id"], unique=False)
    op.create_table(
        "raised_hands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shown_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("vote_seat_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("choice_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_raised_hands_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["shown_id"], ["hands_shown.id"], name=op.f("fk_raised_hands_shown_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_raised_hands_user_id")),
        sa.ForeignKeyConstraint(
            ["vote_seat_id"], ["vote_seats.id"], name=op.f("fk_raised_hands_vote_seat_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raised_hands")),
        sa.UniqueConstraint("shown_id", "organisation_id", name=op.f("uq_raised_hands_shown_id_organisation_id")),
    )
    op.create_index(op.f("ix_raised_hands_vote_seat_id"), "raised_hands", ["vote_seat_id"], unique=False)
    for table in ("ballots", "votes"):
        with batch_keeping_triggers(table) as batch:
            batch.add_column(sa.Column("meeting_id", sa.Uuid(), nullable=True))
            batch.create_index(op.f(f"ix_{table}_meeting_id"), ["meeting_id"])
            batch.create_foreign_key(op.f(f"fk_{table}_meeting_id"), "meetings", ["meeting_id"], ["id"])


def downgrade() -> None:
    for table in ("votes", "ballots"):
        with batch_keeping_triggers(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_meeting_id"), type_="foreignkey")
            batch.drop_index(op.f(f"ix_{table}_meeting_id"))
            batch.drop_column("meeting_id")
    op.drop_index(op.f("ix_raised_hands_vote_seat_id"), table_name="raised_hands")
    op.drop_table("raised_hands")
    op.drop_index(op.f("ix_hands_shown_vote_id"), table_name="hands_shown")
    op.drop_index(op.f("ix_hands_shown_meeting_id"), table_name="hands_shown")
    op.drop_table("hands_shown")
