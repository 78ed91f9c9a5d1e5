"""Organisations as other features need them, and what the viewer amounts to for the directory."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.directory.models import Organisation, Service
from core.directory.rules.visibility import ANYONE, Reader
from core.directory.rules.words import Acceptance, CapacityState, Status, Tier


def reader_for(viewer: Viewer) -> Reader:
    """Public for a visitor and for roles without the partners' directory; the organisation's own facts otherwise."""
    if viewer.is_anonymous or not holds(viewer, Permission.DIRECTORY_READ_PARTNERS):
        return ANYONE
    return Reader(Tier.PARTNERS, viewer.organisation_id)


@dataclass(frozen=True)
class OrganisationView:
    """`regime` is the Act code or None when not known. Keys are None until they are created."""

    id: UUID
    slug: str
    name: str
    name_en: str | None
    acronym: str | None
    type: str
    regime: str | None
    status: str
    visibility: str
    receives_referrals: bool
    city: str | None
    territory: str | None
    website: str | None
    fictitious: bool
    verified_on: date | None
    public_key: bytes | None = field(repr=False)
    wrapped_private_key: bytes | None = field(repr=False)
    key_id: str | None = None

    @property
    def admitted(self) -> bool:
        return self.status == Status.ADMITTED.value


_COLUMNS = (
    Organisation.id,
    Organisation.slug,
    Organisation.name,
    Organisation.name_en,
    Organisation.acronym,
    Organisation.type,
    Organisation.regime,
    Organisation.status,
    Organisation.visibility,
    Organisation.receives_referrals,
    Organisation.city,
    Organisation.territory,
    Organisation.website,
    Organisation.fictitious,
    Organisation.verified_on,
    Organisation.public_key,
    Organisation.wrapped_private_key,
    Organisation.key_id,
)


def _views(session: Session, statement: Select[*tuple[Any, ...]]) -> tuple[OrganisationView, ...]:
    return tuple(OrganisationView(*row) for row in session.execute(statement))


def organisation(session: Session, organisation_id: UUID) -> OrganisationView | None:
    """Unredacted: for the working of the network, not for a page."""
    return next(iter(_views(session, select(*_COLUMNS).where(Organisation.id == organisation_id))), None)


def organisation_by_slug(session: Session, slug: str) -> OrganisationView | None:
    """The same by its stable slug."""
    return next(iter(_views(session, select(*_COLUMNS).where(Organisation.slug == slug))), None)


def organisations(session: Session) -> tuple[OrganisationView, ...]:
    """Every organisation, in alphabetical order; for partners' pages and the network's coordination."""
    return _views(session, select(*_COLUMNS).order_by(Organisation.sort_key))


def organisations_receiving(session: Session) -> tuple[OrganisationView, ...]:
    """Admitted organisations that receive references here, in alphabetical order."""
    return _views(
        session,
        select(*_COLUMNS)
        .where(Organisation.receives_referrals, Organisation.status == Status.ADMITTED.value)
        .order_by(Organisation.sort_key),
    )


@dataclass(frozen=True)
class ServiceCapacity:
    """`weeks`: expected delay of the waiting list. `updated_at` None: nobody has said yet."""

    service_id: UUID
    service_name: str
    service_name_en: str | None
    acceptance: str
    state: CapacityState
    weeks: int | None
    updated_at: datetime | None


#: From the most to the least room; *not known* sits between a waiting list and a full service.
_ORDER = (
    CapacityState.OPEN,
    CapacityState.ASSESSMENT,
    CapacityState.WAITLIST,
    CapacityState.UNKNOWN,
    CapacityState.FULL,
)


@dataclass(frozen=True)
class OrganisationCapacity:
    """Capacity by service, and the best state among the services that receive references here."""

    organisation_id: UUID
    services: tuple[ServiceCapacity, ...]

    @property
    def state(self) -> CapacityState:
        states = [service.state for service in self.services if service.acceptance == Acceptance.HERE.value]
        return min(states, key=_ORDER.index, default=CapacityState.UNKNOWN)

    @property
    def room(self) -> int:
        """For comparing: 0 is the most room."""
        return _ORDER.index(self.state)

    @property
    def weeks(self) -> int | None:
        """The shortest announced delay, when the organisation has a waiting list."""
        return min((s.weeks for s in self.services if s.weeks is not None), default=None)


def capacity_of(session: Session, organisation_id: UUID) -> OrganisationCapacity:
    """Capacity of the organisation's services; empty for an unknown one."""
    return capacity_of_all(session, (organisation_id,))[organisation_id]


def capacity_of_all(session: Session, organisation_ids: tuple[UUID, ...]) -> dict[UUID, OrganisationCapacity]:
    """The same for several organisations in one statement. Confidential services are left out."""
    found: dict[UUID, list[ServiceCapacity]] = {organisation_id: [] for organisation_id in organisation_ids}
    rows = session.execute(
        select(
            Service.organisation_id,
            Service.id,
            Service.name,
            Service.name_en,
            Service.acceptance,
            Service.capacity_state,
            Service.capacity_weeks,
            Service.capacity_at,
        )
        .where(Service.organisation_id.in_(organisation_ids), Service.visibility != Tier.CONFIDENTIAL.value)
        .order_by(Service.sort_key)
    )
    for owner, service_id, name, name_en, acceptance, state, weeks, at in rows:
        found[owner].append(ServiceCapacity(service_id, name, name_en, acceptance, CapacityState(state), weeks, at))
    return {owner: OrganisationCapacity(owner, tuple(services)) for owner, services in found.items()}
