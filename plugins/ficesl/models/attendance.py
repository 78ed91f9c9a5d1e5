"""What people did: presences by block, credits by module, quizzes of capsules, hours that trainers confirmed.

Nothing here names anybody: a learner is an identifier, whose name `people` seals.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal

from ..rules.credits import QUESTION_LENGTH


class Presence(Base):
    """One person at one block. `minutes` credited, 0 for an absence that was noted; `client_key`: the mark it came
    from, so that a sheet sent twice is one. `source`: sheet, self (the code of the screen), import."""

    __tablename__ = "ficesl_presences"
    __table_args__ = (
        UniqueConstraint("block_id", "learner_id"),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
        CheckConstraint("source IN ('sheet', 'self', 'import')", name="source_code"),
        Index("ix_ficesl_presences_learner_id", "learner_id"),
        Index("ix_ficesl_presences_registration_id", "registration_id"),
    )

    id: Mapped[UUID] = identifier()
    block_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_blocks.id", ondelete="CASCADE"))
    registration_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_registrations.id", ondelete="CASCADE"))
    learner_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_learners.id"))
    minutes: Mapped[int] = internal(Integer)
    arrived_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    left_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    source: Mapped[str] = internal(String(8))
    client_key: Mapped[str | None] = internal(String(64), nullable=True)
    recorded_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class SettledBlock(Base):
    """A block that is over and whose presences became credits. `at`: when."""

    __tablename__ = "ficesl_settled_blocks"

    id: Mapped[UUID] = identifier()
    block_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_blocks.id", ondelete="CASCADE"), unique=True)
    at: Mapped[datetime] = internal(UtcDateTime)


class Credit(Base):
    """Minutes of a module that somebody has done; `on_day`: of the last block, or of the quiz (users' zone)."""

    __tablename__ = "ficesl_credits"
    __table_args__ = (
        UniqueConstraint("learner_id", "module_id"),
        CheckConstraint("minutes > 0", name="minutes_above_zero"),
        CheckConstraint("source IN ('session', 'self_paced', 'import')", name="source_code"),
        Index("ix_ficesl_credits_course_id", "course_id", "learner_id"),
        Index("ix_ficesl_credits_on_day", "on_day"),
        Index("ix_ficesl_credits_module_id", "module_id"),
    )

    id: Mapped[UUID] = identifier()
    learner_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_learners.id"))
    course_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_courses.id"))
    module_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_modules.id"))
    lineage_id: Mapped[UUID] = internal(Uuid)
    minutes: Mapped[int] = internal(Integer)
    on_day: Mapped[date] = internal(Date)
    source: Mapped[str] = internal(String(12))
    at: Mapped[datetime] = internal(UtcDateTime)


class QuizQuestion(Base):
    """A question of a capsule's quiz: its choices in order, and the index of the right one."""

    __tablename__ = "ficesl_quiz_questions"
    __table_args__ = (UniqueConstraint("module_id", "position"),)

    id: Mapped[UUID] = identifier()
    module_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_modules.id", ondelete="CASCADE"))
    position: Mapped[int] = internal(Integer)
    text: Mapped[str] = internal(String(QUESTION_LENGTH))
    choices: Mapped[list[Any]] = internal(JSON)
    answer: Mapped[int] = internal(Integer)


class QuizAttempt(Base):
    """One attempt at a quiz: its score in percent; what was answered is not kept."""

    __tablename__ = "ficesl_quiz_attempts"
    __table_args__ = (
        UniqueConstraint("module_id", "learner_id", "number"),
        CheckConstraint("score >= 0 AND score <= 100", name="score_percent"),
        Index("ix_ficesl_quiz_attempts_learner_id", "learner_id"),
    )

    id: Mapped[UUID] = identifier()
    module_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_modules.id", ondelete="CASCADE"))
    learner_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_learners.id"))
    number: Mapped[int] = internal(Integer)
    score: Mapped[int] = internal(Integer)
    passed: Mapped[bool] = internal(Boolean)
    at: Mapped[datetime] = internal(UtcDateTime)


class TrainerHours(Base):
    """A block whose hours its trainer has confirmed or set aside: it is not proposed to her again."""

    __tablename__ = "ficesl_trainer_hours"
    __table_args__ = (
        UniqueConstraint("block_id", "user_id"),
        Index("ix_ficesl_trainer_hours_user_id", "user_id"),
    )

    id: Mapped[UUID] = identifier()
    block_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_blocks.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = internal(Uuid)
    entered: Mapped[bool] = internal(Boolean)
    at: Mapped[datetime] = internal(UtcDateTime)
