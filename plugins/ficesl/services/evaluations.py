"""Answering an evaluation, closing it, and its form. Answers become counts and shuffled texts, never rows."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from core.api import N_, DomainError, Keyring, Stale, emit, lock_row, new_id, seal_text

from ..attendance_events import EVALUATED
from ..models import (
    Block,
    EvaluationAnswers,
    EvaluationClosing,
    EvaluationQuestion,
    EvaluationSent,
    TrainingSession,
    Version,
)
from ..queries.evaluations import (
    COLUMN,
    TABLE,
    EvaluationView,
    QuestionView,
    form_is_used,
    form_of,
    has_sent,
    texts_of,
)
from ..rules import checkin
from ..rules.evaluations import (
    ALREADY,
    CLOSED,
    DEFAULT_FORM,
    NOT_OPEN,
    NOTHING,
    QUESTION_LENGTH,
    SCALE,
    TEXT_LENGTH,
    Kind,
    Standing,
)
from .desk import Desk, note

FORM_USED = N_("Des personnes ont déjà répondu à ce formulaire : faites une nouvelle version de la formation.")
FORM_EMPTY = N_("Écrivez au moins un énoncé.")
FORM_LONG = N_("Un énoncé a 160 caractères au plus, et un formulaire douze énoncés.")
MOST_QUESTIONS = 12


class NotTaken(DomainError):
    """An answer or a form that is refused."""

    status = 422

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def evaluation_secret(keyring: Keyring, session_id: UUID) -> bytes:
    """What the code of a session's evaluation is made with."""
    return keyring.pseudonym("ficesl.evaluation", session_id.bytes)


def evaluation_code(keyring: Keyring, session_id: UUID, now: datetime) -> str:
    """The six digits to show now; they last an hour, and are taken for one more."""
    step = checkin.step_at(now, checkin.FORM_SECONDS)
    return checkin.code_at(evaluation_secret(keyring, session_id), step)


def form_shown(session: Session, version_id: UUID) -> tuple[QuestionView, ...]:
    """The form of a version, or the network's own, whose statements keep their identifiers when it is first written."""
    return form_of(session, version_id) or tuple(
        QuestionView(_own_id(version_id, number), kind, text) for number, (kind, text) in enumerate(DEFAULT_FORM, 1)
    )


def ensure_form(session: Session, version_id: UUID) -> tuple[QuestionView, ...]:
    """The same, written: the first answers wait for each other."""
    lock_row(session, select(Version.id).where(Version.id == version_id))
    if not form_of(session, version_id):
        _write_form(session, version_id, DEFAULT_FORM, own=True)
    return form_of(session, version_id)


def save_form(session: Session, desk: Desk, version_id: UUID, scale: Sequence[str], texts: Sequence[str]) -> None:
    """Replace a version's form. Raises NotTaken once somebody has answered it, or for an empty or too long one."""
    if form_is_used(session, version_id):
        raise NotTaken(FORM_USED)
    lines = [(Kind.SCALE, " ".join(one.split())) for one in scale] + [
        (Kind.TEXT, " ".join(one.split())) for one in texts
    ]
    lines = [one for one in lines if one[1]]
    if not any(kind is Kind.SCALE for kind, _ in lines):
        raise NotTaken(FORM_EMPTY, "scale")
    if len(lines) > MOST_QUESTIONS or any(len(text) > QUESTION_LENGTH for _, text in lines):
        raise NotTaken(FORM_LONG, "scale")
    session.execute(delete(EvaluationQuestion).where(EvaluationQuestion.version_id == version_id))
    _write_form(session, version_id, lines)
    note(session, desk, "evaluation_form", str(version_id), desk.viewer.organisation_id, questions=len(lines))


