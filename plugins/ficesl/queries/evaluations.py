"""Evaluations as they may be read: where they stand, their form, and results once they are closed and large enough."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from core.api import Keyring, Viewer, open_text

from ..models import (
    Block,
    EvaluationAnswers,
    EvaluationClosing,
    EvaluationQuestion,
    EvaluationSent,
    Learner,
    Presence,
    Registration,
    TrainingSession,
    Version,
)
from ..rules.evaluations import Kind, Line, Reading, Standing, closes_at, line, reading, standing
from .attendance import HELD, gives

TABLE, COLUMN = "ficesl_evaluation_answers", "texts_sealed"


@dataclass(frozen=True)
class EvaluationView:
    """A session's evaluation. `sent`: how many people have answered, of the `present` who came."""

    session_id: UUID
    code: str
    version_id: UUID
    committee_id: UUID
    title: str
    title_en: str
    last_starts: datetime
    last_ends: datetime
    closed_at: datetime | None
    sent: int
    present: int

    def standing(self, now: datetime) -> Standing:
        """Where it stands."""
        return standing(self.last_starts, self.last_ends, self.closed_at, now)

    def reading(self, now: datetime) -> Reading:
        """Whether its results may be read."""
        return reading(self.standing(now), self.sent)

    @property
    def closes_at(self) -> datetime:
        """When it closes by itself."""
        return closes_at(self.last_ends)


@dataclass(frozen=True)
class QuestionView:
    """One statement of a form."""

    id: UUID
    kind: Kind
    text: str


@dataclass(frozen=True)
class Results:
    """Lines of the scale, and texts in no order, by statement."""

    lines: tuple[Line, ...]
    texts: tuple[tuple[str, tuple[str, ...]], ...]


def find_evaluation(session: Session, code: str, viewer: Viewer | None = None) -> EvaluationView | None:
    """The evaluation of a session: with `viewer`, only if she gives it or sits in its committee. One statement."""
    last = (
        select(Block.id)
        .where(Block.session_id == TrainingSession.id, Block.cancelled_at.is_(None))
        .order_by(Block.ends_at.desc(), Block.id.desc())
        .limit(1)
        .correlate(TrainingSession)
        .scalar_subquery()
    )
    sent = select(func.count()).select_from(EvaluationSent).where(EvaluationSent.session_id == TrainingSession.id)
    came = exists().where(Presence.registration_id == Registration.id, Presence.minutes > 0)
    present = (
        select(func.count()).select_from(Registration).where(Registration.session_id == TrainingSession.id, came)
    ).correlate(TrainingSession)
    wanted = (
        select(
            TrainingSession.id,
            TrainingSession.code,
            TrainingSession.version_id,
            TrainingSession.committee_id,
            Version.title,
            Version.title_en,
            Block.starts_at,
            Block.ends_at,
            EvaluationClosing.closed_at,
            sent.correlate(TrainingSession).scalar_subquery(),
            present.scalar_subquery(),
        )
        .join(Version, Version.id == TrainingSession.version_id)
        .join(Block, Block.id == last)
        .outerjoin(EvaluationClosing, EvaluationClosing.session_id == TrainingSession.id)
        .where(TrainingSession.code == code, HELD)
    )
    if viewer is not None:
        sits = TrainingSession.committee_id.in_(sorted(viewer.committees, key=str))
        wanted = wanted.where(or_(gives(viewer.user_id), sits))
    row = session.execute(wanted).first()
    return None if row is None else EvaluationView(*row)


def form_of(session: Session, version_id: UUID) -> tuple[QuestionView, ...]:
    """The form of a version, in order; none while nobody has needed it. One statement."""
    rows = session.execute(
        select(EvaluationQuestion.id, EvaluationQuestion.kind, EvaluationQuestion.text)
        .where(EvaluationQuestion.version_id == version_id)
        .order_by(EvaluationQuestion.position)
    )
    return tuple(QuestionView(row.id, Kind(row.kind), row.text) for row in rows)


def form_is_used(session: Session, version_id: UUID) -> bool:
    """Whether somebody has answered a form of this version. One statement."""
    answered = exists().where(
        EvaluationAnswers.question_id == EvaluationQuestion.id, EvaluationQuestion.version_id == version_id
    )
    return bool(session.scalar(select(answered)))


def results_of(session: Session, keyring: Keyring, found: EvaluationView, now: datetime) -> Results | None:
    """What was answered, None while it may not be read. One statement."""
    if not found.reading(now).may:
        return None
    rows = session.execute(
        select(EvaluationQuestion.text, EvaluationQuestion.kind, *EvaluationAnswers.__table__.columns)
        .join(EvaluationAnswers, EvaluationAnswers.question_id == EvaluationQuestion.id)
        .where(EvaluationAnswers.session_id == found.session_id)
        .order_by(EvaluationQuestion.position)
    ).all()
    lines = tuple(line(row.text, (row.n0, row.n1, row.n2, row.n3)) for row in rows if row.kind == Kind.SCALE)
    texts = tuple((row.text, texts_of(keyring, row.id, row.texts_sealed)) for row in rows if row.kind == Kind.TEXT)
    return Results(lines, tuple((question, said) for question, said in texts if said))


def texts_of(keyring: Keyring, row_id: UUID, sealed: bytes | None) -> tuple[str, ...]:
    """The texts of one statement, in no order."""
    said = open_text(keyring, TABLE, row_id, COLUMN, sealed)
    return tuple(json.loads(said)) if said else ()


def who_may_answer(session: Session, session_id: UUID, viewer: Viewer, marks: Sequence[bytes]) -> UUID | None:
    """The learner who came to the session and answers: by her account, or by her work e-mail. One statement."""
    mine = Learner.user_id == viewer.user_id if viewer.user_id is not None else Learner.email_mark.in_(list(marks))
    came = exists().where(Presence.registration_id == Registration.id, Presence.minutes > 0)
    return session.scalar(
        select(Registration.learner_id)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(Registration.session_id == session_id, Registration.state == "registered", mine, came)
        .order_by(Registration.queue)
        .limit(1)
    )


def has_sent(session: Session, session_id: UUID, learner_id: UUID) -> bool:
    """Whether she has answered already. One statement."""
    wanted = and_(EvaluationSent.session_id == session_id, EvaluationSent.learner_id == learner_id)
    return bool(session.scalar(select(exists().where(wanted))))


def open_for_form(session: Session, now: datetime) -> tuple[tuple[UUID, str], ...]:
    """(session, code) of the sessions whose evaluation may be open: their last block began less than a month ago."""
    rows = session.execute(
        select(TrainingSession.id, TrainingSession.code)
        .join(Block, Block.session_id == TrainingSession.id)
        .where(HELD, Block.starts_at <= now, Block.ends_at > now - timedelta(days=20))
        .group_by(TrainingSession.id, TrainingSession.code)
        .order_by(TrainingSession.code)
    )
    return tuple((row.id, row.code) for row in rows)
