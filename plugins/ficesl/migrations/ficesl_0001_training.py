"""Catalogue, people, sessions, registrations and series.

Revision ID: ficesl_0001
Depends on: core_0010
"""

import sqlalchemy as sa
from alembic import op

revision = "ficesl_0001"
down_revision = None
branch_labels = ("ficesl",)
depends_on = "core_0010"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ficesl_courses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("retired_at", _AT, nullable=True),
        sa.CheckConstraint("kind IN ('training', 'capsules', 'workshop')", name="ck_ficesl_courses_kind_code"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_courses"),
        sa.UniqueConstraint("code", name="uq_ficesl_courses_code"),
    )
    op.create_table(
        "ficesl_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("alike", sa.Integer(), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("finished_at", _AT, nullable=True),
        sa.CheckConstraint("state IN ('staged', 'running', 'done', 'cancelled')", name="ck_ficesl_lists_state_code"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_lists"),
    )
    op.create_index("ix_ficesl_lists_organisation_id", "ficesl_lists", ["organisation_id"], unique=False)
    op.create_table(
        "ficesl_teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_teams"),
    )
    op.create_index("ix_ficesl_teams_organisation_id", "ficesl_teams", ["organisation_id"], unique=False)
    op.create_table(
        "ficesl_learners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("audience", sa.String(length=24), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_mark", sa.LargeBinary(length=32), nullable=True),
        sa.Column("email_mark", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("left_at", _AT, nullable=True),
        sa.Column("erased_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["ficesl_teams.id"], name="fk_ficesl_learners_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_learners"),
        sa.UniqueConstraint("user_id", name="uq_ficesl_learners_user_id"),
    )
    op.create_index("ix_ficesl_learners_email_mark", "ficesl_learners", ["organisation_id", "email_mark"], unique=False)
    op.create_index("ix_ficesl_learners_name_mark", "ficesl_learners", ["organisation_id", "name_mark"], unique=False)
    op.create_index(
        "ix_ficesl_learners_organisation_id", "ficesl_learners", ["organisation_id", "left_at"], unique=False
    )
    op.create_table(
        "ficesl_list_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("typed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=True),
        sa.Column("like_number", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'known', 'alike', 'wrong', 'written')", name="ck_ficesl_list_lines_state_code"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["ficesl_lists.id"], name="fk_ficesl_list_lines_list_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_list_lines"),
        sa.UniqueConstraint("list_id", "number", name="uq_ficesl_list_lines_list_id_number"),
    )
    op.create_table(
        "ficesl_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["ficesl_courses.id"], name="fk_ficesl_series_course_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_series"),
        sa.UniqueConstraint("code", name="uq_ficesl_series_code"),
    )
    op.create_table(
        "ficesl_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("title_en", sa.String(length=160), nullable=False),
        sa.Column("summary", sa.String(length=600), nullable=False),
        sa.Column("audience", sa.String(length=24), nullable=False),
        sa.Column("validity_months", sa.Integer(), nullable=True),
        sa.Column("published_at", _AT, nullable=True),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired')", name="ck_ficesl_versions_state_code"),
        sa.CheckConstraint(
            "validity_months IS NULL OR validity_months > 0", name="ck_ficesl_versions_validity_above_zero"
        ),
        sa.ForeignKeyConstraint(["course_id"], ["ficesl_courses.id"], name="fk_ficesl_versions_course_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_versions"),
        sa.UniqueConstraint("course_id", "number", name="uq_ficesl_versions_course_id_number"),
    )
    op.create_table(
        "ficesl_materials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("reach", sa.String(length=12), nullable=False),
        sa.CheckConstraint("reach IN ('network', 'registered', 'trainers')", name="ck_ficesl_materials_reach_code"),
        sa.CheckConstraint("url IS NULL OR file_id IS NULL", name="ck_ficesl_materials_link_or_file"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["ficesl_versions.id"], name="fk_ficesl_materials_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_materials"),
    )
    op.create_index("ix_ficesl_materials_version_id", "ficesl_materials", ["version_id"], unique=False)
    op.create_table(
        "ficesl_modules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("title_en", sa.String(length=160), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=12), nullable=False),
        sa.Column("video_url", sa.String(length=300), nullable=True),
        sa.Column("quiz_pass_percent", sa.Integer(), nullable=True),
        sa.Column("quiz_attempts", sa.Integer(), nullable=True),
        sa.CheckConstraint("form IN ('live', 'self_paced')", name="ck_ficesl_modules_form_code"),
        sa.CheckConstraint("minutes > 0", name="ck_ficesl_modules_minutes_above_zero"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["ficesl_versions.id"], name="fk_ficesl_modules_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_modules"),
        sa.UniqueConstraint("version_id", "lineage_id", name="uq_ficesl_modules_version_id_lineage_id"),
    )
    op.create_index("ix_ficesl_modules_lineage_id", "ficesl_modules", ["lineage_id"], unique=False)
    op.create_table(
        "ficesl_prerequisites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["ficesl_courses.id"], name="fk_ficesl_prerequisites_course_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["ficesl_versions.id"], name="fk_ficesl_prerequisites_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_prerequisites"),
        sa.UniqueConstraint("version_id", "course_id", name="uq_ficesl_prerequisites_version_id_course_id"),
    )
    op.create_table(
        "ficesl_series_teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["series_id"], ["ficesl_series.id"], name="fk_ficesl_series_teams_series_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["ficesl_teams.id"], name="fk_ficesl_series_teams_team_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_series_teams"),
        sa.UniqueConstraint("series_id", "team_id", name="uq_ficesl_series_teams_series_id_team_id"),
    )
    op.create_table(
        "ficesl_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("committee_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", _AT, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.CheckConstraint("state IN ('draft', 'open', 'cancelled', 'done')", name="ck_ficesl_sessions_state_code"),
        sa.CheckConstraint("capacity > 0", name="ck_ficesl_sessions_capacity_above_zero"),
        sa.ForeignKeyConstraint(["team_id"], ["ficesl_teams.id"], name="fk_ficesl_sessions_team_id"),
        sa.ForeignKeyConstraint(["version_id"], ["ficesl_versions.id"], name="fk_ficesl_sessions_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_sessions"),
        sa.UniqueConstraint("code", name="uq_ficesl_sessions_code"),
    )
    op.create_index("ix_ficesl_sessions_version_id", "ficesl_sessions", ["version_id", "state"], unique=False)
    op.create_table(
        "ficesl_blocks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", _AT, nullable=False),
        sa.Column("ends_at", _AT, nullable=False),
        sa.Column("place", sa.String(length=160), nullable=True),
        sa.Column("link_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", _AT, nullable=False),
        sa.Column("cancelled_at", _AT, nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name="ck_ficesl_blocks_ends_after_start"),
        sa.ForeignKeyConstraint(["module_id"], ["ficesl_modules.id"], name="fk_ficesl_blocks_module_id"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_blocks_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_blocks"),
    )
    op.create_index("ix_ficesl_blocks_session_id", "ficesl_blocks", ["session_id", "starts_at"], unique=False)
    op.create_index("ix_ficesl_blocks_starts_at", "ficesl_blocks", ["starts_at"], unique=False)
    op.create_table(
        "ficesl_registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("queue", sa.Integer(), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.Column("cancelled_at", _AT, nullable=True),
        sa.CheckConstraint(
            "state IN ('registered', 'waiting', 'cancelled')", name="ck_ficesl_registrations_state_code"
        ),
        sa.ForeignKeyConstraint(["learner_id"], ["ficesl_learners.id"], name="fk_ficesl_registrations_learner_id"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_registrations_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_registrations"),
        sa.UniqueConstraint("session_id", "learner_id", name="uq_ficesl_registrations_session_id_learner_id"),
        sa.UniqueConstraint("session_id", "queue", name="uq_ficesl_registrations_session_id_queue"),
    )
    op.create_index("ix_ficesl_registrations_learner_id", "ficesl_registrations", ["learner_id"], unique=False)
    op.create_index(
        "ix_ficesl_registrations_organisation_id",
        "ficesl_registrations",
        ["organisation_id", "session_id"],
        unique=False,
    )
    op.create_table(
        "ficesl_seat_shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.CheckConstraint("seats > 0", name="ck_ficesl_seat_shares_seats_above_zero"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_seat_shares_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_seat_shares"),
        sa.UniqueConstraint("session_id", "organisation_id", name="uq_ficesl_seat_shares_session_id_organisation_id"),
    )
    op.create_table(
        "ficesl_session_reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_session_reminders_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_session_reminders"),
        sa.UniqueConstraint("session_id", "days", name="uq_ficesl_session_reminders_session_id_days"),
    )
    op.create_table(
        "ficesl_trainers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_trainers_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_trainers"),
        sa.UniqueConstraint("session_id", "user_id", name="uq_ficesl_trainers_session_id_user_id"),
    )
    op.create_index("ix_ficesl_trainers_user_id", "ficesl_trainers", ["user_id"], unique=False)


def downgrade() -> None:
    for table in (
        "trainers",
        "session_reminders",
        "seat_shares",
        "registrations",
        "blocks",
        "sessions",
        "series_teams",
        "prerequisites",
        "modules",
        "materials",
        "versions",
        "series",
        "list_lines",
        "learners",
        "teams",
        "lists",
        "courses",
    ):
        op.drop_table(f"ficesl_{table}")
