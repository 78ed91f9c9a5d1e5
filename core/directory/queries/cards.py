"""Services as a reader may see them: one bundle of statements whatever their number, redacted before it leaves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.directory.models import (
    EligibilityRule,
    Language,
    Location,
    Municipality,
    Organisation,
    Phone,
    RequiredDocument,
    Service,
    ServiceArea,
    ServiceLocation,
    ServiceTerm,
    TaxonomyTerm,
)
from core.directory.queries.hours import hours_of_many, state_now
from core.directory.queries.phones import PhoneView
from core.directory.rules.hours import OpeningHours, OpenState
from core.directory.rules.matching import Eligibility, Match, ServiceFacts, Territory
from core.directory.rules.visibility import Freshness, Reader, freshness, may_see
from core.directory.rules.words import AreaKind, Audience, CapacityState, Status, Tier
from core.kernel.clock import TORONTO
from core.kernel.db import prepared


@dataclass(frozen=True)
class PlaceView:
    """A public place. A confidential one has no view at all: only `confidential` is said."""

    name: str | None
    address: str | None
    postal_code: str | None
    municipality: str | None
    accessible: bool | None


@dataclass(frozen=True)
class AreaView:
    """`label` is French source text for the region and the province, else the place's own name."""

    kind: str
    code: str
    label: str
    part: str | None


@dataclass(frozen=True)
class TermView:
    code: str
    name: str
    name_en: str


@dataclass(frozen=True)
class ServiceCard:
    id: UUID
    slug: str
    name: str
    name_en: str | None
    summary: str | None
    summary_en: str | None
    limits: str | None
    limits_en: str | None
    how_to: str | None
    how_to_en: str | None
    sort_key: str
    organisation_id: UUID
    organisation_slug: str
    organisation_name: str
    organisation_name_en: str | None
    organisation_type: str
    website: str | None
    fictitious: bool
    visibility: str
    acceptance: str
    capacity_state: CapacityState
    capacity_weeks: int | None
    capacity_at: datetime | None
    verified_on: date | None
    freshness: Freshness
    phones: tuple[PhoneView, ...]
    hours: OpeningHours
    state: OpenState
    places: tuple[PlaceView, ...]
    confidential_address: bool
    areas: tuple[AreaView, ...]
    eligibility: tuple[Eligibility, ...]
    languages: tuple[str, ...]
    documents: tuple[tuple[str, str | None], ...]
    terms: tuple[TermView, ...]
    match: Match | None = field(default=None)

    @property
    def facts(self) -> ServiceFacts:
        areas = tuple(Territory(AreaKind(area.kind), area.code, area.part) for area in self.areas)
        return ServiceFacts(self.eligibility, areas, self.languages)


def cards(
    session: Session, reader: Reader, ids: Iterable[UUID], now: datetime, *, brief: bool = False
) -> dict[UUID, ServiceCard]:
    """The cards of those of `ids` the reader may see; others are simply absent. Twelve statements, seven in brief:
    without documents, needs, places and the names of territories."""
    wanted = list(ids)
    rows = [
        row
        for row in session.execute(*_services(wanted))
        if may_see(row.Service.visibility, row.Organisation.id, reader)
        and may_see(row.Organisation.visibility, row.Organisation.id, reader)
    ]
    seen = [row.Service.id for row in rows]
    parts = _Parts(session, reader, seen, [row.Organisation.id for row in rows], brief)
    today = now.astimezone(TORONTO).date()
    return {row.Service.id: _card(row.Service, row.Organisation, parts, now, today) for row in rows}


