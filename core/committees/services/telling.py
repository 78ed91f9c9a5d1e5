"""Telling what happens in a committee: an event with a code, a line of journal in codes, the constant e-mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, permissions_of
from core.access.viewer import Role, Viewer
from core.accounts.models import User
from core.accounts.services import read_personal
from core.committees.services.loading import Loaded
from core.journal import record
from core.kernel.crypto import Keyring
from core.kernel.db import prepared
from core.kernel.events import emit
from core.kernel.mail import MailSeal, send_later

SEAT_CHANGED = "committee.seat_changed"
VOTE_OPENED = "committee.vote_opened"
BALLOT_CAST = "committee.ballot_cast"
RECUSED = "committee.recused"
CALLED = "committee.alternate_called"
NAMED = "committee.alternate_named"
REMINDER = "committee.vote_reminder"
VOTE_ESCALATED = "committee.vote_escalated"
EXTENDED = "committee.vote_extended"
VOTE_CLOSED = "committee.vote_closed"
ON_AGENDA = "committee.vote_agenda"
HANDS_NOTED = "committee.hands_noted"
HANDS_CONFIRMED = "committee.hands_confirmed"


def tell(session: Session, loaded: Loaded, kind: str, now: datetime, *, also: Iterable[str] = ()) -> None:
    """The event of a vote: those who sit in its committee, people named for it, the network's coordination."""
    named = (f"user:{one}" for one in loaded.alternates)
    topics = {f"committee:{loaded.row.committee_id}", "network", *named, *also}
    emit(session, kind, loaded.row.code, topics=topics, now=now)


def tell_committee(session: Session, committee_id: UUID, slug: str, kind: str, now: datetime) -> None:
    """The event of a committee itself."""
    emit(session, kind, slug, topics=(f"committee:{committee_id}", "network"), now=now)


def note(
    session: Session,
    viewer: Viewer,
    action: str,
    subject: str,
    now: datetime,
    *,
    holder: UUID | None = None,
    **facts: object,
) -> None:
    """One line of journal, in the chain of the organisation `holder`, else of the network. Codes only."""
    record(
        session,
        case_id=None,
        organisation_id=holder,
        actor=viewer,
        action=action,
        subject=subject,
        facts=facts,
        now=now,
    )


def mail_to(session: Session, keyring: Keyring, people: Iterable[UUID | None], now: datetime) -> int:
    """*Une nouveauté vous attend*, to each active person once; returns how many. One statement and one per message."""
    wanted = sorted({one for one in people if one is not None}, key=str)
    if not wanted:
        return 0
    rows = session.execute(*_active(wanted)).all()
    for row in rows:
        address = read_personal(keyring, row.id, "email_sealed", row.email_sealed)
        send_later(session, address, "news", row.locale, now, seal=MailSeal(keyring))
    return len(rows)


@prepared
def _active(people: list[UUID]) -> Select[UUID, bytes, str]:
    return select(User.id, User.email_sealed, User.locale).where(User.id.in_(people), User.status == "active")


def people_with(session: Session, permission: str, organisations: Iterable[UUID] | None = None) -> list[UUID]:
    """Active people who hold a permission, in some organisations or in all."""
    statement = select(User.id, User.roles).where(User.status == "active")
    if organisations is not None:
        statement = statement.where(User.organisation_id.in_(sorted(organisations, key=str)))
    rows = session.execute(statement.order_by(User.id))
    return [row.id for row in rows if permission in permissions_of(Role(role) for role in row.roles)]


def who_decides(session: Session, loaded: Loaded) -> list[UUID]:
    """Who takes up a vote without quorum: its chair, else its vice-chair, else the network's coordination."""
    if loaded.chair is not None and loaded.chair.person is not None:
        return [loaded.chair.person]
    return people_with(session, Permission.COMMITTEE_MANAGE)
