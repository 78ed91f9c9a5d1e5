"""Sheets of admitted organisations: whose they are, and when they were said to be exact."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.directory.models import EligibilityRule, Organisation, Phone, Service
from core.directory.rules.words import Audience, Status


@dataclass(frozen=True)
class DirectorySheet:
    """An organisation's own sheet (`service_id` None) or that of one of its services.

    `tier`: public, partners or confidential; `verified_on`: the local day its organisation said that it was exact.
    """

    organisation_id: UUID
    organisation: str
    service_id: UUID | None
    name: str
    name_en: str | None
    slug: str
    tier: str
    verified_on: date | None


@dataclass(frozen=True)
class SheetContent:
    """What an organisation rereads first of its service: codes of audiences, its numbers (else the organisation's), how
    one asks for it."""

    audiences: tuple[str, ...]
    phones: tuple[str, ...]
    how_to: str | None
    how_to_en: str | None


def own_contents(session: Session, viewer: Viewer) -> dict[UUID, SheetContent]:
    """The services of the viewer's own organisation, confidential ones too. Three statements."""
    mine = viewer.organisation_id
    if mine is None:
        return {}
    audiences: dict[UUID, set[str]] = {}
    rule = EligibilityRule
    rows = session.execute(
        select(rule.service_id, rule.audience)
        .join(Service, Service.id == rule.service_id)
        .where(Service.organisation_id == mine)
    )
    for service_id, audience in rows:
        audiences.setdefault(service_id, set()).add(audience)
    phones: dict[UUID | None, list[str]] = {}
    numbers = select(Phone.service_id, Phone.number).where(Phone.organisation_id == mine, Phone.contact_id.is_(None))
    for owner, number in session.execute(numbers.order_by(Phone.position)):
        phones.setdefault(owner, []).append(number)
    services = select(Service.id, Service.how_to, Service.how_to_en).where(Service.organisation_id == mine)
    return {
        row.id: SheetContent(
            tuple(one.value for one in Audience if one.value in audiences.get(row.id, ())),
            tuple(phones.get(row.id) or phones.get(None) or ()),
            row.how_to,
            row.how_to_en,
        )
        for row in session.execute(services)
    }


def directory_sheets(session: Session, organisations: Collection[UUID] | None = None) -> tuple[DirectorySheet, ...]:
    """Sheets of admitted organisations (of some of them), by organisation, its own first. Two statements.

    Nothing is hidden from the caller: whether a reader may know of a confidential service is the caller's to ask.
    """
    admitted = Organisation.status == Status.ADMITTED.value
    columns = (Organisation.name, Organisation.name_en, Organisation.slug, Organisation.visibility)
    owners = select(Organisation.id, *columns, Organisation.verified_on).where(admitted)
    named = (Service.name, Service.name_en, Service.slug, Service.visibility, Service.verified_on)
    services = select(Service.id, Service.organisation_id, *named)
    if organisations is not None:
        chosen = sorted(organisations, key=str)
        owners = owners.where(Organisation.id.in_(chosen))
        services = services.where(Service.organisation_id.in_(chosen))
    below: dict[UUID, list[DirectorySheet]] = {}
    rows = session.execute(owners.order_by(Organisation.sort_key, Organisation.id)).all()
    names = {row.id: row.name for row in rows}
    for one in session.execute(services.order_by(Service.sort_key, Service.id)):
        if one.organisation_id in names:
            below.setdefault(one.organisation_id, []).append(
                DirectorySheet(
                    one.organisation_id,
                    names[one.organisation_id],
                    one.id,
                    one.name,
                    one.name_en,
                    one.slug,
                    one.visibility,
                    one.verified_on,
                )
            )
    found: list[DirectorySheet] = []
    for row in rows:
        own = (row.name, row.name_en, row.slug, row.visibility, row.verified_on)
        found += (DirectorySheet(row.id, row.name, None, *own), *below.get(row.id, ()))
    return tuple(found)
