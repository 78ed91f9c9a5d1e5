"""Changing the directory: at once by the organisation itself, by proposal for everyone else; fields keep history."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.registry import can
from core.access.viewer import Viewer
from core.directory.models import DirectoryEdit, Organisation, Service
from core.directory.queries.addresses import PLACE_FIELD, keeps_its_address
from core.directory.queries.organisations import reader_for
from core.directory.rules.visibility import Reader, may_see
from core.directory.rules.words import EditState, Problem
from core.directory.services.fields import Target, current_value, normal_value, write_value
from core.kernel.clock import TORONTO
from core.kernel.db import new_id
from core.kernel.errors import DomainError, Forbidden, Missing, Stale
from core.kernel.events import emit
from core.kernel.i18n import N_

#: A text proposed for a field, at most; the field itself may ask for less.
MAX_VALUE = 4000
#: A proposal was accepted or declined; its identifier. To whoever proposed and to whom it was made.
EDIT_DECIDED = "directory.edit_decided"
#: Fields that only the organisation writes about itself.
OWN_FIELDS = frozenset({"contacts", "rooms"})


def find_target(session: Session, reader: Reader, organisation_id: UUID, service_id: UUID | None) -> Target:
    """The target when the reader may see it. Raises Missing, the same for a hidden and for an unknown one."""
    owner = session.execute(select(Organisation.visibility).where(Organisation.id == organisation_id)).first()
    if owner is None or not may_see(owner.visibility, organisation_id, reader):
        raise Missing
    if service_id is not None:
        found = (Service.id == service_id) & (Service.organisation_id == organisation_id)
        service = session.execute(select(Service.visibility).where(found)).first()
        if service is None or not may_see(service.visibility, organisation_id, reader):
            raise Missing
    return Target(organisation_id, service_id)


def propose_edit(
    session: Session,
    viewer: Viewer,
    target: Target,
    field: str,
    value: str,
    *,
    now: datetime,
    permission: str = Permission.DIRECTORY_PROPOSE,
) -> UUID:
    """Propose a new value to the organisation that holds the field; the identifier of the proposal.

    `permission`: what lets the viewer propose, for a plugin whose own people may. Raises Missing (not visible, unknown
    field), DomainError (not a valid value, nothing changed).
    """
    if not can(viewer, permission).allowed:
        raise Missing
    find_target(session, reader_for(viewer), target.organisation_id, target.service_id)
    if field in OWN_FIELDS or (field == PLACE_FIELD and keeps_its_address(session, target.organisation_id)):
        raise Missing
    new, old = _checked(session, target, field, value)
    edit = DirectoryEdit(
        id=new_id(),
        organisation_id=target.organisation_id,
        service_id=target.service_id,
        field=field,
        old_value=old,
        new_value=new,
        state=EditState.PROPOSED.value,
        proposed_by=viewer.user_id,
        proposed_by_organisation_id=viewer.organisation_id,
        proposed_at=now,
    )
    session.add(edit)
    session.flush()
    emit(session, "directory.edit_proposed", str(edit.id), topics=(f"org:{target.organisation_id}",), now=now)
    return edit.id


def change_own(session: Session, viewer: Viewer, target: Target, field: str, value: str, *, now: datetime) -> None:
    """The organisation's administration writes its own field at once. Raises as `propose_edit` does."""
    if not _administers(viewer, target.organisation_id):
        raise Missing
    find_target(session, reader_for(viewer), target.organisation_id, target.service_id)
    new, old = _checked(session, target, field, value)
    write_value(session, target, field, new)
    note_change(session, viewer, target.organisation_id, target.service_id, field, old, new, now=now)
    emit(session, "directory.changed", str(target.service_id or target.organisation_id), topics=("network",), now=now)


def _checked(session: Session, target: Target, field: str, value: str) -> tuple[str, str]:
    if len(value) > MAX_VALUE:
        raise DomainError(N_("Ce texte est trop long."))
    old = current_value(session, target, field)
    new = normal_value(session, target, field, value)
    if new == old:
        raise DomainError(N_("C’est déjà ce qui est écrit."))
    return new, old


def note_change(
    session: Session,
    viewer: Viewer,
    organisation_id: UUID,
    service_id: UUID | None,
    field: str,
    old: str,
    new: str,
    *,
    now: datetime,
) -> None:
    """Write in the history what the organisation changed itself."""
    session.add(
        DirectoryEdit(
            organisation_id=organisation_id,
            service_id=service_id,
            field=field,
            old_value=old,
            new_value=new,
            state=EditState.APPLIED.value,
            proposed_by=viewer.user_id,
            proposed_by_organisation_id=viewer.organisation_id,
            proposed_at=now,
            decided_by=viewer.user_id,
            decided_at=now,
        )
    )
    session.flush()