def _card(service: Service, owner: Organisation, parts: "_Parts", now: datetime, today: date) -> ServiceCard:
    key = (owner.id, service.id)
    hours = parts.hours[key]
    return ServiceCard(
        id=service.id,
        slug=service.slug,
        name=service.name,
        name_en=service.name_en,
        summary=service.summary,
        summary_en=service.summary_en,
        limits=service.limits,
        limits_en=service.limits_en,
        how_to=service.how_to,
        how_to_en=service.how_to_en,
        sort_key=service.sort_key,
        organisation_id=owner.id,
        organisation_slug=owner.slug,
        organisation_name=owner.name,
        organisation_name_en=owner.name_en,
        organisation_type=owner.type,
        website=owner.website,
        fictitious=owner.fictitious,
        visibility=service.visibility,
        acceptance=service.acceptance,
        capacity_state=CapacityState(service.capacity_state),
        capacity_weeks=service.capacity_weeks,
        capacity_at=service.capacity_at,
        verified_on=service.verified_on or owner.verified_on,
        freshness=freshness(service.verified_on or owner.verified_on, today),
        phones=tuple(parts.inherited(parts.phones, key)),
        hours=hours,
        state=state_now(hours, now),
        places=tuple(parts.places.get(service.id, ())),
        confidential_address=service.id in parts.confidential,
        areas=tuple(parts.inherited(parts.areas, key)),
        eligibility=tuple(parts.eligibility.get(service.id, ())),
        languages=tuple(parts.inherited(parts.languages, key)),
        documents=tuple(parts.documents.get(service.id, ())),
        terms=tuple(parts.terms.get(service.id, ())),
    )


class _Parts:
    """What hangs on services, grouped; lists held by the organisation are inherited."""

    def __init__(self, session: Session, reader: Reader, services: list[UUID], owners: list[UUID], brief: bool) -> None:
        self.session, self.reader, self.services, self.owners = session, reader, services, owners
        self.hours = hours_of_many(session, list(zip(owners, services, strict=True)))
        self.phones = self._phones()
        self.areas = self._areas({} if brief else self._names())
        self.languages: dict[tuple[UUID, UUID | None], list[str]] = {}
        for owner, service, code in session.execute(*_languages(owners)):
            self.languages.setdefault((owner, service), []).append(code)
        self.eligibility: dict[UUID, list[Eligibility]] = {}
        for service, audience, low, high in session.execute(*_eligibility(services)):
            self.eligibility.setdefault(service, []).append(Eligibility(Audience(audience), low, high))
        for rules in self.eligibility.values():
            rules.sort(key=lambda found: list(Audience).index(found.audience))
        self.documents: dict[UUID, list[tuple[str, str | None]]] = {}
        self.terms: dict[UUID, list[TermView]] = {}
        self.places: dict[UUID, list[PlaceView]] = {}
        self.confidential: frozenset[UUID] = frozenset()
        if not brief:
            self._documents_and_terms()
            self.places, self.confidential = self._places()

    def _documents_and_terms(self) -> None:
        for service, name, name_en in self.session.execute(*_documents(self.services)):
            self.documents.setdefault(service, []).append((name, name_en))
        for service, code, name, name_en in self.session.execute(*_terms(self.services)):
            self.terms.setdefault(service, []).append(TermView(code, name, name_en))

    @staticmethod
    def inherited(held: dict[tuple[UUID, UUID | None], list[Any]], key: tuple[UUID, UUID]) -> list[Any]:
        return held.get(key) or held.get((key[0], None)) or []

    def _phones(self) -> dict[tuple[UUID, UUID | None], list[PhoneView]]:
        found: dict[tuple[UUID, UUID | None], list[PhoneView]] = {}
        for owner, service, kind, number, extension, tier in self.session.execute(*_phones(self.owners)):
            if may_see(tier, owner, self.reader):
                found.setdefault((owner, service), []).append(PhoneView(number, extension or "", kind))
        return found

    def _names(self) -> dict[tuple[str, str], str]:
        """Names of territories, by (kind, code)."""
        names = {("municipality", code): name for code, name in self.session.execute(*_towns(self.owners))}
        for mrc_code, mrc_name, region_code, region_name in self.session.execute(_WIDER):
            names[("mrc", mrc_code or "")] = mrc_name or ""
            names[("region", region_code)] = region_name
        return names

    def _areas(self, names: Mapping[tuple[str, str], str]) -> dict[tuple[UUID, UUID | None], list[AreaView]]:
        found: dict[tuple[UUID, UUID | None], list[AreaView]] = {}
        for owner, service, kind, code, part in self.session.execute(*_territories(self.owners)):
            label = "Tout le Québec" if kind == "province" else names.get((kind, code), "Autre région")
            found.setdefault((owner, service), []).append(AreaView(kind, code, label, part))
        return found

    def _places(self) -> tuple[dict[UUID, list[PlaceView]], frozenset[UUID]]:
        found: dict[UUID, list[PlaceView]] = {}
        hidden: set[UUID] = set()
        rows = self.session.execute(*_locations(self.services))
        for service, owner, tier, name, address, postal_code, town, accessible in rows:
            if tier == Tier.CONFIDENTIAL.value:
                hidden.add(service)
            elif may_see(tier, owner, self.reader):
                found.setdefault(service, []).append(PlaceView(name, address, postal_code, town, accessible))
        return found, frozenset(hidden)


