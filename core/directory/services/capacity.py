"""Saying in one tap whether there is room."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.directory.models import Service
from core.directory.rules.words import CapacityState
from core.directory.services.edits import note_change
from core.kernel.errors import DomainError, Missing
from core.kernel.events import emit
from core.kernel.i18n import N_

MAX_WEEKS = 104


def set_capacity(
    session: Session,
    viewer: Viewer,
    service_id: UUID,
    state: CapacityState,
    weeks: int | None = None,
    *,
    now: datetime,
) -> None:
    """Write the capacity of a service of the viewer's organisation; `weeks` only with a waiting list.

    Raises Missing for another organisation's service, DomainError for a delay out of range. Partners' pages follow by
    the event `directory.capacity`.
    """
    if not holds(viewer, Permission.CAPACITY_UPDATE):
        raise Missing
    columns = (Service.capacity_state, Service.capacity_weeks)
    mine = (Service.id == service_id) & (Service.organisation_id == viewer.organisation_id)
    row = session.execute(select(*columns).where(mine)).first()
    if row is None or viewer.organisation_id is None:
        raise Missing
    if weeks is not None and not 0 <= weeks <= MAX_WEEKS:
        raise DomainError(N_("Entrez un délai de 0 à 104 semaines."))
    kept = weeks if state is CapacityState.WAITLIST else None
    session.execute(
        update(Service)
        .where(mine)
        .values(capacity_state=state.value, capacity_weeks=kept, capacity_at=now)
        .execution_options(synchronize_session=False)
    )
    if (row.capacity_state, row.capacity_weeks) != (state.value, kept):
        note_change(
            session,
            viewer,
            viewer.organisation_id,
            service_id,
            "capacity",
            _text(row.capacity_state, row.capacity_weeks),
            _text(state.value, kept),
            now=now,
        )
    emit(session, "directory.capacity", str(service_id), topics=("network",), now=now)


def _text(state: str, weeks: int | None) -> str:
    return state if weeks is None else f"{state}:{weeks}"
