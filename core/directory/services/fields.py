"""Reading and writing one field of an organisation or a service by its name, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory.models import Municipality, Organisation, Service, TaxonomyTerm
from core.directory.rules.cells import parse_areas, parse_list
from core.directory.rules.text import sort_key
from core.directory.rules.words import Acceptance, AreaKind
from core.directory.services.indexing import reindex
from core.directory.services.lists import ORGANISATION_LISTS, SERVICE_LISTS, ListField
from core.directory.services.partners import PARTNER_LISTS
from core.kernel.errors import DomainError, Missing
from core.kernel.i18n import N_

#: Plain columns with their longest text; 0: may not be empty.
ORGANISATION_TEXTS: Mapping[str, int] = {
    "name": 200,
    "description": 1000,
    "description_en": 1000,
    "website": 200,
    "city": 120,
    "territory": 200,
}
SERVICE_TEXTS: Mapping[str, int] = {
    "name": 200,
    "name_en": 200,
    "summary": 1000,
    "summary_en": 1000,
    "limits": 240,
    "limits_en": 240,
    "how_to": 300,
    "how_to_en": 300,
    "acceptance": 20,
}
_NEVER_EMPTY = frozenset({"name", "acceptance"})


@dataclass(frozen=True)
class Target:
    """An organisation, or one of its services."""

    organisation_id: UUID
    service_id: UUID | None = None

    @property
    def texts(self) -> Mapping[str, int]:
        return ORGANISATION_TEXTS if self.service_id is None else SERVICE_TEXTS

    @property
    def lists(self) -> Mapping[str, ListField]:
        return {**ORGANISATION_LISTS, **PARTNER_LISTS} if self.service_id is None else SERVICE_LISTS

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.texts, *self.lists)


def normal_value(session: Session, target: Target, field: str, value: str) -> str:
    """The text as it would be stored. Raises DomainError, in words, when the field does not take it."""
    value = value.strip()
    if field in target.texts:
        if len(value) > target.texts[field]:
            raise DomainError(N_("Ce texte est trop long."))
        if not value and field in _NEVER_EMPTY:
            raise DomainError(N_("Ce champ ne peut pas être vide."))
        if field == "website" and value and not value.startswith("https://"):
            raise DomainError(N_("Un site web commence par https://."))
        if field == "acceptance" and value not in {a.value for a in Acceptance}:
            raise DomainError(N_("Choisissez une des réponses proposées."))
        return value
    if field not in target.lists:
        raise Missing
    try:
        normal = target.lists[field].normal(value)
    except ValueError:
        # The reader's sentence quotes the cell; a refusal never repeats what a person typed.
        raise DomainError(N_("Ce format n’est pas reconnu. Suivez l’exemple donné avec le champ.")) from None
    _check_references(session, field, normal)
    return normal


def _check_references(session: Session, field: str, value: str) -> None:
    if field == "terms":
        known = set(session.scalars(select(TaxonomyTerm.code)))
        if not known.issuperset(parse_list(value)):
            raise DomainError(N_("Ce besoin n’est pas dans la liste."))
    if field == "areas":
        towns = set(session.scalars(select(Municipality.code)))
        mrcs = {code or "" for code in session.scalars(select(Municipality.mrc_code))}
        for area in parse_areas(value):
            if area.code not in {AreaKind.MUNICIPALITY: towns, AreaKind.MRC: mrcs}.get(area.kind, {area.code}):
                raise DomainError(N_("Ce territoire n’est pas dans la région."))


def current_value(session: Session, target: Target, field: str) -> str:
    """What is stored now; empty when nothing is."""
    if field in target.texts:
        return str(getattr(_row(session, target), field) or "")
    if field not in target.lists:
        raise Missing
    return target.lists[field].read(session, target.organisation_id, target.service_id)


def write_value(session: Session, target: Target, field: str, value: str) -> None:
    """Store a value that `normal_value` gave, and index what it changes."""
    if field in target.texts:
        row = _row(session, target)
        setattr(row, field, value or None)
        if field == "name":
            row.sort_key = sort_key(value)
    else:
        target.lists[field].write(session, target.organisation_id, target.service_id, value)
    session.flush()
    services = select(Service.id).where(Service.organisation_id == target.organisation_id)
    reindex(session, frozenset(session.scalars(services) if target.service_id is None else (target.service_id,)))


def _row(session: Session, target: Target) -> Organisation | Service:
    row: Organisation | Service | None
    if target.service_id is None:
        row = session.get(Organisation, target.organisation_id)
    else:
        row = session.get(Service, target.service_id)
    if row is None:
        raise Missing
    return row
