"""Seats: registering, waiting, cancelling and undoing.

The session's row is locked first, so that twenty seats are twenty whoever comes at once, and the queue is the order in
which people came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.orm import Session

from core.api import Forbidden, Missing, can, emit, mail_people, new_id

from .. import access, events
from ..models import Learner, Registration, SeatShare, Team, TrainingSession
from ..models.attendance import Presence
from ..queries.names import keeps_people
from ..queries.training import session_facts
from ..rules.seats import REGISTRATION_REFUSALS, Room, Waiting, promoted
from .desk import Desk, Refused, locked_session, note, tell_session
from .times import begins_at

_NO_SYNC = {"synchronize_session": False}


@dataclass(frozen=True)
class Outcome:
    """What became of each person: registered or waiting; `already`: those who were there before."""

    states: Mapping[UUID, str]
    already: frozenset[UUID]


def register_people(session: Session, desk: Desk, session_id: UUID, learner_ids: Sequence[UUID]) -> Outcome:
    """Register people in this order; those without a seat wait. Registering twice is registering once.

    Raises Missing for a session or a person this viewer may not know of, Refused when registrations are closed.
    """
    row = _open_session(session, desk, session_id)
    learners = {one.id: one for one in _own(session, desk, learner_ids)}
    if set(learner_ids) - set(learners):
        raise Missing
    if any(one.left_at is not None for one in learners.values()):
        raise Refused(REGISTRATION_REFUSALS["left"])
    if row.team_id is not None:
        unit_of = session.scalar(select(Team.organisation_id).where(Team.id == row.team_id))
        if any(one.organisation_id != unit_of for one in learners.values()):
            raise Missing
    there = {
        one.learner_id: one
        for one in session.execute(
            select(Registration.id, Registration.learner_id, Registration.state).where(
                Registration.session_id == row.id, Registration.learner_id.in_(learners)
            )
        )
    }
    room, queue = room_of(session, row), _last_in_queue(session, row.id)
    states: dict[UUID, str] = {}
    already = set()
    rows = []
    for learner_id in dict.fromkeys(learner_ids):
        before = there.get(learner_id)
        if before is not None and before.state != "cancelled":
            already.add(learner_id)
            states[learner_id] = before.state
            continue
        organisation_id = learners[learner_id].organisation_id
        queue += 1
        state = "registered" if room.fits(organisation_id) else "waiting"
        if state == "registered":
            room = room.with_one(organisation_id)
        states[learner_id] = state
        given = {"state": state, "queue": queue, "registered_by": desk.viewer.user_id, "at": desk.now}
        if before is not None:
            again = update(Registration).where(Registration.id == before.id)
            session.execute(
                again.values(**given, cancelled_at=None, organisation_id=organisation_id), execution_options=_NO_SYNC
            )
        else:
            rows.append(
                Registration(
                    id=new_id(), session_id=row.id, learner_id=learner_id, organisation_id=organisation_id, **given
                )
            )
    session.add_all(rows)
    session.flush()
    added = len(states) - len(already)
    if added:
        holder = desk.viewer.organisation_id
        note(session, desk, "registered", f"session:{row.code}", holder, people=added)
        _tell_list(session, row, desk, {one.organisation_id for one in learners.values()})
    return Outcome(states, frozenset(already))


def cancel_registration(session: Session, desk: Desk, registration_id: UUID) -> str:
    """Give a seat or a place in the queue back; whoever waits gets it. Returns the session's code.

    By herself, by her organisation or by the committee. Raises Missing, Refused once a presence is noted.
    """
    row, registration = _registration(session, desk, registration_id)
    if registration.state == "cancelled":
        return row.code
    if session.scalar(select(exists().where(Presence.registration_id == registration.id))):
        raise Refused(REGISTRATION_REFUSALS["present"])
    _set(session, registration.id, state="cancelled", cancelled_at=desk.now)
    note(session, desk, "cancelled", f"session:{row.code}", registration.organisation_id, people=1)
    promote(session, desk, row)
    _tell_list(session, row, desk, {registration.organisation_id})
    return row.code


def cancel_organisation(session: Session, desk: Desk, session_id: UUID) -> int:
    """Give back every seat of the viewer's organisation that no presence is noted for; how many. Raises Missing."""
    row = locked_session(session, session_id)
    if row is None or not keeps_people(desk.viewer):
        raise Missing
    mine = (Registration.session_id == row.id) & (Registration.organisation_id == desk.viewer.organisation_id)
    present = exists().where(Presence.registration_id == Registration.id)
    done = session.execute(
        update(Registration)
        .where(mine, Registration.state != "cancelled", ~present)
        .values(state="cancelled", cancelled_at=desk.now),
        execution_options=_NO_SYNC,
    )
    count = int(getattr(done, "rowcount", 0))
    if count:
        note(session, desk, "cancelled", f"session:{row.code}", desk.viewer.organisation_id, people=count)
        promote(session, desk, row)
        _tell_list(session, row, desk, {desk.viewer.organisation_id})
    return count


