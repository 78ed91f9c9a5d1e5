"""What attendance holds about one person with an account: her copy, and how to erase it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.api import N_, PersonalData

from ..models import (
    Block,
    Course,
    Credit,
    EvaluationClosing,
    EvaluationSent,
    Learner,
    Module,
    Presence,
    PublishedEvaluation,
    PublishedLine,
    QuizAttempt,
    TrainerHours,
    TrainingSession,
)


def about_person(session: Session, reference: str) -> Sequence[PersonalData]:
    """Presences, credits, attempts, evaluations answered (that, never what), blocks whose hours she confirmed. Nothing
    for a referral's code. Five statements."""
    kind, _, identifier = reference.partition(":")
    if kind != "user":
        return ()
    user_id = UUID(identifier)
    mine = Learner.user_id == user_id
    presences = [
        {"session": code, "starts_at": f"{starts:%Y-%m-%dT%H:%M%z}", "minutes": minutes}
        for code, starts, minutes in session.execute(
            select(TrainingSession.code, Block.starts_at, Presence.minutes)
            .join(Block, Block.id == Presence.block_id)
            .join(TrainingSession, TrainingSession.id == Block.session_id)
            .join(Learner, Learner.id == Presence.learner_id)
            .where(mine)
            .order_by(Block.starts_at)
        )
    ]
    credits = [
        {"course": code, "module": title, "minutes": minutes, "on": day.isoformat()}
        for code, title, minutes, day in session.execute(
            select(Course.code, Module.title, Credit.minutes, Credit.on_day)
            .join(Module, Module.id == Credit.module_id)
            .join(Course, Course.id == Credit.course_id)
            .join(Learner, Learner.id == Credit.learner_id)
            .where(mine)
            .order_by(Credit.on_day)
        )
    ]
    attempts = [
        {"module": title, "number": number, "score": score, "at": f"{at:%Y-%m-%dT%H:%M%z}"}
        for title, number, score, at in session.execute(
            select(Module.title, QuizAttempt.number, QuizAttempt.score, QuizAttempt.at)
            .join(Module, Module.id == QuizAttempt.module_id)
            .join(Learner, Learner.id == QuizAttempt.learner_id)
            .where(mine)
            .order_by(QuizAttempt.at)
        )
    ]
    answered = session.scalars(
        select(TrainingSession.code)
        .join(EvaluationSent, EvaluationSent.session_id == TrainingSession.id)
        .join(Learner, Learner.id == EvaluationSent.learner_id)
        .where(mine)
        .order_by(TrainingSession.code)
    ).all()
    given = session.scalars(
        select(TrainingSession.code)
        .join(Block, Block.session_id == TrainingSession.id)
        .join(TrainerHours, TrainerHours.block_id == Block.id)
        .where(TrainerHours.user_id == user_id)
        .order_by(TrainingSession.code)
    ).all()
    copy: dict[str, object] = {
        "presences": presences,
        "credits": credits,
        "attempts": attempts,
        "evaluations_answered": list(answered),
        "hours_confirmed": list(given),
    }
    if not any(copy.values()):
        return ()
    return (PersonalData("attendance", N_("Présences, crédits et essais"), copy, _forgetting(user_id)),)


def _forgetting(user_id: UUID) -> Callable[[Session], int]:
    """Her attempts and the hours she confirmed go; presences stay as figures, of somebody whose name training erases;
    who wrote what is emptied."""

    def forget(session: Session) -> int:
        learners = select(Learner.id).where(Learner.user_id == user_id)
        acts: list[Any] = [
            delete(QuizAttempt).where(QuizAttempt.learner_id.in_(learners)),
            delete(EvaluationSent).where(EvaluationSent.learner_id.in_(learners)),
            delete(TrainerHours).where(TrainerHours.user_id == user_id),
            update(Presence).where(Presence.recorded_by == user_id).values(recorded_by=None),
            update(EvaluationClosing).where(EvaluationClosing.closed_by == user_id).values(closed_by=None),
            update(PublishedLine).where(PublishedLine.imported_by == user_id).values(imported_by=None),
            update(PublishedEvaluation).where(PublishedEvaluation.imported_by == user_id).values(imported_by=None),
        ]
        touched = 0
        for act in acts:
            touched += int(
                getattr(session.execute(act, execution_options={"synchronize_session": False}), "rowcount", 0)
            )
        return touched

    return forget