def report_problem(session: Session, reader: Reader, target: Target, problem: Problem, *, now: datetime) -> None:
    """A visitor says that something is wrong: a code, no text. The same report again only counts one more."""
    find_target(session, reader, target.organisation_id, target.service_id)
    edit = DirectoryEdit
    whose = edit.service_id.is_(None) if target.service_id is None else edit.service_id == target.service_id
    same = and_(
        edit.organisation_id == target.organisation_id,
        whose,
        edit.problem == problem.value,
        edit.state == EditState.PROPOSED.value,
    )
    counted = session.execute(
        update(DirectoryEdit)
        .where(same)
        .values(times=DirectoryEdit.times + 1)
        .returning(DirectoryEdit.id)
        .execution_options(synchronize_session=False)
    ).all()
    if counted:
        return
    report = DirectoryEdit(
        id=new_id(),
        organisation_id=target.organisation_id,
        service_id=target.service_id,
        field="problem",
        problem=problem.value,
        state=EditState.PROPOSED.value,
        proposed_at=now,
    )
    session.add(report)
    session.flush()
    emit(session, "directory.edit_proposed", str(report.id), topics=(f"org:{target.organisation_id}",), now=now)


def decide_edit(session: Session, viewer: Viewer, edit_id: UUID, *, accept: bool, now: datetime) -> None:
    """Accept (the value is written) or decline a proposal made to the viewer's organisation.

    Raises Missing for another organisation's, Stale when it is decided already.
    """
    edit = session.execute(
        select(
            DirectoryEdit.organisation_id,
            DirectoryEdit.service_id,
            DirectoryEdit.field,
            DirectoryEdit.new_value,
            DirectoryEdit.problem,
            DirectoryEdit.proposed_by_organisation_id,
        ).where(DirectoryEdit.id == edit_id)
    ).first()
    if edit is None or viewer.organisation_id != edit.organisation_id:
        raise Missing
    if not _administers(viewer, edit.organisation_id):
        raise Forbidden
    target = Target(edit.organisation_id, edit.service_id)
    values: dict[str, object] = {
        "state": (EditState.ACCEPTED if accept else EditState.DECLINED).value,
        "decided_by": viewer.user_id,
        "decided_at": now,
    }
    if accept and edit.problem is None:
        # The value may have changed since the proposal: the history says what was really replaced.
        values["old_value"] = current_value(session, target, edit.field)
    decided = session.execute(
        update(DirectoryEdit)
        .where(DirectoryEdit.id == edit_id, DirectoryEdit.state == EditState.PROPOSED.value)
        .values(**values)
        .returning(DirectoryEdit.id)
        .execution_options(synchronize_session=False)
    ).first()
    if decided is None:
        raise Stale
    told = {f"org:{one}" for one in (edit.organisation_id, edit.proposed_by_organisation_id) if one is not None}
    emit(session, EDIT_DECIDED, str(edit_id), topics=sorted(told), now=now)
    if accept and edit.problem is None:
        write_value(session, target, edit.field, normal_value(session, target, edit.field, edit.new_value or ""))
        emit(session, "directory.changed", str(edit.service_id or edit.organisation_id), topics=("network",), now=now)


def confirm_exact(session: Session, viewer: Viewer, target: Target, *, now: datetime) -> None:
    """The organisation says that what is written is exact today: the only thing that fills `verified_on`."""
    if not _administers(viewer, target.organisation_id):
        raise Missing
    find_target(session, reader_for(viewer), target.organisation_id, target.service_id)
    today = now.astimezone(TORONTO).date()
    before = _verified_on(session, target)
    _verify(session, target, today)
    old = "" if before is None else before.isoformat()
    note_change(
        session, viewer, target.organisation_id, target.service_id, "verified_on", old, today.isoformat(), now=now
    )


def take_back_confirmation(session: Session, viewer: Viewer, target: Target, *, now: datetime) -> None:
    """Undo a confirmation of the same day: the day before it comes back. Raises Missing, Stale (another day's)."""
    if not _administers(viewer, target.organisation_id):
        raise Missing
    find_target(session, reader_for(viewer), target.organisation_id, target.service_id)
    today, edit = now.astimezone(TORONTO).date(), DirectoryEdit
    whose = edit.service_id.is_(None) if target.service_id is None else edit.service_id == target.service_id
    said = session.scalars(
        select(edit.old_value)
        .where(edit.organisation_id == target.organisation_id, whose, edit.field == "verified_on")
        .where(edit.new_value == today.isoformat())
        .order_by(edit.proposed_at, edit.id)
        .limit(1)
    ).first()
    if said is None or _verified_on(session, target) != today:
        raise Stale
    _verify(session, target, date.fromisoformat(said) if said else None)
    note_change(
        session, viewer, target.organisation_id, target.service_id, "verified_on", today.isoformat(), said, now=now
    )


def _verified_on(session: Session, target: Target) -> date | None:
    model: type[Organisation | Service] = Organisation if target.service_id is None else Service
    row_id = target.organisation_id if target.service_id is None else target.service_id
    return session.scalar(select(model.verified_on).where(model.id == row_id))


def _verify(session: Session, target: Target, day: date | None) -> None:
    model: type[Organisation | Service] = Organisation if target.service_id is None else Service
    row_id = target.organisation_id if target.service_id is None else target.service_id
    session.execute(
        update(model).where(model.id == row_id).values(verified_on=day).execution_options(synchronize_session=False)
    )


def _administers(viewer: Viewer, organisation_id: UUID) -> bool:
    return viewer.organisation_id == organisation_id and holds(viewer, Permission.ORGANISATION_MANAGE)
