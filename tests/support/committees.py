"""A committee of the demo with votes: five voting seats of five organisations and a chair who only settles ties."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.committees import services
from core.committees.models.meetings import Decision, Meeting
from core.committees.models.structure import Committee, Vote
from core.committees.rules.meetings import Presence
from core.committees.rules.votes import Choice, Method, VoteRule
from core.committees.services import calendar, decisions, documents, meetings
from core.directory.models import Organisation
from core.kernel.files import clean
from core.testing.network import Network

MEMBERS = tuple(f"bien-etre-{number}" for number in range(1, 6))
CHAIR = "bien-etre-presidence"
TWO = VoteRule(Method.N_OF_M, 2)


def committee_id(session: Session, slug: str = "bien-etre") -> UUID:
    """The committee of that slug."""
    return session.execute(select(Committee.id).where(Committee.slug == slug)).scalar_one()


def opened(network: Network, rule: VoteRule = TWO, *, hours: int = 24, **options: Any) -> UUID:
    """A vote of Bien-être opened by its chair, for so many hours."""
    now, chair = network.clock.now(), network.viewer(CHAIR)
    with network.database.transaction() as session:
        return services.open_vote(
            session,
            network.keyring,
            chair,
            committee_id(session),
            rule=rule,
            question="Adopter la proposition?",
            closes_at=now + timedelta(hours=hours),
            now=now,
            **options,
        )


def cast(network: Network, vote_id: UUID, persona: str, choice: Choice = Choice.YES, **options: Any) -> None:
    """One ballot, committed."""
    viewer = network.viewer(persona)
    with network.database.transaction() as session:
        services.cast_ballot(
            session,
            network.keyring,
            viewer,
            vote_id,
            choice=choice,
            now=network.clock.now(),
            **options,
        )


def recuse(network: Network, vote_id: UUID, persona: str, *, whole: bool = True) -> None:
    """Somebody, or her organisation, steps aside."""
    viewer = network.viewer(persona)
    with network.database.transaction() as session:
        services.recuse(
            session,
            network.keyring,
            viewer,
            vote_id,
            whole_organisation=whole,
            now=network.clock.now(),
        )


def closed(network: Network, vote_id: UUID) -> Any:
    """Close it now; the outcome."""
    with network.database.transaction() as session:
        return services.close_vote(session, network.keyring, vote_id, network.clock.now())


def code_of(network: Network, vote_id: UUID) -> str:
    """The code of a vote."""
    with network.database.transaction(write=False) as session:
        return session.execute(select(Vote.code).where(Vote.id == vote_id)).scalar_one()


def keep_records(session: Session, network: Network) -> dict[str, str]:
    """The records of Bien-être, kept by its chair: a meeting that was held, with its document, draft minutes, a
    decision and what La Chrysalide has to do after it; a meeting to come; her calendar. Parameter → its value."""
    now, keyring, chair = network.clock.now(), network.keyring, network.viewer(CHAIR)
    where = committee_id(session)
    receiver = session.execute(select(Organisation.id).where(Organisation.slug == "calacs-la-chrysalide")).scalar_one()

    def plan(starts: timedelta) -> str:
        given = meetings.MeetingInput("Rencontre", "", "", now + starts, now + starts + timedelta(hours=2))
        return meetings.plan_meeting(session, keyring, chair, where, given, now)

    held, planned = plan(timedelta(days=-1)), plan(timedelta(days=7))
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    document = documents.add_document(session, keyring, chair, held, clean("plan.png", out.getvalue()), now)
    meetings.take_attendance(session, chair, held, {receiver: meetings.Mark(Presence.PRESENT)}, now)
    version = session.execute(select(Meeting.version).where(Meeting.code == held)).scalar_one()
    meetings.write_minutes(session, keyring, chair, held, version, "Rien ne change.", now)
    decided = decisions.note_decision(session, chair, where, "Publier la trajectoire.", now.date(), now)
    asked = decisions.add_follow_up(session, keyring, chair, decided, receiver, "L’imprimer", now.date(), now)
    code = session.execute(select(Decision.code).where(Decision.id == decided)).scalar_one()
    return {
        "meeting": held,
        "planned": planned,
        "document": str(document),
        "decision": code,
        "follow_up": str(asked),
        "token": f"{calendar.new_feed(session, chair, now)}.ics",
    }
