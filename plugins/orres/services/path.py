"""Marking steps of a woman's path, and her agreement to show them to another organisation.

Everything begins by holding the case (`hold_alongside`), so that nothing is written or read after a withdrawal, and
asks again whether the reference is in the viewer's hands under a consent in force.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.api import (
    N_,
    Alongside,
    Asking,
    ConsentInput,
    DomainError,
    Event,
    Forbidden,
    House,
    Keyring,
    Permission,
    PersonalData,
    Stale,
    Viewer,
    case_is_over,
    end_purpose,
    grant_for_referral,
    hold_alongside,
    holds,
    mark_of_referral,
    new_id,
    note_alongside,
    partners_alongside,
    tell_alongside,
)

from ..models import PathRow, StepRow
from ..queries.path import PathView, path_view, version_and_marks
from ..rules.path import Status, may_mark
from .step_facts import keep_facts

#: Her agreement that an organisation shows another the steps it marked; also the label of the pseudonym.
PURPOSE = "orres.parcours"
#: A step changed, or what may be seen of a path: whoever looks asks again.
CHANGED = "orres.path"
BLOCKS = frozenset({"follow_up"})
_PLAIN = {"synchronize_session": False}


class NoSuchStep(DomainError):
    """The version in force has no such step."""

    status = 409
    message = N_("Cette étape n’est plus dans la trajectoire en vigueur. Voici la page à jour.")


class NothingToUndo(DomainError):
    """Somebody of the team undid it first."""

    status = 409
    message = N_("Il n’y a plus rien à annuler. Voici la page à jour.")


class NotAPartner(DomainError):
    """No reference about her was exchanged with that organisation."""

    message = N_("Choisissez un organisme de la liste.")


def read_path(session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime) -> PathView:
    """Her path as the viewer's organisation may see it; journaled in this transaction. Raises Missing."""
    beside = hold_alongside(session, keyring, viewer, code, PURPOSE, now, action="orres.path_read")
    return path_view(session, viewer, beside)


def mark_step(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    code: str,
    node: str,
    said: Status,
    now: datetime,
    seen: str = "",
) -> None:
    """Say that a step begins, is done or is not for her. `seen`: what the page showed of this organisation's own mark.

    Raises Missing when the reference is not in the viewer's hands, Forbidden, NoSuchStep, Stale.
    """
    beside = _held(session, keyring, viewer, code, now)
    trajectory, _marks = version_and_marks(session, beside.mark)
    if may_mark(trajectory, node) is None:
        raise NoSuchStep
    row = _row(session, beside.mark, viewer, node)
    # Nothing is written before this: what is refused is answered with the page as it stands
    if seen != ("" if row is None else row.status):
        raise Stale
    if row is not None and row.status == said.value:
        return
    path_id = _path(session, beside.mark, now)
    began = now if said is Status.BEGUN else None
    if row is None:
        row = StepRow(
            id=new_id(),
            path_id=path_id,
            organisation_id=viewer.organisation_id,
            node_key=node,
            status=said.value,
            begun_at=began,
            marked_at=now,
        )
        session.add(row)
    else:
        row.before, row.status, row.marked_at = row.status, said.value, now
        row.begun_at = row.begun_at or began
    session.flush()
    _changed(session, viewer, beside, "orres.step_marked", now, step=node, status=said.value)


def undo_step(session: Session, keyring: Keyring, viewer: Viewer, code: str, node: str, now: datetime) -> None:
    """Take back the last thing this organisation said of a step. Raises Missing, Forbidden, NothingToUndo."""
    beside = _held(session, keyring, viewer, code, now)
    row = _row(session, beside.mark, viewer, node)
    if row is None:
        raise NothingToUndo
    if row.before is None:
        session.delete(row)
    else:
        row.status, row.before, row.marked_at = row.before, None, now
    session.flush()
    _touch(session, row.path_id, now)
    _changed(session, viewer, beside, "orres.step_undone", now, step=node)


def show_to(session: Session, keyring: Keyring, viewer: Viewer, code: str, given: ConsentInput, now: datetime) -> None:
    """She agrees that the viewer's organisation shows its steps to `given.recipient_id`.

    Raises Missing, Forbidden, NotAPartner, and what `grant_for_referral` raises.
    """
    beside = _held(session, keyring, viewer, code, now)
    if given.recipient_id not in {one.id for one in partners_alongside(session, viewer, code)}:
        raise NotAPartner
    grant_for_referral(session, keyring, viewer, code, purpose=PURPOSE, given=given, now=now)
    _tell(session, viewer, beside, {given.recipient_id}, now)


