"""What the pages of a service, of an organisation and of one's own organisation show."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from core.directory.models import Contact, DirectoryEdit, Municipality, Organisation, RoomLent, Service
from core.directory.queries.addresses import PLACE_FIELD, keeps_its_address
from core.directory.queries.cards import ServiceCard, cards
from core.directory.queries.hours import opening_hours, state_now
from core.directory.queries.phones import PhoneView, public_phones
from core.directory.rules.hours import OpeningHours, OpenState
from core.directory.rules.visibility import Freshness, Reader, freshness, may_see
from core.directory.rules.words import EditState, Status, Tier
from core.kernel.clock import TORONTO

HISTORY = 20


@dataclass(frozen=True)
class ContactView:
    function: str
    helps_with: str | None


@dataclass(frozen=True)
class RoomView:
    name: str
    municipality: str | None
    conditions: str | None


@dataclass(frozen=True)
class EditView:
    """One line of the history, or one proposal that waits. `by`: the organisation that proposed, None for a visitor."""

    id: UUID
    service_id: UUID | None
    service_name: str | None
    field: str
    old: str | None
    new: str | None
    problem: str | None
    times: int
    state: str
    by: str | None
    at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class OrganisationPage:
    """`contacts`, `rooms` and `history` are empty for the public; `city` is None beside a confidential address."""

    id: UUID
    slug: str
    name: str
    name_en: str | None
    acronym: str | None
    type: str
    fictitious: bool
    description: str | None
    description_en: str | None
    website: str | None
    city: str | None
    territory: str | None
    receives_referrals: bool
    verified_on: date | None
    freshness: Freshness
    phones: tuple[PhoneView, ...]
    hours: OpeningHours
    state: OpenState
    services: tuple[ServiceCard, ...]
    contacts: tuple[ContactView, ...]
    rooms: tuple[RoomView, ...]
    history: tuple[EditView, ...]
    has_confidential_address: bool


def service_page(session: Session, reader: Reader, slug: str, now: datetime) -> ServiceCard | None:
    """The card of a service by its slug or identifier; None when there is none for this reader."""
    service_id = _identifier(session, Service, slug)
    return None if service_id is None else cards(session, reader, (service_id,), now).get(service_id)


def organisation_page(session: Session, reader: Reader, slug: str, now: datetime) -> OrganisationPage | None:
    """An organisation with the services this reader may see; None when there is none for this reader."""
    organisation_id = _identifier(session, Organisation, slug)
    if organisation_id is None:
        return None
    row = session.scalars(
        select(Organisation).where(Organisation.id == organisation_id, Organisation.status != Status.SUSPENDED.value)
    ).first()
    if row is None or not may_see(row.visibility, row.id, reader):
        return None
    ids = session.scalars(select(Service.id).where(Service.organisation_id == row.id))
    services = sorted(cards(session, reader, ids, now).values(), key=lambda card: card.sort_key)
    hours = opening_hours(session, row.id)
    confidential = keeps_its_address(session, row.id)
    return OrganisationPage(
        id=row.id,
        slug=row.slug,
        name=row.name,
        name_en=row.name_en,
        acronym=row.acronym,
        type=row.type,
        fictitious=row.fictitious,
        description=row.description,
        description_en=row.description_en,
        website=row.website,
        city=None if confidential else row.city,
        territory=row.territory,
        receives_referrals=row.receives_referrals,
        verified_on=row.verified_on,
        freshness=freshness(row.verified_on, now.astimezone(TORONTO).date()),
        phones=public_phones(session, (row.id,))[row.id],
        hours=hours,
        state=state_now(hours, now),
        services=tuple(services),
        contacts=contacts_of(session, row.id) if reader.is_partner else (),
        rooms=rooms_of(session, row.id) if reader.is_partner else (),
        history=history_of(session, row.id, placed=not confidential) if reader.is_partner else (),
        has_confidential_address=confidential,
    )


def _identifier(session: Session, model: type[Organisation] | type[Service], slug: str) -> UUID | None:
    found = session.scalar(select(model.id).where(model.slug == slug))
    if found is not None:
        return found
    try:
        return UUID(slug)
    except ValueError:
        return None


def contacts_of(session: Session, organisation_id: UUID) -> tuple[ContactView, ...]:
    """*Qui est qui*, in the organisation's order. For partners."""
    columns = (Contact.function, Contact.helps_with)
    rows = session.execute(
        select(*columns).where(Contact.organisation_id == organisation_id).order_by(Contact.position)
    )
    return tuple(ContactView(*row) for row in rows)


def rooms_of(session: Session, organisation_id: UUID) -> tuple[RoomView, ...]:
    """Rooms the organisation lends. For partners."""
    rows = session.execute(
        select(RoomLent.name, Municipality.name, RoomLent.conditions)
        .outerjoin(Municipality, Municipality.code == RoomLent.municipality_code)
        .where(RoomLent.organisation_id == organisation_id)
        .order_by(RoomLent.position)
    )
    return tuple(RoomView(*row) for row in rows)


def history_of(session: Session, organisation_id: UUID, *, placed: bool) -> tuple[EditView, ...]:
    """The last changes of the fields, newest first, those of confidential services left out; unless `placed`, those
    that say where it is too."""
    changed = (EditState.ACCEPTED.value, EditState.APPLIED.value, EditState.IMPORTED.value)
    wanted = DirectoryEdit.state.in_(changed) & DirectoryEdit.problem.is_(None)
    if not placed:
        wanted &= DirectoryEdit.field != PLACE_FIELD
    return _edits(session, organisation_id, wanted, HISTORY, with_confidential=False)


def pending_edits(session: Session, organisation_id: UUID) -> tuple[EditView, ...]:
    """Proposals and reports that wait for the organisation, newest first."""
    waiting = DirectoryEdit.state == EditState.PROPOSED.value
    return _edits(session, organisation_id, waiting, 100, with_confidential=True)


def edit_states(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """What became of proposals that the caller made: proposed, accepted or declined. One statement."""
    if not ids:
        return {}
    rows = session.execute(
        select(DirectoryEdit.id, DirectoryEdit.state).where(DirectoryEdit.id.in_(sorted(ids, key=str)))
    )
    return {row.id: row.state for row in rows}


def _edits(
    session: Session, organisation_id: UUID, wanted: ColumnElement[bool], limit: int, *, with_confidential: bool
) -> tuple[EditView, ...]:
    edit = DirectoryEdit
    statement: Select[*tuple[Any, ...]] = (
        select(
            edit.id,
            edit.service_id,
            Service.name,
            edit.field,
            edit.old_value,
            edit.new_value,
            edit.problem,
            edit.times,
            edit.state,
            Organisation.name,
            edit.proposed_at,
            edit.decided_at,
        )
        .outerjoin(Service, Service.id == edit.service_id)
        .outerjoin(Organisation, Organisation.id == edit.proposed_by_organisation_id)
        .where(edit.organisation_id == organisation_id, wanted)
        .order_by(edit.proposed_at.desc(), edit.id.desc())
        .limit(limit)
    )
    if not with_confidential:
        statement = statement.where(Service.id.is_(None) | (Service.visibility != Tier.CONFIDENTIAL.value))
    return tuple(EditView(*row) for row in session.execute(statement))
