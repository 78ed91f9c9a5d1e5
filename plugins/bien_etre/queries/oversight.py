"""Figures of requests for the yearly report, and what is held about a person who works with the fund."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import N_, TORONTO, PersonalData, ReportPeriod, ReportTable

from ..models import AidRequest, Dismissed, Question, Signature
from ..rules.figures import percentile
from ..rules.requests import CATEGORIES, LAFU, STATES, Category, Lafu, State
from ..services.keeping import forgetting

REQUESTS = N_("Demandes")


def tables(session: Session, report: ReportPeriod) -> Sequence[ReportTable]:
    """Requests of the period by category, state and LAFU, and hours to a decision. The core hides small counts."""
    start = datetime.combine(report.first_day, time(), TORONTO)
    end = datetime.combine(report.last_day + timedelta(days=1), time(), TORONTO)
    rows = session.execute(
        select(
            AidRequest.category, AidRequest.state, AidRequest.lafu, AidRequest.created_at, AidRequest.decided_at
        ).where(AidRequest.created_at >= start, AidRequest.created_at < end)
    ).all()
    counted = frozenset({REQUESTS})
    hours = [
        (row.decided_at - row.created_at).total_seconds() / 3600
        for row in rows
        if row.decided_at is not None and row.state != State.WITHDRAWN
    ]
    categories, states, lafu = (Counter(row[index] for row in rows) for index in range(3))
    return (
        ReportTable(
            "by_category",
            N_("Demandes au fonds par catégorie"),
            (N_("Catégorie"), REQUESTS),
            tuple((CATEGORIES[one], categories[one.value]) for one in Category if categories[one.value]),
            counted,
        ),
        ReportTable(
            "by_outcome",
            N_("Demandes au fonds par issue"),
            (N_("Issue"), REQUESTS),
            tuple((STATES[one], states[one.value]) for one in State if states[one.value]),
            counted,
        ),
        ReportTable(
            "by_lafu",
            N_("Demandes au fonds selon LAFU"),
            (N_("LAFU"), REQUESTS),
            tuple((LAFU[one], lafu[one.value]) for one in Lafu if lafu[one.value]),
            counted,
        ),
        ReportTable(
            "delays",
            N_("Heures de la demande à la décision"),
            (N_("Mesure"), N_("Heures"), N_("Demandes décidées")),
            tuple(
                (label, None if value is None else round(value), len(hours))
                for label, value in ((N_("Médiane"), percentile(hours, 50)), (N_("90e centile"), percentile(hours, 90)))
            ),
            frozenset({N_("Heures"), N_("Demandes décidées")}),
        ),
    )


def about_person(session: Session, reference: str) -> Sequence[PersonalData]:
    """What an account did: requests made, questions, answers, signatures. A referral's code leads to nothing here:
    the link is one way."""
    kind, _, identifier = reference.partition(":")
    if kind != "user":
        return ()
    user_id = UUID(identifier)
    acts: list[dict[str, str]] = []
    for said, column, at, model in (
        ("request", AidRequest.author_id, AidRequest.created_at, AidRequest.code),
        ("question", Question.asked_by, Question.asked_at, AidRequest.code),
        ("answer", Question.answered_by, Question.answered_at, AidRequest.code),
        ("signature", Signature.user_id, Signature.signed_at, AidRequest.code),
        ("not_a_person", Dismissed.user_id, Dismissed.at, AidRequest.code),
    ):
        statement = select(model, at).where(column == user_id).order_by(at)
        if said in ("question", "answer"):
            statement = statement.join(Question, Question.request_id == AidRequest.id)
        elif said == "signature":
            statement = statement.join(Signature, Signature.request_id == AidRequest.id)
        elif said == "not_a_person":
            statement = statement.join(Dismissed, Dismissed.request_id == AidRequest.id)
        for code, moment in session.execute(statement.where(at.is_not(None))):
            acts.append({"act": said, "request": code, "at": f"{moment:%Y-%m-%dT%H:%M:%S%z}"})
    if not acts:
        return ()
    return (PersonalData("bien_etre.acts", N_("Gestes posés au fonds d’urgence"), {"acts": acts}, forgetting(user_id)),)