def send_answers(
    session: Session,
    keyring: Keyring,
    found: EvaluationView,
    learner_id: UUID,
    answers: Mapping[UUID, int],
    texts: Mapping[UUID, str],
    now: datetime,
) -> None:
    """Add one person's answers to the counts, and note that she has answered. Raises NotTaken the second time, before
    it opens, once it is closed, or for nothing at all.

    `answers`: statement -> step of the scale, from 0. Nobody's name, time or order is kept beside them.
    """
    # Answers of one session wait for each other: the texts are read, shuffled and written together.
    lock_row(session, select(TrainingSession.id).where(TrainingSession.id == found.session_id))
    state = found.standing(now)
    if state is not Standing.OPEN or _closed(session, found.session_id):
        raise NotTaken(NOT_OPEN if state is Standing.BEFORE else CLOSED)
    if has_sent(session, found.session_id, learner_id):
        raise NotTaken(ALREADY)
    form = {question.id: question for question in ensure_form(session, found.version_id)}
    steps = {
        one: step
        for one, step in answers.items()
        if one in form and form[one].kind is Kind.SCALE and 0 <= step < len(SCALE)
    }
    said = {
        one: " ".join(text.split())[:TEXT_LENGTH]
        for one, text in texts.items()
        if one in form and form[one].kind is Kind.TEXT and text.strip()
    }
    if not steps:
        raise NotTaken(NOTHING)
    rows = _rows(session, found.session_id, list(form))
    # Every row of the session is written, answered or not: what a database remembers of a write tells nothing more.
    for question_id, (row_id, sealed) in rows.items():
        values: dict[str, Any] = {f"n{step}": getattr(EvaluationAnswers, f"n{step}") for step in range(len(SCALE))}
        if question_id in steps:
            values[f"n{steps[question_id]}"] += 1
        kept = [*texts_of(keyring, row_id, sealed), *([said[question_id]] if question_id in said else [])]
        if kept:
            secrets.SystemRandom().shuffle(kept)
            values[COLUMN] = seal_text(keyring, TABLE, row_id, COLUMN, json.dumps(kept, ensure_ascii=False))
        session.execute(
            update(EvaluationAnswers).where(EvaluationAnswers.id == row_id).values(values),
            execution_options={"synchronize_session": False},
        )
    session.execute(insert(EvaluationSent).values(id=uuid4(), session_id=found.session_id, learner_id=learner_id))


def close_evaluation(session: Session, desk: Desk, found: EvaluationView) -> None:
    """Close it before its time, for good: results are shown once, and no answer is taken after them."""
    lock_row(session, select(TrainingSession.id).where(TrainingSession.id == found.session_id))
    if found.standing(desk.now) is not Standing.OPEN or _closed(session, found.session_id):
        raise Stale
    session.add(
        EvaluationClosing(id=new_id(), session_id=found.session_id, closed_at=desk.now, closed_by=desk.viewer.user_id)
    )
    session.flush()
    emit(session, EVALUATED, found.code, topics=(f"committee:{found.committee_id}",), now=desk.now)


def erase_texts_before(session: Session, before: datetime) -> int:
    """Retention: open texts of the sessions that were over before that moment; counts stay."""
    recent = exists().where(Block.session_id == EvaluationAnswers.session_id, Block.ends_at >= before)
    gone = session.scalars(
        select(EvaluationAnswers.id).where(EvaluationAnswers.texts_sealed.is_not(None), ~recent)
    ).all()
    if gone:
        session.execute(
            update(EvaluationAnswers).where(EvaluationAnswers.id.in_(gone)).values(texts_sealed=None),
            execution_options={"synchronize_session": False},
        )
    return len(gone)


def _own_id(version_id: UUID, number: int) -> UUID:
    return uuid5(version_id, f"ficesl.evaluation.{number}")


def _write_form(session: Session, version_id: UUID, lines: Sequence[tuple[Kind, str]], *, own: bool = False) -> None:
    session.execute(
        insert(EvaluationQuestion),
        [
            {
                "id": _own_id(version_id, number) if own else new_id(),
                "version_id": version_id,
                "position": number,
                "kind": kind.value,
                "text": text,
            }
            for number, (kind, text) in enumerate(lines, 1)
        ],
    )


def _rows(session: Session, session_id: UUID, questions: Sequence[UUID]) -> dict[UUID, tuple[UUID, bytes | None]]:
    """The row of each statement, all made at the first answer."""
    wanted = select(EvaluationAnswers.question_id, EvaluationAnswers.id, EvaluationAnswers.texts_sealed).where(
        EvaluationAnswers.session_id == session_id
    )
    there = {row.question_id: (row.id, row.texts_sealed) for row in session.execute(wanted)}
    missing = [question_id for question_id in questions if question_id not in there]
    if missing:
        empty = {"session_id": session_id, "n0": 0, "n1": 0, "n2": 0, "n3": 0}
        made = [{"id": uuid4(), "question_id": question_id, **empty} for question_id in missing]
        session.execute(insert(EvaluationAnswers), made)
        there |= {row["question_id"]: (row["id"], None) for row in made}
    return there


def _closed(session: Session, session_id: UUID) -> bool:
    return bool(session.scalar(select(exists().where(EvaluationClosing.session_id == session_id))))