def stop_showing(session: Session, viewer: Viewer, code: str, other: UUID, now: datetime) -> None:
    """She takes that agreement back, with either organisation. Never blocked: nothing stood, nothing changes."""
    concerned = end_purpose(session, viewer, code, purpose=PURPOSE, other=other, now=now)
    if concerned:
        tell_alongside(session, code, CHANGED, concerned, now)


def end_paths(session: Session, event: Event, house: House) -> None:
    """A reference ended or was withdrawn: when nothing of hers is under way any more, her path goes. Safe to repeat."""
    if not case_is_over(session, event.ref):
        return
    mark = mark_of_referral(session, house.keyring, event.ref, PURPOSE)
    path = mark and session.execute(select(PathRow).where(PathRow.case_mark == mark)).scalar()
    if path:
        keep_facts(session, path, house.clock.now())
        erase_paths(session, [path.id])


def erase_paths(session: Session, ids: Collection[UUID]) -> int:
    """Delete paths with all their steps; how many."""
    if ids:
        session.execute(delete(PathRow).where(PathRow.id.in_(ids)), execution_options=_PLAIN)
    return len(ids)


def erase_paths_before(session: Session, before: datetime) -> int:
    """Delete paths that nobody touched since that moment (UTC); how many. Like the content of the references."""
    return erase_paths(session, session.scalars(select(PathRow.id).where(PathRow.touched_at < before)).all())


def path_of_case(session: Session, reference: str, asking: Asking | None) -> Sequence[PersonalData]:
    """What is kept about the person of a referral: steps of the organisation that asks (the platform itself: of all).

    Raises ValueError without `asking`: an erasure that finds nothing for want of a key would pass for one.
    """
    if reference.startswith("user:"):
        return ()
    if asking is None:
        raise ValueError("who asks is needed to follow a referral's code")
    mark = mark_of_referral(session, asking.keyring, reference, PURPOSE)
    if mark is None:
        return ()
    statement = select(StepRow).join(PathRow, PathRow.id == StepRow.path_id).where(PathRow.case_mark == mark)
    if asking.organisation_id is not None:
        statement = statement.where(StepRow.organisation_id == asking.organisation_id)
    rows = session.scalars(statement.order_by(StepRow.marked_at, StepRow.id)).all()
    if not rows:
        return ()
    copy = {
        "steps": [
            {"step": row.node_key, "status": row.status, "at": f"{row.marked_at:%Y-%m-%dT%H:%M:%S%z}"} for row in rows
        ]
    }
    erase = partial(_erase_steps, ids=[row.id for row in rows], path_id=rows[0].path_id)
    return (PersonalData("orres.path", N_("Étapes notées sur la trajectoire"), copy, erase),)


def _erase_steps(session: Session, *, ids: Collection[UUID], path_id: UUID) -> int:
    session.execute(delete(StepRow).where(StepRow.id.in_(ids)), execution_options=_PLAIN)
    if session.scalars(select(StepRow.id).where(StepRow.path_id == path_id).limit(1)).first() is None:
        erase_paths(session, [path_id])
    return len(ids)


def _held(session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime) -> Alongside:
    beside = hold_alongside(session, keyring, viewer, code, PURPOSE, now)
    needed = Permission.REFERRAL_RECEIVE if beside.side == "receiver" else Permission.REFERRAL_SEND
    if not holds(viewer, needed):
        raise Forbidden
    return beside


def _path(session: Session, mark: bytes, now: datetime) -> UUID:
    """The path of that mark, made if there is none. The case is held: nobody else makes it meanwhile."""
    known = session.scalar(select(PathRow.id).where(PathRow.case_mark == mark))
    if known is not None:
        _touch(session, known, now)
        return known
    row = PathRow(id=new_id(), case_mark=mark, started_at=now, touched_at=now)
    session.add(row)
    session.flush()
    return row.id


def _touch(session: Session, path_id: UUID, now: datetime) -> None:
    session.execute(update(PathRow).where(PathRow.id == path_id).values(touched_at=now), execution_options=_PLAIN)


def _row(session: Session, mark: bytes, viewer: Viewer, node: str) -> StepRow | None:
    return session.scalars(
        select(StepRow)
        .join(PathRow, PathRow.id == StepRow.path_id)
        .where(
            PathRow.case_mark == mark,
            StepRow.organisation_id == viewer.organisation_id,
            StepRow.node_key == node,
        )
    ).first()


def _changed(session: Session, viewer: Viewer, beside: Alongside, action: str, now: datetime, **facts: object) -> None:
    note_alongside(session, viewer, beside.code, action, now, **facts)
    _tell(session, viewer, beside, beside.recipients, now)


def _tell(session: Session, viewer: Viewer, beside: Alongside, others: Collection[UUID], now: datetime) -> None:
    assert viewer.organisation_id is not None
    tell_alongside(session, beside.code, CHANGED, {viewer.organisation_id, *others}, now)
