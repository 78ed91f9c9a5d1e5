"""Evaluations of trainings. What was answered and who has answered never meet.

There is no row of an answer: a question of a session has one row, with a count for each step of the scale and all the
texts together in one ciphertext, shuffled each time one is added. So neither identifiers (random, not made of time),
nor the order of rows, nor what a database remembers of the transaction that wrote them says who said what.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal, sealed

from ..rules.evaluations import QUESTION_LENGTH


class EvaluationQuestion(Base):
    """One statement of a version's form, answered on the scale or in words."""

    __tablename__ = "ficesl_evaluation_questions"
    __table_args__ = (
        UniqueConstraint("version_id", "position"),
        CheckConstraint("kind IN ('scale', 'text')", name="kind_code"),
    )

    id: Mapped[UUID] = identifier()
    version_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_versions.id", ondelete="CASCADE"))
    position: Mapped[int] = internal(Integer)
    kind: Mapped[str] = internal(String(8))
    text: Mapped[str] = internal(String(QUESTION_LENGTH))


class EvaluationAnswers(Base):
    """All that was answered to one statement in one session: counts from *pas du tout* (0) to *beaucoup* (3), texts."""

    __tablename__ = "ficesl_evaluation_answers"
    __table_args__ = (
        UniqueConstraint("session_id", "question_id"),
        CheckConstraint("n0 >= 0 AND n1 >= 0 AND n2 >= 0 AND n3 >= 0", name="counts_not_negative"),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=uuid4)
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"))
    question_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_evaluation_questions.id", ondelete="CASCADE"))
    n0: Mapped[int] = internal(Integer, default=0)
    n1: Mapped[int] = internal(Integer, default=0)
    n2: Mapped[int] = internal(Integer, default=0)
    n3: Mapped[int] = internal(Integer, default=0)
    texts_sealed: Mapped[bytes | None] = sealed(nullable=True)


class EvaluationSent(Base):
    """Somebody has answered: that, and nothing of what or when."""

    __tablename__ = "ficesl_evaluation_sent"
    __table_args__ = (UniqueConstraint("session_id", "learner_id"),)

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=uuid4)
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"))
    learner_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_learners.id"))


class EvaluationClosing(Base):
    """A session's evaluation was closed before its time by who gives it."""

    __tablename__ = "ficesl_evaluation_closings"

    id: Mapped[UUID] = identifier()
    session_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_sessions.id", ondelete="CASCADE"), unique=True)
    closed_at: Mapped[datetime] = internal(UtcDateTime)
    closed_by: Mapped[UUID | None] = internal(Uuid, nullable=True)
