"""Self-paced capsules as somebody follows them, and their quizzes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from ..models import Course, Credit, Learner, Module, QuizAttempt, QuizQuestion, Version
from ..rules.credits import Chances, Question, chances


@dataclass(frozen=True)
class Capsule:
    """A capsule followed alone. `credited`: minutes the viewer has done of it, in this version or an earlier one."""

    id: UUID
    course_id: UUID
    course_code: str
    version_id: UUID
    version_state: str
    course_title: str
    course_title_en: str
    title: str
    title_en: str
    minutes: int
    video_url: str | None
    pass_percent: int | None
    attempts: int | None
    credited: int
    questions: int

    @property
    def done(self) -> bool:
        """Credited whole."""
        return self.credited >= self.minutes


@dataclass(frozen=True)
class Tried:
    """What somebody did of a quiz: her chances now, and the last score in percent."""

    chances: Chances
    last_score: int | None


def _capsules(user_id: UUID | None) -> Select[*tuple[Any, ...]]:
    done = (
        select(func.coalesce(func.max(Credit.minutes), 0))
        .join(Learner, Learner.id == Credit.learner_id)
        .where(Credit.lineage_id == Module.lineage_id, Learner.user_id == user_id)
        .correlate(Module)
    )
    questions = select(func.count()).select_from(QuizQuestion).where(QuizQuestion.module_id == Module.id)
    return (
        select(
            Module.id,
            Version.course_id,
            Course.code,
            Module.version_id,
            Version.state,
            Version.title,
            Version.title_en,
            Module.title,
            Module.title_en,
            Module.minutes,
            Module.video_url,
            Module.quiz_pass_percent,
            Module.quiz_attempts,
            done.scalar_subquery(),
            questions.correlate(Module).scalar_subquery(),
        )
        .join(Version, Version.id == Module.version_id)
        .join(Course, Course.id == Version.course_id)
        .where(Module.form == "self_paced")
    )


def capsules(session: Session, user_id: UUID | None) -> tuple[Capsule, ...]:
    """Capsules of the versions in force, by course, in order. One statement."""
    wanted = _capsules(user_id).where(Version.state == "published", Course.retired_at.is_(None))
    rows = session.execute(wanted.order_by(Version.title, Version.id, Module.position))
    return tuple(Capsule(*row) for row in rows)


def capsule(session: Session, user_id: UUID | None, module_id: UUID, *, drafts: bool = False) -> Capsule | None:
    """One capsule; `drafts`: of a version that is not published yet too. One statement."""
    states = ("published", "draft") if drafts else ("published",)
    row = session.execute(
        _capsules(user_id).where(Module.id == module_id, Version.state.in_(states), Course.retired_at.is_(None))
    ).first()
    return None if row is None else Capsule(*row)


def questions_of(session: Session, module_id: UUID) -> tuple[Question, ...]:
    """The questions of a quiz, in order. One statement."""
    rows = session.execute(
        select(QuizQuestion.text, QuizQuestion.choices, QuizQuestion.answer)
        .where(QuizQuestion.module_id == module_id)
        .order_by(QuizQuestion.position)
    )
    return tuple(Question(row.text, tuple(str(one) for one in row.choices), row.answer) for row in rows)


def tried(session: Session, user_id: UUID | None, module_id: UUID, most: int | None, now: datetime) -> Tried:
    """What the viewer did of a quiz. One statement."""
    rows: Sequence[Any] = session.execute(
        select(QuizAttempt.at, QuizAttempt.score)
        .join(Learner, Learner.id == QuizAttempt.learner_id)
        .where(QuizAttempt.module_id == module_id, Learner.user_id == user_id)
        .order_by(QuizAttempt.number)
    ).all()
    return Tried(chances([row.at for row in rows], most, now), rows[-1].score if rows else None)


def was_tried(session: Session, module_id: UUID) -> bool:
    """Whether somebody has made an attempt. One statement."""
    return bool(session.scalar(select(exists().where(QuizAttempt.module_id == module_id))))
