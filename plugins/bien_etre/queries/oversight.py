"""Figures of requests for the yearly report, and what is held about a person who works with the fund."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import N_, PersonalData, ReportPeriod, ReportTable

from ..models import AidRequest, Dismissed, Question, Signature
from ..rules.figures import LEAST, WHYS, hours
from ..rules.requests import CATEGORIES, LAFU, STATES
from ..services.keeping import forgetting
from . import figures

REQUESTS = N_("Demandes")
#: A refusal whose reason nobody has coded.
UNCODED = N_("Raison non inscrite")


def tables(session: Session, report: ReportPeriod) -> Sequence[ReportTable]:
    """Requests of the period by category, outcome, LAFU and reason of refusal, and how long they took.

    The core hides small counts. Hours are only said of a whole year and of five requests at least: no count hides them.
    """
    found = figures.of_days(session, report.first_day, report.last_day)
    whys = {**{one.value: label for one, label in WHYS.items()}, figures.UNCODED: UNCODED}
    return (
        _counted("by_category", N_("Demandes au fonds par catégorie"), N_("Catégorie"), CATEGORIES, found.categories),
        _counted("by_outcome", N_("Demandes au fonds par issue"), N_("Issue"), STATES, found.states),
        _counted("by_lafu", N_("Demandes au fonds selon LAFU"), N_("LAFU"), LAFU, found.lafu),
        _counted("by_reason", N_("Demandes non acceptées, par raison"), N_("Raison"), whys, found.refusals),
        ReportTable(
            "delays",
            N_("Heures, de la demande à la décision et au premier versement"),
            (N_("Étape"), REQUESTS, N_("Médiane"), N_("90e centile")),
            tuple(
                (label, one.count, *(_hours(report, one, seconds) for seconds in (one.median, one.ninetieth)))
                for label, one in ((N_("Décision"), found.decided), (N_("Premier versement"), found.paid))
                if one.count
            ),
            frozenset({REQUESTS}),
        ),
    )


def _counted(key: str, caption: str, head: str, words: Mapping[Any, str], counts: Mapping[str, int]) -> ReportTable:
    rows = tuple((label, counts[code]) for code, label in words.items() if counts.get(code))
    return ReportTable(key, caption, (head, REQUESTS), rows, frozenset({REQUESTS}))


def _hours(report: ReportPeriod, delay: figures.Delay, seconds: int | None) -> int | None:
    return hours(seconds) if report.kind == "year" and delay.count >= LEAST else None


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
