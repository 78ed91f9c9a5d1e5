"""What attendance, evaluations and published figures give to the core's hooks; `plugin.py` joins it to the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Card,
    EventSpec,
    Job,
    PersonalData,
    ReportPeriod,
    ReportSection,
    RetentionRule,
    Route,
    Seeder,
    Viewer,
)

from . import attendance_events as events
from . import seed_attendance
from .access import READ
from .pages import capsules, checkin, evaluations, presences, published, trainer_hours
from .pages.attendance_words import MY_HOURS
from .queries import about_attendance, training_report
from .queries.attendance import proposed_hours, sheets_to_fill
from .services.attendance import settle_blocks
from .services.evaluations import erase_texts_before
from .settings import Settings

ROUTES: tuple[Route, ...] = (
    *presences.routes,
    *checkin.routes,
    *evaluations.routes,
    *capsules.routes,
    *trainer_hours.routes,
    *published.routes,
)
EVENTS: tuple[EventSpec, ...] = (
    EventSpec(events.PRESENCE, N_("Une présence est notée")),
    EventSpec(events.CREDITED, N_("Des minutes de formation sont créditées")),
    EventSpec(events.TAKEN_BACK, N_("Des minutes de formation sont retirées par une correction")),
    EventSpec(events.EVALUATED, N_("Une évaluation est fermée")),
)


def jobs(settings: Settings) -> Sequence[Job]:
    """Periodic work."""
    return (Job("ficesl.settle_blocks", timedelta(minutes=5), settle_blocks),)


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """What goes, and when."""
    texts = timedelta(days=settings.texts_days)
    return (RetentionRule("ficesl.evaluation_texts", N_("Textes des évaluations"), texts, erase_texts_before),)


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """Sheets to fill and hours to confirm, for who gives a session; nothing is shown to the others."""
    if viewer.user_id is None or not viewer.committees:
        return ()
    context = partial(_card, viewer=viewer, now=now)
    title = N_("Présences et heures d’animation")
    return (Card("attendance", title, "ficesl/card_attendance.html", permission=READ, context=context),)


def sections_for(report: ReportPeriod, viewer: Viewer, now: datetime) -> Sequence[ReportSection]:
    """Sections of the yearly report."""
    figures = partial(training_report.tables, report=report, now=now)
    section = ReportSection("training", N_("Formations"), "ficesl/attendance_report.html", READ, tables=figures)
    return (section,)


def personal_data(reference: str, session: Session) -> Sequence[PersonalData]:
    """What is held about a person."""
    return about_attendance.about_person(session, reference)


def seed(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Invented data for the demo."""
    seed_attendance.seed_past_session(session, seeder, settings)
    seed_attendance.seed_today(session, seeder, settings)


def _card(session: Session, *, viewer: Viewer, now: datetime) -> Mapping[str, object] | None:
    """Two statements; nothing when neither a sheet nor hours wait for her."""
    if viewer.user_id is None:
        return None
    sheets, hours = sheets_to_fill(session, viewer.user_id, now), proposed_hours(session, viewer.user_id, now)
    return {"sheets": sheets, "hours": hours, "my_hours": MY_HOURS} if sheets or hours else None
