"""The decisions register: what a committee decided, what replaces what, and who does what by when."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.accounts.models import User
from core.committees.access import local_day
from core.committees.models.meetings import Decision, FollowUp, Meeting
from core.committees.models.structure import Vote
from core.committees.rules.meetings import follow_up_due
from core.committees.rules.votes import Result
from core.committees.services.loading import Loaded
from core.committees.services.meetings import check_keeps
from core.committees.services.telling import mail_to, note
from core.directory.models import Organisation
from core.kernel import codes
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, lock_row, new_id
from core.kernel.errors import DomainError, Missing, Stale
from core.kernel.events import emit
from core.kernel.i18n import N_

LETTER = "D"
NOTED = "committee.decision_noted"
DUE = "committee.follow_up_due"
DONE = "committee.follow_up_done"


class DecisionRefused(DomainError):
    """A rule refuses: `field` is where in the form."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def note_decision(
    session: Session,
    viewer: Viewer,
    committee_id: UUID,
    text: str,
    decided_on: date,
    now: datetime,
    *,
    meeting_code: str | None = None,
    vote_id: UUID | None = None,
    replaces: UUID | None = None,
) -> UUID:
    """Add a line to the register. A decision it `replaces` stays, marked. Raises Missing, Forbidden, DecisionRefused.

    The meeting and the vote must be this committee's.
    """
    check_keeps(session, viewer, committee_id, now)
    if decided_on > local_day(now):
        raise DecisionRefused("decided_on", N_("Une décision porte la date où elle a été prise."))
    meeting_id = None
    if meeting_code is not None:
        meeting_id = session.scalar(
            select(Meeting.id).where(Meeting.code == meeting_code, Meeting.committee_id == committee_id)
        )
        if meeting_id is None:
            raise Missing
    if vote_id is not None and session.scalar(select(Vote.committee_id).where(Vote.id == vote_id)) != committee_id:
        raise Missing
    decision_id, code = new_id(), _free_code(session)
    add_row(
        session,
        Decision,
        id=decision_id,
        code=code,
        committee_id=committee_id,
        meeting_id=meeting_id,
        vote_id=vote_id,
        text=text,
        decided_on=decided_on,
        noted_by=viewer.user_id,
        noted_at=now,
    )
    topics = {f"committee:{committee_id}", "network"}
    if replaces is not None:
        old = lock_row(session, select(Decision.committee_id, Decision.replaced_by).where(Decision.id == replaces))
        if old is None or old.committee_id != committee_id:
            raise Missing
        if old.replaced_by is not None:
            raise Stale(N_("Cette décision a déjà été remplacée."))
        session.execute(update(Decision).where(Decision.id == replaces).values(replaced_by=decision_id))
        # What they had to do after it leaves their lists
        asked = session.scalars(select(FollowUp.organisation_id).where(FollowUp.decision_id == replaces))
        topics |= {f"org:{one}" for one in asked}
    note(session, viewer, "committee.decision_noted", f"decision:{code}", now, committee=committee_id)
    emit(session, NOTED, code, topics=topics, now=now)
    return decision_id


def note_vote(session: Session, viewer: Viewer, loaded: Loaded, result: Result, now: datetime) -> UUID | None:
    """The line of the register that a vote held in a meeting leaves by itself; None for any other vote.

    Its day is the day the vote closed, which is later than the meeting's when absent seats still had to vote.
    """
    meeting_id = next((one.meeting_id for one in loaded.ballots if one.meeting_id is not None), None)
    if meeting_id is None or result not in (Result.ADOPTED, Result.REJECTED):
        return None
    decision_id, code = new_id(), _free_code(session)
    add_row(
        session,
        Decision,
        id=decision_id,
        code=code,
        committee_id=loaded.row.committee_id,
        meeting_id=meeting_id,
        vote_id=loaded.row.id,
        text=loaded.row.question or loaded.row.subject or loaded.row.code,
        decided_on=local_day(now),
        noted_by=viewer.user_id,
        noted_at=now,
    )
    note(session, viewer, "committee.decision_noted", f"decision:{code}", now, committee=loaded.row.committee_id)
    emit(session, NOTED, code, topics=(f"committee:{loaded.row.committee_id}", "network"), now=now)
    return decision_id


