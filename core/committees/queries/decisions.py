"""Reads of the decisions register and of what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access.registry import can
from core.access.viewer import Viewer
from core.committees.access import READ, CommitteeFacts
from core.committees.models.meetings import Decision, FollowUp, Meeting
from core.committees.models.structure import Committee, Vote
from core.committees.rules.votes import Result
from core.directory.models import Organisation

_LATER = Decision.__table__.alias("later")


@dataclass(frozen=True)
class FollowUpLine:
    """What an organisation has to do by a day."""

    id: UUID
    organisation_id: UUID
    organisation: str
    what: str
    due_on: date
    done_at: datetime | None


@dataclass(frozen=True)
class DecisionLine:
    """One line of the register; `replaced_by` is the code of the decision that took its place. A line that a vote left:
    the vote's code, what it decided, and its plugin's page if it has one."""

    id: UUID
    code: str
    text: str
    decided_on: date
    meeting_code: str | None
    replaced_by: str | None
    follow_ups: tuple[FollowUpLine, ...]
    vote_code: str | None = None
    vote_result: Result | None = None
    vote_page: str = ""


def decisions_of(
    session: Session,
    viewer: Viewer,
    committee_id: UUID,
    *,
    meeting_id: UUID | None = None,
    limit: int = 50,
    offset: int = 0,
    follow_ups: bool = True,
) -> tuple[tuple[DecisionLine, ...], int]:
    """A page of the register, latest first, and how many lines it has; of one meeting when `meeting_id` is given.

    Two statements, one without `follow_ups`.
    """
    if not can(viewer, READ, CommitteeFacts(committee_id)).allowed:
        return (), 0
    where = Decision.committee_id == committee_id
    if meeting_id is not None:
        where &= Decision.meeting_id == meeting_id
    rows = session.execute(
        select(
            Decision.id,
            Decision.code,
            Decision.text,
            Decision.decided_on,
            Meeting.code.label("meeting_code"),
            _LATER.c.code.label("later_code"),
            Vote.code.label("vote_code"),
            Vote.result.label("vote_result"),
            Vote.page.label("vote_page"),
            func.count().over().label("total"),
        )
        .outerjoin(Meeting, Meeting.id == Decision.meeting_id)
        .outerjoin(_LATER, _LATER.c.id == Decision.replaced_by)
        .outerjoin(Vote, Vote.id == Decision.vote_id)
        .where(where)
        .order_by(Decision.decided_on.desc(), Decision.id.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    asked = _follow_ups(session, [row.id for row in rows]) if follow_ups else {}
    lines = tuple(
        DecisionLine(
            row.id,
            row.code,
            row.text,
            row.decided_on,
            row.meeting_code,
            row.later_code,
            tuple(asked.get(row.id, ())),
            row.vote_code,
            None if row.vote_result is None else Result(row.vote_result),
            row.vote_page or "",
        )
        for row in rows
    )
    return lines, rows[0].total if rows else 0


def decision_of(session: Session, viewer: Viewer, committee_id: UUID, code: str) -> DecisionLine | None:
    """One line of this committee's register by its code, None when there is none that this person may read."""
    row = session.execute(
        select(Decision.id, Decision.text, Decision.decided_on).where(
            Decision.code == code, Decision.committee_id == committee_id
        )
    ).first()
    if row is None or not can(viewer, READ, CommitteeFacts(committee_id)).allowed:
        return None
    return DecisionLine(row.id, code, row.text, row.decided_on, None, None, ())


def recent_meetings(session: Session, committee_id: UUID, now: datetime) -> tuple[tuple[str, datetime], ...]:
    """Codes and beginnings (aware UTC) of the meetings of which a decision may be, latest first. One statement."""
    rows = session.execute(
        select(Meeting.code, Meeting.starts_at)
        .where(Meeting.committee_id == committee_id, Meeting.starts_at <= now, Meeting.state != "cancelled")
        .order_by(Meeting.starts_at.desc())
        .limit(12)
    )
    return tuple((row.code, row.starts_at) for row in rows)


@dataclass(frozen=True)
class OwnFollowUp:
    """What the viewer's organisation has to do, and for which committee; nothing else of the decision."""

    id: UUID
    committee: str
    what: str
    due_on: date
    done_at: datetime | None


def own_follow_ups(
    session: Session, viewer: Viewer, *, limit: int = 50, offset: int = 0
) -> tuple[tuple[OwnFollowUp, ...], int]:
    """A page of what the viewer's organisation has to do, what is open first, and how many there are. One statement."""
    rows = session.execute(
        select(
            FollowUp.id,
            Committee.title,
            FollowUp.what,
            FollowUp.due_on,
            FollowUp.done_at,
            func.count().over().label("total"),
        )
        .join(Decision, Decision.id == FollowUp.decision_id)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(FollowUp.organisation_id == viewer.organisation_id, Decision.replaced_by.is_(None))
        .order_by(FollowUp.done_at.is_not(None), FollowUp.due_on, FollowUp.id)
        .limit(limit)
        .offset(offset)
    ).all()
    found = tuple(OwnFollowUp(row.id, row.title, row.what, row.due_on, row.done_at) for row in rows)
    return found, rows[0].total if rows else 0


def open_follow_ups(session: Session, viewer: Viewer) -> int:
    """How many follow-ups wait for the viewer's organisation. One statement."""
    mine = (FollowUp.organisation_id == viewer.organisation_id) & FollowUp.done_at.is_(None)
    return (
        session.scalar(
            select(func.count())
            .select_from(FollowUp)
            .join(Decision, Decision.id == FollowUp.decision_id)
            .where(mine, Decision.replaced_by.is_(None))
        )
        or 0
    )


def _follow_ups(session: Session, decision_ids: Sequence[UUID]) -> dict[UUID, list[FollowUpLine]]:
    if not decision_ids:
        return {}
    rows = session.execute(
        select(
            FollowUp.id,
            FollowUp.decision_id,
            FollowUp.organisation_id,
            Organisation.name,
            FollowUp.what,
            FollowUp.due_on,
            FollowUp.done_at,
        )
        .join(Organisation, Organisation.id == FollowUp.organisation_id)
        .where(FollowUp.decision_id.in_(decision_ids))
        .order_by(FollowUp.due_on, FollowUp.id)
    )
    found: dict[UUID, list[FollowUpLine]] = {}
    for row in rows:
        line = FollowUpLine(row.id, row.organisation_id, row.name, row.what, row.due_on, row.done_at)
        found.setdefault(row.decision_id, []).append(line)
    return found
