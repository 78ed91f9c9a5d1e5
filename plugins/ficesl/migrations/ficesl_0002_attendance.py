"""Presences, credits, quizzes, hours of trainers, evaluations, published figures.

Revision ID: ficesl_0002
"""

import sqlalchemy as sa
from alembic import op

revision = "ficesl_0002"
down_revision = "ficesl_0001"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ficesl_presences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("arrived_at", _AT, nullable=True),
        sa.Column("left_at", _AT, nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("source IN ('sheet', 'self', 'import')", name="ck_ficesl_presences_source_code"),
        sa.CheckConstraint("minutes >= 0", name="ck_ficesl_presences_minutes_not_negative"),
        sa.ForeignKeyConstraint(
            ["block_id"], ["ficesl_blocks.id"], name="fk_ficesl_presences_block_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["learner_id"], ["ficesl_learners.id"], name="fk_ficesl_presences_learner_id"),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["ficesl_registrations.id"],
            name="fk_ficesl_presences_registration_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_presences"),
        sa.UniqueConstraint("block_id", "learner_id", name="uq_ficesl_presences_block_id_learner_id"),
    )
    op.create_index("ix_ficesl_presences_learner_id", "ficesl_presences", ["learner_id"], unique=False)
    op.create_index("ix_ficesl_presences_registration_id", "ficesl_presences", ["registration_id"], unique=False)
    op.create_table(
        "ficesl_settled_blocks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id"], ["ficesl_blocks.id"], name="fk_ficesl_settled_blocks_block_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_settled_blocks"),
        sa.UniqueConstraint("block_id", name="uq_ficesl_settled_blocks_block_id"),
    )
    op.create_table(
        "ficesl_credits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("lineage_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("source IN ('session', 'self_paced', 'import')", name="ck_ficesl_credits_source_code"),
        sa.CheckConstraint("minutes > 0", name="ck_ficesl_credits_minutes_above_zero"),
        sa.ForeignKeyConstraint(["course_id"], ["ficesl_courses.id"], name="fk_ficesl_credits_course_id"),
        sa.ForeignKeyConstraint(["learner_id"], ["ficesl_learners.id"], name="fk_ficesl_credits_learner_id"),
        sa.ForeignKeyConstraint(["module_id"], ["ficesl_modules.id"], name="fk_ficesl_credits_module_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_credits"),
        sa.UniqueConstraint("learner_id", "module_id", name="uq_ficesl_credits_learner_id_module_id"),
    )
    op.create_index("ix_ficesl_credits_course_id", "ficesl_credits", ["course_id", "learner_id"], unique=False)
    op.create_index("ix_ficesl_credits_module_id", "ficesl_credits", ["module_id"], unique=False)
    op.create_index("ix_ficesl_credits_on_day", "ficesl_credits", ["on_day"], unique=False)
    op.create_table(
        "ficesl_quiz_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["module_id"], ["ficesl_modules.id"], name="fk_ficesl_quiz_questions_module_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_quiz_questions"),
        sa.UniqueConstraint("module_id", "position", name="uq_ficesl_quiz_questions_module_id_position"),
    )
    op.create_table(
        "ficesl_quiz_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("score >= 0 AND score <= 100", name="ck_ficesl_quiz_attempts_score_percent"),
        sa.ForeignKeyConstraint(["learner_id"], ["ficesl_learners.id"], name="fk_ficesl_quiz_attempts_learner_id"),
        sa.ForeignKeyConstraint(
            ["module_id"], ["ficesl_modules.id"], name="fk_ficesl_quiz_attempts_module_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_quiz_attempts"),
        sa.UniqueConstraint(
            "module_id", "learner_id", "number", name="uq_ficesl_quiz_attempts_module_id_learner_id_number"
        ),
    )
    op.create_index("ix_ficesl_quiz_attempts_learner_id", "ficesl_quiz_attempts", ["learner_id"], unique=False)
    op.create_table(
        "ficesl_trainer_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entered", sa.Boolean(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id"], ["ficesl_blocks.id"], name="fk_ficesl_trainer_hours_block_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_trainer_hours"),
        sa.UniqueConstraint("block_id", "user_id", name="uq_ficesl_trainer_hours_block_id_user_id"),
    )
    op.create_index("ix_ficesl_trainer_hours_user_id", "ficesl_trainer_hours", ["user_id"], unique=False)
    op.create_table(
        "ficesl_evaluation_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("text", sa.String(length=160), nullable=False),
        sa.CheckConstraint("kind IN ('scale', 'text')", name="ck_ficesl_evaluation_questions_kind_code"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["ficesl_versions.id"], name="fk_ficesl_evaluation_questions_version_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_evaluation_questions"),
        sa.UniqueConstraint("version_id", "position", name="uq_ficesl_evaluation_questions_version_id_position"),
    )
    op.create_table(
        "ficesl_evaluation_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("n0", sa.Integer(), nullable=False),
        sa.Column("n1", sa.Integer(), nullable=False),
        sa.Column("n2", sa.Integer(), nullable=False),
        sa.Column("n3", sa.Integer(), nullable=False),
        sa.Column("texts_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "n0 >= 0 AND n1 >= 0 AND n2 >= 0 AND n3 >= 0", name="ck_ficesl_evaluation_answers_counts_not_negative"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["ficesl_evaluation_questions.id"],
            name="fk_ficesl_evaluation_answers_question_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_evaluation_answers_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_evaluation_answers"),
        sa.UniqueConstraint("session_id", "question_id", name="uq_ficesl_evaluation_answers_session_id_question_id"),
    )
    op.create_table(
        "ficesl_evaluation_sent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["learner_id"], ["ficesl_learners.id"], name="fk_ficesl_evaluation_sent_learner_id"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_evaluation_sent_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_evaluation_sent"),
        sa.UniqueConstraint("session_id", "learner_id", name="uq_ficesl_evaluation_sent_session_id_learner_id"),
    )
    op.create_table(
        "ficesl_evaluation_closings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("closed_at", _AT, nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["ficesl_sessions.id"], name="fk_ficesl_evaluation_closings_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_evaluation_closings"),
        sa.UniqueConstraint("session_id", name="uq_ficesl_evaluation_closings_session_id"),
    )
    op.create_table(
        "ficesl_published_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=9), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("audience", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=160), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=True),
        sa.Column("quarter_hours", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("young", sa.Integer(), nullable=True),
        sa.Column("adults", sa.Integer(), nullable=True),
        sa.Column("groups", sa.Integer(), nullable=True),
        sa.Column("printed_total", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("same_as", sa.Uuid(), nullable=True),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("kind IN ('training', 'workshop')", name="ck_ficesl_published_lines_kind_code"),
        sa.CheckConstraint("quarter_hours >= 0", name="ck_ficesl_published_lines_quarter_hours_not_negative"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_published_lines"),
        sa.UniqueConstraint("source_key", name="uq_ficesl_published_lines_source_key"),
    )
    op.create_index("ix_ficesl_published_lines_kind", "ficesl_published_lines", ["kind", "first_day"], unique=False)
    op.create_table(
        "ficesl_published_evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(length=9), nullable=False),
        sa.Column("meeting", sa.Integer(), nullable=False),
        sa.Column("theme", sa.String(length=160), nullable=False),
        sa.Column("respondents", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=200), nullable=False),
        sa.Column("t0", sa.Integer(), nullable=False),
        sa.Column("t1", sa.Integer(), nullable=False),
        sa.Column("t2", sa.Integer(), nullable=False),
        sa.Column("t3", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("respondents > 0", name="ck_ficesl_published_evaluations_respondents_above_zero"),
        sa.PrimaryKeyConstraint("id", name="pk_ficesl_published_evaluations"),
        sa.UniqueConstraint("source_key", name="uq_ficesl_published_evaluations_source_key"),
    )
    op.create_index(
        "ix_ficesl_published_evaluations_period",
        "ficesl_published_evaluations",
        ["period", "meeting", "position"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_ficesl_published_evaluations_period", table_name="ficesl_published_evaluations")
    op.drop_table("ficesl_published_evaluations")
    op.drop_index("ix_ficesl_published_lines_kind", table_name="ficesl_published_lines")
    op.drop_table("ficesl_published_lines")
    op.drop_table("ficesl_evaluation_closings")
    op.drop_table("ficesl_evaluation_sent")
    op.drop_table("ficesl_evaluation_answers")
    op.drop_table("ficesl_evaluation_questions")
    op.drop_index("ix_ficesl_trainer_hours_user_id", table_name="ficesl_trainer_hours")
    op.drop_table("ficesl_trainer_hours")
    op.drop_index("ix_ficesl_quiz_attempts_learner_id", table_name="ficesl_quiz_attempts")
    op.drop_table("ficesl_quiz_attempts")
    op.drop_table("ficesl_quiz_questions")
    op.drop_index("ix_ficesl_credits_course_id", table_name="ficesl_credits")
    op.drop_index("ix_ficesl_credits_module_id", table_name="ficesl_credits")
    op.drop_index("ix_ficesl_credits_on_day", table_name="ficesl_credits")
    op.drop_table("ficesl_credits")
    op.drop_table("ficesl_settled_blocks")
    op.drop_index("ix_ficesl_presences_learner_id", table_name="ficesl_presences")
    op.drop_index("ix_ficesl_presences_registration_id", table_name="ficesl_presences")
    op.drop_table("ficesl_presences")
