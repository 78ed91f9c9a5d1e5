"""Reading the journal back: who did what, for a holder's privacy officer and for the woman on request."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.journal.models import JournalEntry
from core.journal.models.lines import chain_of, moment
from core.journal.rules import Fact


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry, as recorded. Names are for the page to add: the journal only knows identifiers."""

    position: int
    at: datetime
    case_id: UUID | None
    organisation_id: UUID | None
    actor_user_id: UUID | None
    actor_organisation_id: UUID | None
    actor_roles: tuple[str, ...]
    action: str
    subject: str
    facts: dict[str, Fact]


def access_history(session: Session, case_id: UUID) -> tuple[JournalLine, ...]:
    """Every entry of a case, oldest first.

    Who may ask is the caller's rule: the holder's privacy officer and the person, never an outside sender.
    """
    chain = chain_of(case_id, None)
    return _lines(session, select(JournalEntry.line).where(JournalEntry.chain == chain).order_by(JournalEntry.position))


def organisation_history(
    session: Session, organisation_id: UUID, *, limit: int = 200, before: str | None = None
) -> tuple[JournalLine, ...]:
    """The latest entries about what an organisation holds, newest first. `before` continues from an earlier moment."""
    statement = (
        select(JournalEntry.line)
        .where(JournalEntry.organisation == str(organisation_id))
        .order_by(JournalEntry.at.desc(), JournalEntry.chain, JournalEntry.position.desc())
        .limit(limit)
    )
    return _lines(session, statement if before is None else statement.where(JournalEntry.at < before))


def has_done(
    session: Session, organisation_id: UUID, user_id: UUID | None, action: str, subject: str, since: datetime
) -> bool:
    """Whether this person did this to that since then, in what an organisation does outside of any case."""
    chain = chain_of(None, organisation_id)
    found = select(JournalEntry.line).where(JournalEntry.chain == chain, JournalEntry.at >= moment(since))
    return any(
        (line.actor_user_id, line.action, line.subject) == (user_id, action, subject) for line in _lines(session, found)
    )


def _lines(session: Session, statement: Select[str]) -> tuple[JournalLine, ...]:
    return tuple(_line(text) for text in session.scalars(statement))


def _line(text: str) -> JournalLine:
    entry = json.loads(text)
    kind, _, identifier = entry["chain"].partition(":")
    actor = entry["actor"]
    return JournalLine(
        position=entry["position"],
        at=datetime.fromisoformat(entry["at"]),
        case_id=UUID(identifier) if kind == "case" else None,
        organisation_id=_identifier(entry["organisation"]),
        actor_user_id=_identifier(actor["user"]),
        actor_organisation_id=_identifier(actor["organisation"]),
        actor_roles=tuple(actor["roles"]),
        action=entry["action"],
        subject=entry["subject"],
        facts=entry["facts"],
    )


def _identifier(text: str) -> UUID | None:
    return UUID(text) if text else None
