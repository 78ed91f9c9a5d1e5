"""Noting presences, checking in, and what becomes of a block that is over: credits.

The sheet of a phone that lost its connection sends the same mark as often as needed: its key makes it one. A mark made
without knowing another one (two phones, or somebody who checked in meanwhile) never overwrites it silently.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from core.api import N_, DomainError, House, Keyring, Viewer, emit, lock_row, new_id

from .. import attendance_events
from ..models import Block, Learner, Presence, Registration, SettledBlock, TrainingSession
from ..queries.attendance import BlockView, open_blocks
from ..rules import attendance as rules
from ..rules import checkin
from ..rules.attendance import Mark, credited
from .crediting import settle
from .desk import Desk

NOT_REGISTERED = N_("Cette personne n’est pas inscrite à cette séance.")
OTHERWISE = N_("Une autre marque a été notée entretemps. Notez de nouveau pour garder la vôtre.")
NOT_OPEN = N_("La feuille s’ouvre 30 minutes avant le bloc.")
NO_ACCOUNT_HERE = N_("Vous n’êtes pas dans la liste de cette séance. Parlez-en à la personne qui anime.")
EMAIL_NEEDED = N_("Écrivez l’adresse de courriel avec laquelle votre organisme vous a inscrit ou inscrite.")
KEY_LENGTH = 64
#: Blocks settled in one run of the job.
AT_ONCE = 100


@dataclass(frozen=True)
class SheetMark:
    """A mark of the sheet. `key`: its own; `seen`: the key of the mark it replaces, "" when none was seen."""

    learner_id: UUID
    mark: Mark
    key: str
    seen: str = ""


@dataclass(frozen=True)
class Problem:
    """A mark that was not taken: why, and for one made otherwise meanwhile, what is there."""

    learner_id: UUID
    message: str
    values: Mapping[str, int] = field(default_factory=dict)
    there: Mark | None = None
    key: str = ""


@dataclass(frozen=True)
class Noted:
    """What a sheet wrote: (minutes, key of the mark that is there) by person; and what it did not."""

    kept: Mapping[UUID, tuple[int, str]]
    problems: tuple[Problem, ...]


class CheckInRefused(DomainError):
    """Somebody cannot check in. `field`: where."""

    status = 422

    def __init__(self, message: str, field: str = "code") -> None:
        super().__init__(message)
        self.field = field


def mark_presences(session: Session, desk: Desk, block: BlockView, marks: Sequence[SheetMark], tolerance: int) -> Noted:
    """Write the marks of a sheet. The block is one that the viewer gives (`find_block`). Raises DomainError before it
    opens. A number of statements that does not depend on the number of marks."""
    if desk.now < block.sheet_opens:
        raise DomainError(NOT_OPEN)
    # Marks of one block wait for each other: those of two phones, and whoever checks in.
    lock_row(session, select(Block.id).where(Block.id == block.id))
    wanted = {mark.learner_id: mark for mark in marks}
    registered = _registrations(session, block.session_id, wanted)
    there = _presences(session, block.id, wanted)
    kept: dict[UUID, tuple[int, str]] = {}
    problems: list[Problem] = []
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for learner_id, mark in wanted.items():
        row = there.get(learner_id)
        known = None if row is None else _mark(block, row)
        if learner_id not in registered:
            problems.append(Problem(learner_id, NOT_REGISTERED))
        elif row is not None and (row.client_key == mark.key or known == mark.mark or _softer(row, known, mark.mark)):
            kept[learner_id] = (row.minutes, row.client_key or "")
        elif row is not None and (row.client_key or "") != mark.seen:
            problems.append(Problem(learner_id, OTHERWISE, {}, known, row.client_key or ""))
        else:
            try:
                values = _values(desk, block, mark, tolerance)
            except rules.Refused as refused:
                problems.append(Problem(learner_id, refused.message, refused.values))
                continue
            kept[learner_id] = (values["minutes"], values["client_key"])
            if row is None:
                owner = {"block_id": block.id, "registration_id": registered[learner_id], "learner_id": learner_id}
                new.append(values | owner | {"id": new_id()})
            else:
                changed.append(values | {"id": row.id})
    if new:
        session.execute(insert(Presence), new)
    if changed:
        session.execute(update(Presence), changed)
    _told(session, block, [*(row["learner_id"] for row in new), *_learners(changed, there)], desk.now)
    return Noted(kept, tuple(problems))


def check_in(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    typed: str,
    marks: Sequence[bytes],
    now: datetime,
    tolerance: int,
) -> BlockView:
    """Somebody says « je suis là » with the code of the screen; the block. `marks`: keyed hashes of the work e-mail of
    somebody without an account, empty for who has one. Twice is once. Raises CheckInRefused."""
    code = checkin.read_code(typed)
    if code is None:
        raise CheckInRefused(checkin.NOT_A_CODE)
    if viewer.user_id is None and not marks:
        raise CheckInRefused(EMAIL_NEEDED, "email")
    blocks = open_blocks(session, now, checkin.OPENS_BEFORE, checkin.CLOSES_AFTER)
    # Every open block is compared and every list read, the right one found or not: neither the time taken, nor what
    # somebody without an account is answered, says which of the code and the e-mail was wrong.
    shown = [block for block in blocks if checkin.accepts(block_secret(keyring, block.id), code, now)]
    there = _where(session, {block.session_id for block in blocks}, viewer, marks)
    for block in shown:
        if block.session_id in there:
            _arrive(session, viewer, block, *there[block.session_id], now, tolerance)
            return block
    if viewer.user_id is None:
        raise CheckInRefused(checkin.WRONG_PAIR)
    raise CheckInRefused(NO_ACCOUNT_HERE if shown else checkin.WRONG_CODE)


def block_secret(keyring: Keyring, block_id: UUID) -> bytes:
    """What the codes of a block are made with: of this block alone, under the master key, kept nowhere."""
    return keyring.pseudonym("ficesl.checkin", block_id.bytes)


def screen_code(keyring: Keyring, block_id: UUID, now: datetime) -> str:
    """The six digits to show now."""
    return checkin.code_at(block_secret(keyring, block_id), checkin.step_at(now))


def settle_blocks(session: Session, house: House, now: datetime) -> None:
    """Job: presences of blocks that are over become credits, each block once; late marks credit by themselves."""
    over = session.execute(
        select(Block.id, Block.module_id)
        .join(TrainingSession, TrainingSession.id == Block.session_id)
        .where(
            Block.ends_at <= now,
            Block.cancelled_at.is_(None),
            TrainingSession.state.in_(("open", "done")),
            ~exists().where(SettledBlock.block_id == Block.id),
        )
        .order_by(Block.ends_at, Block.id)
        .limit(AT_ONCE)
    ).all()
    for block_id, module_id in over:
        learners = session.scalars(select(Presence.learner_id).where(Presence.block_id == block_id)).all()
        settle(session, module_id, learners, now)
        session.add(SettledBlock(id=new_id(), block_id=block_id, at=now))
        session.flush()


def _arrive(
    session: Session,
    viewer: Viewer,
    block: BlockView,
    registration_id: UUID,
    learner_id: UUID,
    now: datetime,
    tolerance: int,
) -> None:
    lock_row(session, select(Block.id).where(Block.id == block.id))
    if _presences(session, block.id, (learner_id,)):
        return  # noted already, by herself or by who gives the session: the sheet is corrected there
    mark = rules.arriving(block.starts_at, block.ends_at, now)
    arrived, _left = rules.instants(block.starts_at, block.ends_at, mark)
    session.execute(
        insert(Presence).values(
            id=new_id(),
            block_id=block.id,
            registration_id=registration_id,
            learner_id=learner_id,
            minutes=credited(block.minutes, mark, tolerance).minutes,
            arrived_at=arrived,
            left_at=None,
            source="self",
            client_key=new_id().hex,
            recorded_by=viewer.user_id,
            at=now,
        )
    )
    _told(session, block, [learner_id], now)


def _where(
    session: Session, sessions: Collection[UUID], viewer: Viewer, marks: Sequence[bytes]
) -> dict[UUID, tuple[UUID, UUID]]:
    """Session → (registration, learner) of who checks in, where she is registered. One statement."""
    mine = Learner.user_id == viewer.user_id if viewer.user_id is not None else Learner.email_mark.in_(marks)
    rows = session.execute(
        select(Registration.session_id, Registration.id, Learner.id)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(Registration.session_id.in_(sessions), Registration.state == "registered", mine)
        .where(Learner.erased_at.is_(None))
        .order_by(Registration.queue.desc())
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _values(desk: Desk, block: BlockView, mark: SheetMark, tolerance: int) -> dict[str, Any]:
    minutes = credited(block.minutes, mark.mark, tolerance).minutes
    arrived, left = rules.instants(block.starts_at, block.ends_at, mark.mark)
    return {
        "minutes": minutes,
        "arrived_at": arrived,
        "left_at": left,
        "source": "sheet",
        "client_key": mark.key[:KEY_LENGTH] or new_id().hex,
        "recorded_by": desk.viewer.user_id,
        "at": desk.now,
    }


def _softer(row: Any, known: Mark | None, mark: Mark) -> bool:
    """« Présence » said of somebody who checked in by herself: her own minute of arrival is the better one."""
    return row.source == "self" and known is not None and known.present and mark == Mark(True)


def _mark(block: BlockView, row: Any) -> Mark:
    return rules.mark_of(block.starts_at, block.ends_at, row.minutes, row.arrived_at, row.left_at)


def _registrations(session: Session, session_id: UUID, learners: Iterable[UUID]) -> dict[UUID, UUID]:
    rows = session.execute(
        select(Registration.learner_id, Registration.id).where(
            Registration.session_id == session_id,
            Registration.state == "registered",
            Registration.learner_id.in_(list(learners)),
        )
    )
    return {row.learner_id: row.id for row in rows}


def _presences(session: Session, block_id: UUID, learners: Iterable[UUID]) -> dict[UUID, Any]:
    columns = (Presence.id, Presence.learner_id, Presence.minutes, Presence.arrived_at, Presence.left_at,
               Presence.source, Presence.client_key)  # fmt: skip
    rows = session.execute(
        select(*columns).where(Presence.block_id == block_id, Presence.learner_id.in_(list(learners)))
    )
    return {row.learner_id: row for row in rows}


def _learners(changed: Sequence[Mapping[str, Any]], there: Mapping[UUID, Any]) -> list[UUID]:
    ids = {row["id"] for row in changed}
    return [learner_id for learner_id, row in there.items() if row.id in ids]


def _told(session: Session, block: BlockView, learners: Sequence[UUID], now: datetime) -> None:
    """Once a block is over, what is noted credits at once; before, the job does when it ends."""
    if not learners:
        return
    emit(session, attendance_events.PRESENCE, block.code, topics=(f"committee:{block.committee_id}",), now=now)
    if block.ends_at <= now:
        settle(session, block.module_id, learners, now)


__all__ = [
    "CheckInRefused",
    "Noted",
    "Problem",
    "SheetMark",
    "block_secret",
    "check_in",
    "mark_presences",
    "screen_code",
    "settle_blocks",
]
