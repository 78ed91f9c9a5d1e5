"""Reads: Core statements in, frozen values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, literal, or_, select
from sqlalchemy.orm import Session

from core.api import N_, TORONTO, CalendarEvent, PersonalData, ReportPeriod, ReportTable, StartupError, Viewer, visible

from . import rules, services
from .models import Note
from .settings import BOARD, TOO_SHORT, Settings


@dataclass(frozen=True)
class NoteView:
    """A note as pages show it. `posted_at` is aware UTC."""

    id: UUID
    text: str
    pinned: bool
    reserved: bool
    posted_at: datetime


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """SQL form of `rules.may_read`; a test proves them equal."""
    mine = false() if viewer.organisation_id is None else Note.organisation_id == viewer.organisation_id
    return or_(Note.reserved.is_(False), mine)


def postable(viewer: Viewer) -> ColumnElement[bool]:
    """SQL form of `rules.may_post`: the same for every row."""
    return literal(rules.TALKATIVE not in viewer.known)


def wrote_much(person: Any, now: datetime) -> ColumnElement[bool]:
    """Whether she wrote `NOTES_A_DAY` notes in the last 24 hours, read with her session."""
    written = select(func.count()).where(Note.author_id == person.id, Note.posted_at > now - timedelta(days=1))
    return written.scalar_subquery() >= rules.NOTES_A_DAY


def check_board(session: Session, settings: Settings) -> None:
    """Refuse a board too short for the notes pinned on it: they would push every other note out."""
    pinned = session.scalar(select(func.count()).where(Note.pinned, Note.archived_at.is_(None))) or 0
    if pinned > settings.board_size:
        raise StartupError(TOO_SHORT.format(pinned))


def pins_that_end(session: Session, user_id: UUID, now: datetime, settings: Settings) -> tuple[CalendarEvent, ...]:
    """For her who wrote them, the quarter hour in which notes stop being pinned. One statement."""
    rows = session.execute(
        select(Note.id, Note.posted_at)
        .where(Note.author_id == user_id, Note.pinned, Note.archived_at.is_(None))
        .order_by(Note.posted_at)
    )
    kept, quarter = timedelta(days=settings.pin_days), timedelta(minutes=15)
    ends = ((row, row.posted_at + kept) for row in rows)
    return tuple(CalendarEvent(row.id, at, at + quarter, 0, False, row.posted_at) for row, at in ends if at > now)


def list_notes(session: Session, viewer: Viewer, *, limit: int) -> tuple[NoteView, ...]:
    """The board for this viewer: pinned notes, then the newest."""
    statement = (
        select(Note.id, Note.text, Note.pinned, Note.reserved, Note.posted_at)
        .where(Note.archived_at.is_(None), visible(viewer, rules.READ))
        .order_by(Note.pinned.desc(), Note.posted_at.desc(), Note.id.desc())
        .limit(limit)
    )
    return tuple(NoteView(*row) for row in session.execute(statement))


def find_note(session: Session, note_id: UUID) -> tuple[NoteView, rules.NoteFacts] | None:
    """A note and what decides who reads it."""
    columns = (Note.id, Note.text, Note.pinned, Note.reserved, Note.posted_at, Note.organisation_id)
    row = session.execute(select(*columns).where(Note.id == note_id)).first()
    if row is None:
        return None
    return NoteView(*row[:5]), rules.NoteFacts(row.organisation_id, row.reserved)


def latest_for_card(session: Session, viewer: Viewer) -> Mapping[str, object]:
    """Context of the card and of the panel: three notes, one statement."""
    return {"notes": list_notes(session, viewer, limit=3), "board": BOARD}


def notes_by_month(session: Session, report: ReportPeriod) -> Sequence[ReportTable]:
    """Notes posted by month of the report, in the network's time zone."""
    start = datetime.combine(report.first_day, time(), TORONTO)
    end = datetime.combine(report.last_day + timedelta(days=1), time(), TORONTO)
    moments = session.scalars(select(Note.posted_at).where(Note.posted_at >= start, Note.posted_at < end))
    months = Counter(moment.astimezone(TORONTO).strftime("%Y-%m") for moment in moments)
    rows = tuple(sorted(months.items()))
    return (ReportTable("by_month", N_("Notes par mois"), (N_("Mois"), N_("Notes")), rows),)


def notes_written_by(session: Session, reference: str) -> Sequence[PersonalData]:
    """Authorship, the only personal data here: who wrote which note. A referral's code has none."""
    kind, _, identifier = reference.partition(":")
    if kind != "user":
        return ()
    author = UUID(identifier)
    statement = select(Note.posted_at, Note.text).where(Note.author_id == author).order_by(Note.posted_at)
    notes = [{"posted_at": posted_at.isoformat(), "text": text} for posted_at, text in session.execute(statement)]
    if not notes:
        return ()
    erase = services.forgetting(author)
    return (PersonalData("modele.notes", N_("Notes écrites au babillard"), {"notes": notes}, erase),)
