"""Evaluations: answered once, read once, and nothing in the database that joins an answer to a person."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.api import Stale, dialect_name
from core.testing.network import Network

from ..models import EvaluationAnswers, EvaluationSent
from ..queries.evaluations import EvaluationView, find_evaluation, results_of, texts_of, who_may_answer
from ..rules.attendance import Mark
from ..rules.evaluations import ALREADY, CLOSED, NOTHING, STILL_OPEN, TOO_FEW, Kind
from ..services import evaluations as service
from ..services.attendance import SheetMark
from ..services.evaluations import NotTaken
from . import training
from .test_attendance import SQLITE, Held

WORDS = [f"Texte fictif numéro {number}" for number in range(7)]


def evaluation(held: Held, session: Any) -> EvaluationView:
    found = find_evaluation(session, held.code)
    assert found is not None
    return found


def attend(held: Held) -> None:
    with held.network.database.transaction() as session:
        held.note(session, *(SheetMark(one, Mark(True), f"k{n}") for n, one in enumerate(held.learners)))


def answer(held: Held, session: Any, learner_id: UUID, step: int, words: str = "", **at: Any) -> None:
    found = evaluation(held, session)
    form = service.ensure_form(session, found.version_id)
    steps = {one.id: step for one in form if one.kind is Kind.SCALE}
    texts = {one.id: words for one in form if one.kind is Kind.TEXT}
    now = at.get("now") or held.network.clock.now()
    service.send_answers(session, held.network.keyring, found, learner_id, steps, texts, now)


def snapshot(session: Any) -> dict[str, list[tuple[Any, ...]]]:
    """All that an engine keeps of the two tables: columns, and what it remembers of rows beside them."""
    hidden = "ctid::text, xmin::text, xmax::text" if dialect_name(session) == "postgresql" else "rowid"
    return {
        table: [tuple(row) for row in session.execute(text(f"SELECT {hidden}, t.* FROM {table} t"))]
        for table in ("ficesl_evaluation_answers", "ficesl_evaluation_sent")
    }


def test_nothing_joins_an_answer_to_a_person(network: Network) -> None:
    """Seven people answer, each differently. Whoever holds the database, its row numbers, identifiers and transaction
    numbers included, and even the master key, counts answers and cannot tell whose they are."""
    held = Held(network, people=7)
    attend(held)
    kept: list[list[str]] = []
    for number, learner_id in enumerate(held.learners):
        with network.database.transaction() as session:
            answer(held, session, learner_id, number % 4, WORDS[number])
    with network.database.transaction(write=False) as session:
        found = snapshot(session)
        answers = session.scalars(select(EvaluationAnswers)).all()
        form = service.form_of(session, evaluation(held, session).version_id)
        sent = session.scalars(select(EvaluationSent.id)).all()
        for row in answers:
            if row.texts_sealed is not None:
                kept.append(list(texts_of(network.keyring, row.id, row.texts_sealed)))
    # One row per statement, however many people: there is no row of an answer.
    assert len(answers) == len(form) == 5
    assert [(row.n0, row.n1, row.n2, row.n3) for row in answers if row.n0] == [(2, 2, 2, 1)] * 4
    # No column of either table leads from one to the other but the session.
    columns = [{column.name for column in model.__table__.columns} for model in (EvaluationAnswers, EvaluationSent)]
    assert columns[0] & columns[1] == {"id", "session_id"}
    assert columns[1] == {"id", "session_id", "learner_id"}
    assert {row.id for row in answers} & set(sent) == set()
    # Identifiers are random: none of them is made of time.
    assert {identifier.version for identifier in (*sent, *(row.id for row in answers))} == {4}
    # What the engine remembers of the last write is the same for every statement: it tells nothing of one of them.
    if network.database.dialect == "postgresql":
        assert len({row[1] for row in found["ficesl_evaluation_answers"]}) == 1
    assert len(found["ficesl_evaluation_sent"]) == 7
    # Texts lie together, shuffled: not in the order in which people answered.
    assert [sorted(texts) for texts in kept] == [sorted(WORDS)]
    assert all(word not in repr(found) for word in WORDS)


@SQLITE
def test_texts_are_shuffled_at_each_answer(network: Network) -> None:
    """The order of arrival survives seven shuffles once in some five thousand: three forms of it in a row never do."""
    held = Held(network, people=7)
    attend(held)
    orders: list[list[str]] = []
    with network.database.transaction() as session:
        for number, learner_id in enumerate(held.learners):
            answer(held, session, learner_id, 1, WORDS[number])
            rows = session.execute(select(EvaluationAnswers.id, EvaluationAnswers.texts_sealed)).all()
            orders.append(
                next(list(texts_of(network.keyring, row.id, row.texts_sealed)) for row in rows if row.texts_sealed)
            )
    kept = [[word for word in after if word in before] == before for before, after in pairwise(orders)]
    assert not all(kept)
    assert len(json.dumps(orders[-1])) > len(WORDS)


@SQLITE
def test_results_are_shown_once_and_never_between_two_answers(network: Network) -> None:
    held = Held(network, people=6)
    attend(held)
    trainer, keyring = training.desk(network), network.keyring
    first = held.learners[0]
    with network.database.transaction() as session:
        assert who_may_answer(session, held.session_id, network.viewer("police-repentigny"), ()) is None
        found = evaluation(held, session)
        with pytest.raises(NotTaken) as refused:
            service.send_answers(session, keyring, found, first, {}, {}, trainer.now)
        assert refused.value.message == NOTHING
        for number, learner_id in enumerate(held.learners):
            answer(held, session, learner_id, 3)
            seen = evaluation(held, session)
            assert seen.sent == number + 1
            assert (seen.reading(trainer.now).may, seen.reading(trainer.now).why) == (False, STILL_OPEN)
            assert results_of(session, keyring, seen, trainer.now) is None
        with pytest.raises(NotTaken) as refused:
            answer(held, session, first, 0)
        assert refused.value.message == ALREADY
        for wrong in (["Un énoncé"], []):
            with pytest.raises(NotTaken) as refused:
                service.save_form(session, trainer, found.version_id, wrong, [])
            assert refused.value.message == service.FORM_USED
        service.close_evaluation(session, trainer, evaluation(held, session))
        closed = evaluation(held, session)
        results = results_of(session, keyring, closed, trainer.now)
        assert results is not None
        assert [(line.answers, line.shares) for line in results.lines] == [(6, (0, 0, 0, 100))] * 4
        with pytest.raises(Stale):
            service.close_evaluation(session, trainer, closed)
        with pytest.raises(NotTaken) as refused:
            answer(held, session, held.learners[1], 0)
        assert refused.value.message == CLOSED
        later = trainer.now + timedelta(days=400)
        assert service.erase_texts_before(session, later - timedelta(days=365)) == 0  # nobody wrote


@SQLITE
def test_four_answers_are_never_shown_and_texts_end(network: Network) -> None:
    held = Held(network, people=4)
    attend(held)
    with network.database.transaction() as session:
        found = evaluation(held, session)
        service.save_form(session, training.desk(network), found.version_id, ["Énoncé", " "], ["À ajouter"])
        assert [(one.kind, one.text) for one in service.form_of(session, found.version_id)] == [
            (Kind.SCALE, "Énoncé"),
            (Kind.TEXT, "À ajouter"),
        ]
        for scale, texts in (([], ["Question"]), (["x" * 161], []), (["x"] * 13, [])):
            with pytest.raises(NotTaken):
                service.save_form(session, training.desk(network), found.version_id, scale, texts)
        for learner_id in held.learners:
            answer(held, session, learner_id, 2, "Un texte")
        over = found.closes_at
        with pytest.raises(NotTaken):
            answer(held, session, held.learners[0], 2, now=over)
        closed = evaluation(held, session)
        assert closed.reading(over).why == TOO_FEW
        assert results_of(session, network.keyring, closed, over) is None
        assert service.erase_texts_before(session, over) == 1
        assert session.scalars(select(EvaluationAnswers.texts_sealed)).all() == [None, None]
