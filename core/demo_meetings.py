"""Invented meetings for the demo, kept through the same services as real ones: one with its record, two to come."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.committees.access import local_day
from core.committees.models.meetings import Meeting
from core.committees.models.structure import Committee, CommitteeSeat
from core.committees.rules.hours import Kind
from core.committees.rules.meetings import Presence
from core.committees.services import decisions, meetings
from core.demo_plugins import DemoSeeder
from core.kernel.clock import TORONTO
from core.kernel.crypto import Keyring

COORDINATION = "coordination-cresl"
MINUTES = (
    "1. Accueil\nL’ordre du jour est adopté.\n\n"
    "2. Trajectoire\nLe comité relève trois trous : logement d’urgence au nord, accueil le soir, transport.\n\n"
    "3. Suite\nLa prochaine rencontre porte sur la mise à jour de l’annuaire."
)
AGENDA = (("Accueil", 10), ("Trajectoire : les trous", 60), ("Suite", 20))


def seed_meetings(session: Session, keyring: Keyring, now: datetime) -> int:
    """Add the demo's meetings where there is none yet; returns how many."""
    if session.scalar(select(Meeting.id).limit(1)) is not None:
        return 0
    committees = {row.slug: row.id for row in session.execute(select(Committee.slug, Committee.id))}
    viewer = DemoSeeder(session, now, keyring).viewer(COORDINATION)
    today = now.astimezone(TORONTO).replace(hour=13, minute=30, second=0, microsecond=0)
    for slug, days, hours in (("cresl", 12, 3), ("bien-etre", 5, 1)):
        starts, length = today + timedelta(days=days), timedelta(hours=hours)
        given = meetings.MeetingInput("Rencontre ordinaire", "Salle à confirmer", "", starts, starts + length)
        meetings.plan_meeting(session, keyring, viewer, committees[slug], given, now)
    _held(session, keyring, viewer, committees["orres"], today - timedelta(days=9), now)
    return 3


def _held(
    session: Session, keyring: Keyring, viewer: Viewer, committee_id: UUID, starts: datetime, now: datetime
) -> None:
    planned = starts - timedelta(days=20)
    given = meetings.MeetingInput("Rencontre ordinaire", "En ligne", "", starts, starts + timedelta(hours=2))
    code = meetings.plan_meeting(session, keyring, viewer, committee_id, given, planned)
    agenda = [meetings.AgendaInput(title, minutes) for title, minutes in AGENDA]
    meetings.set_agenda(session, viewer, code, 1, agenda, planned)
    seats = session.scalars(select(CommitteeSeat.organisation_id).where(CommitteeSeat.committee_id == committee_id))
    marks = {organisation_id: meetings.Mark(Presence.PRESENT) for organisation_id in seats}
    after = starts + timedelta(hours=3)
    meetings.take_attendance(session, viewer, code, marks, after)
    meetings.enter_attendance_hours(session, viewer, code, Kind.MEETING, after)
    meetings.write_minutes(session, keyring, viewer, code, 3, MINUTES, after)
    decision = decisions.note_decision(
        session,
        viewer,
        committee_id,
        "Mettre à jour l’annuaire avant la fin de l’année.",
        local_day(after),
        after,
        meeting_code=code,
    )
    due = local_day(now) + timedelta(days=14)
    seeder = DemoSeeder(session, now, keyring)
    owner = seeder.organisation("calacs-la-chrysalide")
    decisions.add_follow_up(session, keyring, viewer, decision, owner, "Vérifier ses fiches de l’annuaire", due, after)
