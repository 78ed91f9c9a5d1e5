"""Sessions, written by whoever sits in the committee: blocks, people who train, seats, opening, cancelling, undoing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from core.api import (
    N_,
    TORONTO,
    Missing,
    admitted_organisations,
    can,
    committee_by_slug,
    mail_people,
    new_id,
    people_names,
    seal_text,
)

from .. import access, events
from ..models import Block, Learner, Module, Registration, SeatShare, Team, Trainer, TrainingSession, Version
from ..models.attendance import Presence
from ..queries.training import session_facts
from ..rules.blocks import BLOCK_REFUSALS, Stretch, block_refusal, stretch
from ..rules.catalogue import VersionState
from ..rules.names import tidy
from ..rules.seats import REGISTRATION_REFUSALS
from ..settings import SLUG
from .desk import SESSION, Desk, Refused, free_code, locked_session, note, tell_session
from .registering import promote
from .times import begins_at, ends_at

BLOCKS, TRAINERS = "ficesl_blocks", "ficesl_trainers"
NO_BLOCK = N_("Ajoutez au moins un bloc à venir avant d’ouvrir les inscriptions.")
NOT_PUBLISHED = N_("Publiez d’abord cette version de la formation.")
HAS_PRESENCES = N_("Des présences sont notées pour ce bloc\u00a0: il reste.")
BEGUN = N_("Cette séance a commencé\u00a0: elle ne s’annule plus.")
NO_TRAINER = N_("Choisissez une personne du réseau, ou écrivez un nom et un organisme.")
NOT_IN_SESSION = N_("Cette partie n’est pas de cette formation.")
PAST = N_("Ce bloc est passé\u00a0: il ne change plus.")


@dataclass(frozen=True)
class NewBlock:
    """A block as typed, on the network's clock."""

    module_id: UUID
    day: date
    starts: time
    ends: time
    place: str
    link: str


def plan_session(
    session: Session,
    desk: Desk,
    version_id: UUID,
    *,
    organisation_id: UUID,
    team_id: UUID | None,
    capacity: int,
    language: str,
) -> str:
    """A draft of a session of a published version; its code. Raises Missing for whoever doesn't sit, Refused."""
    committee = committee_by_slug(session, SLUG)
    if committee is None or not access.sits(desk.viewer, committee.id):
        raise Missing
    state = session.scalar(select(Version.state).where(Version.id == version_id))
    if state is None or organisation_id not in {one for one, _ in admitted_organisations(session)}:
        raise Missing
    if state != VersionState.PUBLISHED:
        raise Refused(NOT_PUBLISHED, "version")
    if (
        team_id is not None
        and session.scalar(select(Team.id).where(Team.id == team_id, Team.ended_at.is_(None))) is None
    ):
        raise Missing
    row = TrainingSession(
        id=new_id(),
        code=free_code(session, SESSION),
        version_id=version_id,
        committee_id=committee.id,
        organisation_id=organisation_id,
        team_id=team_id,
        state="draft",
        capacity=capacity,
        language=language,
        sequence=0,
        changed_at=desk.now,
        created_by=desk.viewer.user_id,
        created_at=desk.now,
    )
    session.add(row)
    session.flush()
    note(session, desk, "session_planned", f"session:{row.code}", None)
    return row.code


def add_block(session: Session, desk: Desk, session_id: UUID, new: NewBlock) -> UUID:
    """One more block. Raises Refused with the sentence of what is wrong with its hours."""
    row = managed(session, desk, session_id)
    found = _stretch(session, desk, row, new)
    block_id = new_id()
    session.add(
        Block(
            id=block_id,
            session_id=row.id,
            module_id=_module(session, row, new.module_id),
            starts_at=found.starts_at,
            ends_at=found.ends_at,
            place=tidy(new.place) or None,
            link_sealed=seal_text(desk.keyring, BLOCKS, block_id, "link_sealed", new.link),
            sequence=0,
            changed_at=desk.now,
        )
    )
    session.flush()
    _changed(session, desk, row)
    return block_id


def change_block(session: Session, desk: Desk, session_id: UUID, block_id: UUID, new: NewBlock) -> None:
    """Other hours, place or link, until it begins; people who are registered are told."""
    row = managed(session, desk, session_id)
    block = _block(session, row, block_id)
    if block.starts_at <= desk.now:
        raise Refused(PAST)
    found = _stretch(session, desk, row, new, besides=block_id)
    block.module_id = _module(session, row, new.module_id)
    block.starts_at, block.ends_at = found.starts_at, found.ends_at
    block.place = tidy(new.place) or None
    block.link_sealed = seal_text(desk.keyring, BLOCKS, block_id, "link_sealed", new.link)
    block.sequence += 1
    block.changed_at = desk.now
    session.flush()
    _changed(session, desk, row, tell_people=True)