def restore_registration(session: Session, desk: Desk, registration_id: UUID) -> str:
    """Undo a cancellation: her seat if it is still free, else her place in the queue, which she kept. The new state.

    Raises Missing, Refused when the session is closed or begun, or the person has left.
    """
    row, registration = _registration(session, desk, registration_id)
    _check_open(session, desk, row)
    if registration.state != "cancelled":
        return str(registration.state)
    there = (Learner.id == registration.learner_id) & Learner.left_at.is_(None) & Learner.erased_at.is_(None)
    if session.scalar(select(Learner.id).where(there)) is None:
        raise Refused(REGISTRATION_REFUSALS["left"])
    state = "registered" if room_of(session, row).fits(registration.organisation_id) else "waiting"
    _set(session, registration.id, state=state, cancelled_at=None)
    note(session, desk, "restored", f"session:{row.code}", registration.organisation_id, people=1)
    _tell_list(session, row, desk, {registration.organisation_id})
    return state


def promote(session: Session, desk: Desk, row: TrainingSession) -> int:
    """Give free seats to those who wait, in order; each is told. How many. The session is locked already."""
    if row.state != "open":
        return 0
    waiting = session.execute(
        select(Registration.id, Registration.organisation_id, Registration.registered_by, Learner.user_id)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(Registration.session_id == row.id, Registration.state == "waiting")
        .order_by(Registration.queue)
    ).all()
    seated = set(promoted(room_of(session, row), (Waiting(one.id, one.organisation_id) for one in waiting)))
    if not seated:
        return 0
    session.execute(
        update(Registration).where(Registration.id.in_(seated)).values(state="registered"), execution_options=_NO_SYNC
    )
    known = [one for one in waiting if one.id in seated]
    people = {one.user_id or one.registered_by for one in known}
    mail_people(session, desk.keyring, people, desk.now)
    topics = {f"org:{one.organisation_id}" for one in known} | {f"user:{one.user_id}" for one in known if one.user_id}
    emit(session, events.PROMOTED, row.code, topics=topics, now=desk.now)
    return len(seated)


def room_of(session: Session, row: TrainingSession) -> Room:
    """Seats of a session as they are now. Two statements."""
    kept: dict[UUID, int] = {
        one.organisation_id: one.seats
        for one in session.execute(
            select(SeatShare.organisation_id, SeatShare.seats).where(SeatShare.session_id == row.id)
        )
    }
    taken: dict[UUID, int] = {
        one.organisation_id: one.people
        for one in session.execute(
            select(Registration.organisation_id, func.count().label("people"))
            .where(Registration.session_id == row.id, Registration.state == "registered")
            .group_by(Registration.organisation_id)
        )
    }
    return Room(row.capacity, kept, taken)


def _own(session: Session, desk: Desk, learner_ids: Iterable[UUID]) -> Sequence[Row[UUID, UUID, object]]:
    """Those of them whom this viewer may register: herself, and her organisation's people when she keeps them."""
    viewer = desk.viewer
    allowed = Learner.user_id == viewer.user_id
    if keeps_people(viewer):
        allowed = allowed | (Learner.organisation_id == viewer.organisation_id)
    return session.execute(
        select(Learner.id, Learner.organisation_id, Learner.left_at).where(
            Learner.id.in_(sorted(set(learner_ids), key=str)), Learner.erased_at.is_(None), allowed
        )
    ).all()


def _open_session(session: Session, desk: Desk, session_id: UUID) -> TrainingSession:
    row = locked_session(session, session_id)
    facts = None if row is None else session_facts(session, session_id)
    if row is None or facts is None or not can(desk.viewer, access.READ, facts).allowed:
        raise Missing
    _check_open(session, desk, row)
    return row


def _check_open(session: Session, desk: Desk, row: TrainingSession) -> None:
    if row.state != "open":
        raise Refused(REGISTRATION_REFUSALS["cancelled" if row.state == "cancelled" else "closed"])
    starts = begins_at(session, row.id)
    if starts is not None and starts <= desk.now:
        raise Refused(REGISTRATION_REFUSALS["begun"])


def _registration(session: Session, desk: Desk, registration_id: UUID) -> tuple[TrainingSession, Registration]:
    """A registration this viewer may cancel, its session locked. Raises Missing, Forbidden."""
    session_id = session.scalar(select(Registration.session_id).where(Registration.id == registration_id))
    row = None if session_id is None else locked_session(session, session_id)
    if row is None:
        raise Missing
    registration = session.scalars(
        select(Registration).where(Registration.id == registration_id).execution_options(populate_existing=True)
    ).one()
    own = session.scalar(select(Learner.user_id).where(Learner.id == registration.learner_id))
    viewer = desk.viewer
    mine = own is not None and own == viewer.user_id
    ours = keeps_people(viewer) and registration.organisation_id == viewer.organisation_id
    if not (mine or ours or access.sits(viewer, row.committee_id)):
        raise Missing
    if viewer.is_anonymous:
        raise Forbidden
    return row, registration


def _last_in_queue(session: Session, session_id: UUID) -> int:
    return session.scalar(select(func.max(Registration.queue)).where(Registration.session_id == session_id)) or 0


def _set(session: Session, registration_id: UUID, **values: object) -> None:
    changed = update(Registration).where(Registration.id == registration_id).values(**values)
    session.execute(changed, execution_options=_NO_SYNC)


def _tell_list(session: Session, row: TrainingSession, desk: Desk, organisations: Iterable[UUID | None]) -> None:
    also = {f"org:{one}" for one in organisations if one is not None}
    tell_session(session, row, events.LIST_CHANGED, desk.now, also)