def add_follow_up(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    decision_id: UUID,
    organisation_id: UUID,
    what: str,
    due_on: date,
    now: datetime,
) -> UUID:
    """Ask an organisation to do something by a day; its people are told. Raises Missing, Forbidden, DecisionRefused."""
    row = session.execute(select(Decision.committee_id, Decision.code).where(Decision.id == decision_id)).first()
    if row is None:
        raise Missing
    check_keeps(session, viewer, row.committee_id, now)
    if due_on < local_day(now):
        raise DecisionRefused("due_on", N_("Choisissez un jour à venir."))
    if session.scalar(select(Organisation.id).where(Organisation.id == organisation_id)) is None:
        raise Missing
    follow_up_id = new_id()
    add_row(
        session,
        FollowUp,
        id=follow_up_id,
        decision_id=decision_id,
        organisation_id=organisation_id,
        what=what,
        due_on=due_on,
    )
    note(session, viewer, "committee.follow_up_added", f"decision:{row.code}", now, organisation=organisation_id)
    emit(
        session,
        NOTED,
        row.code,
        topics=(f"committee:{row.committee_id}", f"org:{organisation_id}", "network"),
        now=now,
    )
    return follow_up_id


def finish_follow_up(session: Session, viewer: Viewer, follow_up_id: UUID, now: datetime, *, done: bool) -> None:
    """Say that it is done, or take that back. Its organisation, or whoever keeps the committee's records, may."""
    row = lock_row(
        session,
        select(FollowUp.organisation_id, FollowUp.done_at, Decision.committee_id, Decision.code)
        .join(Decision, Decision.id == FollowUp.decision_id)
        .where(FollowUp.id == follow_up_id),
    )
    if row is None or viewer.is_anonymous:
        raise Missing
    if viewer.organisation_id != row.organisation_id:
        check_keeps(session, viewer, row.committee_id, now)
    if (row.done_at is not None) is done:
        return
    session.execute(
        update(FollowUp)
        .where(FollowUp.id == follow_up_id)
        .values(done_at=now if done else None, done_by=viewer.user_id if done else None),
        execution_options={"synchronize_session": False},
    )
    action = "committee.follow_up_done" if done else "committee.follow_up_reopened"
    note(session, viewer, action, f"decision:{row.code}", now, organisation=row.organisation_id)
    emit(
        session,
        DONE,
        row.code,
        topics=(f"committee:{row.committee_id}", f"org:{row.organisation_id}", "network"),
        now=now,
    )


def remind_follow_ups(session: Session, keyring: Keyring, now: datetime) -> int:
    """Remind the organisations whose follow-ups are due (7 days before, the day before, then weekly); how many."""
    today, told = local_day(now), 0
    rows = session.execute(
        select(
            FollowUp.id,
            FollowUp.organisation_id,
            FollowUp.due_on,
            FollowUp.reminded_on,
            Decision.code,
            Decision.committee_id,
        )
        .join(Decision, Decision.id == FollowUp.decision_id)
        .where(FollowUp.done_at.is_(None), Decision.replaced_by.is_(None))
        .order_by(FollowUp.id)
    ).all()
    for row in rows:
        if not follow_up_due(row.due_on, today, row.reminded_on):
            continue
        session.execute(update(FollowUp).where(FollowUp.id == row.id).values(reminded_on=today))
        emit(
            session,
            DUE,
            row.code,
            topics=(f"committee:{row.committee_id}", f"org:{row.organisation_id}"),
            now=now,
        )
        people = session.scalars(
            select(User.id).where(User.organisation_id == row.organisation_id, User.status == "active")
        )
        mail_to(session, keyring, list(people), now)
        told += 1
    return told


def _free_code(session: Session) -> str:
    while True:
        code = codes.new_code(LETTER)
        if session.scalar(select(Decision.id).where(Decision.code == code)) is None:
            return code