# Each statement is built once: a search sends all of them, and to build them cost half of it.


@prepared
def _services(ids: list[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(Service, Organisation)
        .join(Organisation, Organisation.id == Service.organisation_id)
        .where(Service.id.in_(ids), Organisation.status != Status.SUSPENDED.value)
    )


@prepared
def _languages(owners: list[UUID]) -> Select[*tuple[Any, ...]]:
    statement = select(Language.organisation_id, Language.service_id, Language.code)
    return statement.where(Language.organisation_id.in_(owners)).order_by(Language.code)


@prepared
def _eligibility(services: list[UUID]) -> Select[*tuple[Any, ...]]:
    rule = EligibilityRule
    return select(rule.service_id, rule.audience, rule.age_min, rule.age_max).where(rule.service_id.in_(services))


@prepared
def _documents(services: list[UUID]) -> Select[*tuple[Any, ...]]:
    document = RequiredDocument
    statement = select(document.service_id, document.name, document.name_en)
    return statement.where(document.service_id.in_(services)).order_by(document.position)


@prepared
def _terms(services: list[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(ServiceTerm.service_id, TaxonomyTerm.code, TaxonomyTerm.name, TaxonomyTerm.name_en)
        .join(TaxonomyTerm, TaxonomyTerm.code == ServiceTerm.term_code)
        .where(ServiceTerm.service_id.in_(services))
        .order_by(TaxonomyTerm.position)
    )


@prepared
def _phones(owners: list[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(Phone.organisation_id, Phone.service_id, Phone.kind, Phone.number, Phone.extension, Phone.visibility)
        .where(Phone.organisation_id.in_(owners), Phone.contact_id.is_(None))
        .order_by(Phone.position)
    )


_WIDER = select(
    Municipality.mrc_code, Municipality.mrc_name, Municipality.region_code, Municipality.region_name
).distinct()


@prepared
def _towns(owners: list[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(Municipality.code, Municipality.name)
        .join(ServiceArea, (ServiceArea.code == Municipality.code) & (ServiceArea.kind == "municipality"))
        .where(ServiceArea.organisation_id.in_(owners))
    )


@prepared
def _territories(owners: list[UUID]) -> Select[*tuple[Any, ...]]:
    area = ServiceArea
    statement = select(area.organisation_id, area.service_id, area.kind, area.code, area.part)
    return statement.where(area.organisation_id.in_(owners)).order_by(area.kind, area.code)


@prepared
def _locations(services: list[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ServiceLocation.service_id,
            Location.organisation_id,
            Location.visibility,
            Location.name,
            Location.address,
            Location.postal_code,
            Municipality.name,
            Location.accessible,
        )
        .join(Location, Location.id == ServiceLocation.location_id)
        .outerjoin(Municipality, Municipality.code == Location.municipality_code)
        .where(ServiceLocation.service_id.in_(services))
        .order_by(Location.key)
    )