def cancel_block(session: Session, desk: Desk, session_id: UUID, block_id: UUID, *, undo: bool = False) -> None:
    """Cancel a block, which calendars keep as cancelled; or undo that. Raises Refused once presences are noted."""
    row = managed(session, desk, session_id)
    block = _block(session, row, block_id)
    if session.scalar(select(exists().where(Presence.block_id == block_id))):
        raise Refused(HAS_PRESENCES)
    if undo:
        refused = block_refusal(Stretch(block.starts_at, block.ends_at), _others(session, row.id, block_id), desk.now)
        if refused is not None:
            raise Refused(BLOCK_REFUSALS[refused][1])
    block.cancelled_at = None if undo else desk.now
    block.sequence += 1
    block.changed_at = desk.now
    session.flush()
    _changed(session, desk, row, tell_people=True)


def open_registrations(session: Session, desk: Desk, session_id: UUID) -> None:
    """Open a draft to registrations. Raises Refused without a block to come."""
    row = managed(session, desk, session_id)
    if row.state != "draft":
        return
    starts = begins_at(session, row.id)
    if starts is None or starts <= desk.now:
        raise Refused(NO_BLOCK)
    row.state = "open"
    _changed(session, desk, row, action="session_opened")


def cancel_session(session: Session, desk: Desk, session_id: UUID) -> None:
    """Cancel it before it begins: everybody is told, nobody's registration is lost, and it can be undone."""
    row = managed(session, desk, session_id)
    starts = begins_at(session, row.id)
    if starts is not None and starts <= desk.now:
        raise Refused(BEGUN)
    if row.state in {"cancelled", "done"}:
        return
    row.state = "cancelled"
    _changed(session, desk, row, action="session_cancelled", tell_people=True)


def restore_session(session: Session, desk: Desk, session_id: UUID) -> None:
    """Undo a cancellation: the same people, in the same order. Raises Refused once it would have begun."""
    row = managed(session, desk, session_id)
    if row.state != "cancelled":
        return
    starts = begins_at(session, row.id)
    if starts is not None and starts <= desk.now:
        raise Refused(REGISTRATION_REFUSALS["over"])
    row.state = "open" if starts is not None else "draft"
    _changed(session, desk, row, action="session_restored", tell_people=True)
    promote(session, desk, row)


def set_seats(session: Session, desk: Desk, session_id: UUID, capacity: int, shares: Mapping[UUID, int]) -> None:
    """Seats in all, and those kept for organisations; whoever waits gets what is freed. Raises Refused."""
    row = managed(session, desk, session_id)
    if sum(shares.values()) > capacity:
        raise Refused(REGISTRATION_REFUSALS["shares"], "capacity")
    if set(shares) - {one for one, _ in admitted_organisations(session)}:
        raise Missing
    given = (Registration.session_id == row.id) & (Registration.state == "registered")
    if capacity < (session.scalar(select(func.count()).select_from(Registration).where(given)) or 0):
        raise Refused(REGISTRATION_REFUSALS["too_small"], "capacity")
    row.capacity = capacity
    session.execute(delete(SeatShare).where(SeatShare.session_id == row.id))
    session.add_all(
        SeatShare(id=new_id(), session_id=row.id, organisation_id=one, seats=seats)
        for one, seats in sorted(shares.items(), key=lambda pair: str(pair[0]))
    )
    session.flush()
    _changed(session, desk, row)
    promote(session, desk, row)


def add_trainer(
    session: Session, desk: Desk, session_id: UUID, *, user_id: UUID | None, organisation_id: UUID | None, name: str
) -> UUID:
    """Somebody with an account, or the name of somebody of an organisation. Raises Refused for neither."""
    row = managed(session, desk, session_id)
    known = tidy(name)[:120]
    if user_id is not None:
        if user_id not in people_names(session, desk.keyring, frozenset({user_id})):
            raise Missing
        mine = (Trainer.session_id == row.id) & (Trainer.user_id == user_id)
        before = session.scalar(select(Trainer.id).where(mine))
        if before is not None:
            return before
    elif not known or organisation_id is None:
        raise Refused(NO_TRAINER, "trainer")
    if organisation_id not in {one for one, _ in admitted_organisations(session)}:
        raise Missing
    trainer_id = new_id()
    sealed = None if user_id is not None else seal_text(desk.keyring, TRAINERS, trainer_id, "name_sealed", known)
    session.add(
        Trainer(id=trainer_id, session_id=row.id, user_id=user_id, organisation_id=organisation_id, name_sealed=sealed)
    )
    session.flush()
    _changed(session, desk, row)
    return trainer_id


