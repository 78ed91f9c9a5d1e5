"""Following a capsule alone: saying that one watched it, its quiz, and the quiz's questions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.api import N_, DomainError, lock_row, new_id

from ..models import Learner, QuizAttempt, QuizQuestion
from ..queries.capsules import Capsule, questions_of, tried, was_tried
from ..rules.credits import NOT_ALL_ANSWERED, QUESTION_LENGTH, USED_UP, Question, score
from .crediting import credit_capsule
from .desk import Desk, note
from .people import own_learner

HAS_A_QUIZ = N_("Cette capsule se termine par un questionnaire : répondez-y pour être crédité ou créditée.")
NO_QUIZ = N_("Cette capsule n’a pas de questionnaire.")
QUIZ_TRIED = N_("Des personnes ont déjà répondu à ce questionnaire : faites une nouvelle version de la formation.")
QUIZ_WRONG = N_("Chaque question a un texte et de deux à six choix différents, un par ligne, le bon précédé de *.")
MOST_QUESTIONS = 20


class QuizRefused(DomainError):
    """An attempt or a questionnaire that is refused."""

    status = 422

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def watch_capsule(session: Session, desk: Desk, capsule: Capsule) -> bool:
    """Credit a capsule without quiz on the person's word. Raises QuizRefused when it has one."""
    if capsule.questions:
        raise QuizRefused(HAS_A_QUIZ)
    return credit_capsule(session, own_learner(session, desk), capsule.id, desk.now)


def try_quiz(session: Session, desk: Desk, capsule: Capsule, answers: Sequence[int | None]) -> tuple[int, bool]:
    """One attempt: its score in percent, and whether it passes and credits the capsule. Raises QuizRefused without
    questions, for a missing answer (no attempt is used), or once attempts are used up."""
    questions = questions_of(session, capsule.id)
    if not questions:
        raise QuizRefused(NO_QUIZ)
    given = [answer for answer in answers if answer is not None]
    if len(given) != len(questions):
        raise QuizRefused(NOT_ALL_ANSWERED)
    learner_id = own_learner(session, desk)
    # Two clicks at once are two attempts only if two are left.
    lock_row(session, select(Learner.id).where(Learner.id == learner_id))
    before = tried(session, desk.viewer.user_id, capsule.id, capsule.attempts, desk.now)
    if not before.chances.may:
        raise QuizRefused(USED_UP)
    percent = score(questions, given)
    passed = percent >= (capsule.pass_percent or 0)
    session.add(
        QuizAttempt(
            id=new_id(),
            module_id=capsule.id,
            learner_id=learner_id,
            number=before.chances.number,
            score=percent,
            passed=passed,
            at=desk.now,
        )
    )
    session.flush()
    if passed:
        credit_capsule(session, learner_id, capsule.id, desk.now)
    return percent, passed


def save_quiz(session: Session, desk: Desk, capsule: Capsule, questions: Sequence[Question]) -> None:
    """Replace a quiz's questions; none takes it away. Raises QuizRefused once somebody has tried it."""
    if was_tried(session, capsule.id):
        raise QuizRefused(QUIZ_TRIED)
    if len(questions) > MOST_QUESTIONS or any(len(one.text) > QUESTION_LENGTH for one in questions):
        raise QuizRefused(QUIZ_WRONG)
    session.execute(delete(QuizQuestion).where(QuizQuestion.module_id == capsule.id))
    if questions:
        session.execute(
            insert(QuizQuestion),
            [
                {
                    "id": new_id(),
                    "module_id": capsule.id,
                    "position": number,
                    "text": one.text,
                    "choices": list(one.choices),
                    "answer": one.answer,
                }
                for number, one in enumerate(questions, 1)
            ],
        )
    note(session, desk, "quiz_saved", str(capsule.id), desk.viewer.organisation_id, questions=len(questions))
