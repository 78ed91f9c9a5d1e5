"""Meetings, documents and decisions.

Revision core_0010, after core_0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.kernel.db

revision = "core_0010"
down_revision = "core_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("starts_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("ends_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("minutes_state", sa.String(length=8), nullable=False),
        sa.Column("minutes_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("adopted_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.Column("reminded_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.Column("changed_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "minutes_state IN ('none', 'draft', 'adopted')", name=op.f("ck_meetings_minutes_state_code")
        ),
        sa.CheckConstraint("state IN ('planned', 'held', 'cancelled')", name=op.f("ck_meetings_state_code")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_meetings_times")),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_meetings_committee_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_meetings_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("code", name=op.f("uq_meetings_code")),
    )
    op.create_index("ix_meetings_committee_id_starts_at", "meetings", ["committee_id", "starts_at"], unique=False)
    op.create_index("ix_meetings_starts_at", "meetings", ["starts_at"], unique=False)
    op.create_table(
        "meeting_agenda_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_agenda_items_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_meeting_agenda_items_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_agenda_items")),
        sa.UniqueConstraint("meeting_id", "position", name=op.f("uq_meeting_agenda_items_meeting_id_position")),
    )
    op.create_table(
        "meeting_attendance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("presence", sa.String(length=12), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "presence IN ('present', 'substitute', 'excused', 'absent')",
            name=op.f("ck_meeting_attendance_presence_code"),
        ),
        sa.CheckConstraint("persons >= 0", name=op.f("ck_meeting_attendance_persons")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_attendance_meeting_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_meeting_attendance_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"], ["committee_seats.id"], name=op.f("fk_meeting_attendance_seat_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_meeting_attendance_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_attendance")),
        sa.UniqueConstraint(
            "meeting_id", "organisation_id", name=op.f("uq_meeting_attendance_meeting_id_organisation_id")
        ),
    )
    op.create_index(op.f("ix_meeting_attendance_seat_id"), "meeting_attendance", ["seat_id"], unique=False)
    op.create_index(op.f("ix_meeting_attendance_user_id"), "meeting_attendance", ["user_id"], unique=False)
    op.create_table(
        "meeting_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_meeting_documents_added_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_meeting_documents_file_id")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_meeting_documents_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_documents")),
        sa.UniqueConstraint("file_id", name=op.f("uq_meeting_documents_file_id")),
    )
    op.create_index(op.f("ix_meeting_documents_meeting_id"), "meeting_documents", ["meeting_id"], unique=False)
    op.create_table(
        "committee_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("vote_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(length=600), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("replaced_by", sa.Uuid(), nullable=True),
        sa.Column("noted_by", sa.Uuid(), nullable=True),
        sa.Column("noted_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.id"], name=op.f("fk_committee_decisions_committee_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_committee_decisions_meeting_id")),
        sa.ForeignKeyConstraint(["noted_by"], ["users.id"], name=op.f("fk_committee_decisions_noted_by")),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["committee_decisions.id"], name=op.f("fk_committee_decisions_replaced_by")
        ),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_committee_decisions_vote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_decisions")),
        sa.UniqueConstraint("code", name=op.f("uq_committee_decisions_code")),
    )
    op.create_index(
        "ix_committee_decisions_committee_id_decided_on",
        "committee_decisions",
        ["committee_id", "decided_on"],
        unique=False,
    )
    op.create_index(op.f("ix_committee_decisions_meeting_id"), "committee_decisions", ["meeting_id"], unique=False)
    op.create_index(op.f("ix_committee_decisions_vote_id"), "committee_decisions", ["vote_id"], unique=False)
    op.create_table(
        "committee_follow_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("done_at", core.kernel.db.UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["committee_decisions.id"],
            name=op.f("fk_committee_follow_ups_decision_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["done_by"], ["users.id"], name=op.f("fk_committee_follow_ups_done_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_committee_follow_ups_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee_follow_ups")),
    )
    op.create_index(op.f("ix_committee_follow_ups_decision_id"), "committee_follow_ups", ["decision_id"], unique=False)
    op.create_index("ix_committee_follow_ups_open", "committee_follow_ups", ["done_at", "due_on"], unique=False)
    op.create_index(
        op.f("ix_committee_follow_ups_organisation_id"), "committee_follow_ups", ["organisation_id"], unique=False
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", core.kernel.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_calendar_feeds_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_feeds_user_id")),
    )


def downgrade() -> None:
    op.drop_table("calendar_feeds")
    op.drop_table("committee_follow_ups")
    op.drop_table("committee_decisions")
    op.drop_table("meeting_documents")
    op.drop_table("meeting_attendance")
    op.drop_table("meeting_agenda_items")
    op.drop_table("meetings")