def remove_trainer(session: Session, desk: Desk, session_id: UUID, trainer_id: UUID) -> None:
    """Who will not give it after all."""
    row = managed(session, desk, session_id)
    session.execute(delete(Trainer).where(Trainer.id == trainer_id, Trainer.session_id == row.id))
    _changed(session, desk, row)


def finish_sessions(session: Session, desk: Desk) -> int:
    """Sessions whose last block is over are done (a job); how many."""
    last = (
        select(func.max(Block.ends_at))
        .where(Block.session_id == TrainingSession.id, Block.cancelled_at.is_(None))
        .correlate(TrainingSession)
        .scalar_subquery()
    )
    ids = list(
        session.scalars(
            select(TrainingSession.id)
            .where(TrainingSession.state == "open", last < desk.now)
            .order_by(TrainingSession.id)
        )
    )
    for session_id in ids:
        row = locked_session(session, session_id)
        over = ends_at(session, session_id)
        if row is not None and row.state == "open" and over is not None and over < desk.now:
            row.state = "done"
            session.flush()
            tell_session(session, row, events.SESSION_CHANGED, desk.now)
    return len(ids)


def erase_trainers_before(session: Session, before: datetime) -> int:
    """Retention: names of people without an account who gave sessions over before that moment (UTC); how many."""
    recent = exists().where(Block.session_id == Trainer.session_id, Block.ends_at >= before)
    planned = exists().where(TrainingSession.id == Trainer.session_id, TrainingSession.created_at >= before)
    gone = session.scalars(select(Trainer.id).where(Trainer.name_sealed.is_not(None), ~recent, ~planned)).all()
    if gone:
        session.execute(
            update(Trainer).where(Trainer.id.in_(gone)).values(name_sealed=None),
            execution_options={"synchronize_session": False},
        )
    return len(gone)


def managed(session: Session, desk: Desk, session_id: UUID) -> TrainingSession:
    """The session, locked, for whoever sits in its committee. Raises Missing."""
    row = locked_session(session, session_id)
    facts = None if row is None else session_facts(session, session_id)
    if row is None or facts is None or not can(desk.viewer, access.MANAGE, facts).allowed:
        raise Missing
    return row


def _stretch(session: Session, desk: Desk, row: TrainingSession, new: NewBlock, besides: UUID | None = None) -> Stretch:
    found = stretch(new.day, new.starts, new.ends, TORONTO)
    code = found if isinstance(found, str) else block_refusal(found, _others(session, row.id, besides), desk.now)
    if code is not None or isinstance(found, str):
        field, sentence = BLOCK_REFUSALS[str(code)]
        raise Refused(sentence, field)
    return found


def _others(session: Session, session_id: UUID, besides: UUID | None) -> list[Stretch]:
    rows = session.execute(
        select(Block.id, Block.starts_at, Block.ends_at).where(
            Block.session_id == session_id, Block.cancelled_at.is_(None)
        )
    )
    return [Stretch(one.starts_at, one.ends_at) for one in rows if one.id != besides]


def _block(session: Session, row: TrainingSession, block_id: UUID) -> Block:
    found = session.scalars(select(Block).where(Block.id == block_id, Block.session_id == row.id)).first()
    if found is None:
        raise Missing
    return found


def _module(session: Session, row: TrainingSession, module_id: UUID) -> UUID:
    found = session.scalar(select(Module.id).where(Module.id == module_id, Module.version_id == row.version_id))
    if found is None:
        raise Refused(NOT_IN_SESSION, "module")
    return found


def _changed(
    session: Session,
    desk: Desk,
    row: TrainingSession,
    *,
    action: str = "session_changed",
    tell_people: bool = False,
) -> None:
    """Count the change for calendars, note it, tell it; people who have a seat or wait get the constant e-mail."""
    row.sequence += 1
    row.changed_at = desk.now
    session.flush()
    note(session, desk, action, f"session:{row.code}", None)
    there = session.execute(
        select(Registration.organisation_id, Registration.registered_by, Learner.user_id)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(Registration.session_id == row.id, Registration.state != "cancelled")
    ).all()
    tell_session(session, row, events.SESSION_CHANGED, desk.now, {f"org:{one.organisation_id}" for one in there})
    if tell_people and row.state != "draft":
        mail_people(session, desk.keyring, {one.user_id or one.registered_by for one in there}, desk.now)
