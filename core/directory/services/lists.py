"""The lists of an organisation or a service that are edited as one cell: hours, phones, areas, audiences, terms…

One text per list (`core.directory.rules.cells`) serves the import, the proposals, the organisation's page and the
history alike.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from core.directory.models import (
    EligibilityRule,
    Language,
    Phone,
    RequiredDocument,
    Schedule,
    ServiceArea,
    ServiceTerm,
)
from core.directory.rules import cells
from core.directory.rules.hours import Interval
from core.directory.rules.matching import Eligibility, Territory
from core.directory.rules.words import AreaKind, Audience, PhoneKind, Tier
from core.kernel.db import Base

Reader = Callable[[Session, UUID, UUID | None], str]
Writer = Callable[[Session, UUID, UUID | None, str], None]


@dataclass(frozen=True)
class ListField:
    """`normal` gives the canonical text of a valid cell (ValueError otherwise); `read` and `write` are its two ways."""

    normal: Callable[[str], str]
    read: Reader
    write: Writer


def _owned(model: type[Any], owner: UUID, service_id: UUID | None) -> ColumnElement[bool]:
    scope = model.service_id.is_(None) if service_id is None else model.service_id == service_id
    return and_(model.organisation_id == owner, scope)


def _replace(session: Session, model: type[Base], where: ColumnElement[bool], rows: Iterable[Base]) -> None:
    session.execute(delete(model).where(where))
    session.add_all(rows)
    session.flush()


def _read_hours(session: Session, owner: UUID, service_id: UUID | None) -> str:
    columns = (Schedule.weekday, Schedule.opens, Schedule.closes, Schedule.open_on_holidays)
    rows = session.execute(select(*columns).where(_owned(Schedule, owner, service_id)))
    return cells.format_hours(Interval(*row) for row in rows)


def _write_hours(session: Session, owner: UUID, service_id: UUID | None, cell: str) -> None:
    _replace(
        session,
        Schedule,
        _owned(Schedule, owner, service_id),
        [
            Schedule(
                organisation_id=owner,
                service_id=service_id,
                weekday=i.weekday,
                opens=i.opens,
                closes=i.closes,
                open_on_holidays=i.open_on_holidays,
            )
            for i in cells.parse_hours(cell)
        ],
    )


def _read_phones(session: Session, owner: UUID, service_id: UUID | None) -> str:
    mine = _owned(Phone, owner, service_id) & (Phone.visibility == Tier.PUBLIC.value) & Phone.contact_id.is_(None)
    rows = session.execute(select(Phone.kind, Phone.number).where(mine).order_by(Phone.position))
    return cells.format_phones((PhoneKind(kind), number) for kind, number in rows)


def _write_phones(session: Session, owner: UUID, service_id: UUID | None, cell: str) -> None:
    _replace(
        session,
        Phone,
        _owned(Phone, owner, service_id) & (Phone.visibility == Tier.PUBLIC.value) & Phone.contact_id.is_(None),
        [
            Phone(organisation_id=owner, service_id=service_id, kind=kind.value, number=number, position=position)
            for position, (kind, number) in enumerate(cells.parse_phones(cell))
        ],
    )


def _read_areas(session: Session, owner: UUID, service_id: UUID | None) -> str:
    columns = (ServiceArea.kind, ServiceArea.code, ServiceArea.part)
    rows = session.execute(
        select(*columns).where(_owned(ServiceArea, owner, service_id)).order_by(ServiceArea.kind, ServiceArea.code)
    )
    return cells.format_areas(Territory(AreaKind(kind), code, part) for kind, code, part in rows)


def _write_areas(session: Session, owner: UUID, service_id: UUID | None, cell: str) -> None:
    _replace(
        session,
        ServiceArea,
        _owned(ServiceArea, owner, service_id),
        [
            ServiceArea(organisation_id=owner, service_id=service_id, kind=a.kind.value, code=a.code, part=a.part)
            for a in cells.parse_areas(cell)
        ],
    )


def _normal_areas(cell: str) -> str:
    return cells.format_areas(sorted(cells.parse_areas(cell), key=lambda area: (area.kind.value, area.code)))


def _read_languages(session: Session, owner: UUID, service_id: UUID | None) -> str:
    rows = session.scalars(select(Language.code).where(_owned(Language, owner, service_id)).order_by(Language.code))
    return cells.format_list(rows)


def _write_languages(session: Session, owner: UUID, service_id: UUID | None, cell: str) -> None:
    _replace(
        session,
        Language,
        _owned(Language, owner, service_id),
        [Language(organisation_id=owner, service_id=service_id, code=code) for code in cells.parse_list(cell)],
    )


def _read_audiences(session: Session, _owner: UUID, service_id: UUID | None) -> str:
    rule = EligibilityRule
    rows = session.execute(
        select(rule.audience, rule.age_min, rule.age_max).where(rule.service_id == service_id).order_by(rule.audience)
    )
    return cells.format_audiences(Eligibility(Audience(audience), low, high) for audience, low, high in rows)


def _write_audiences(session: Session, _owner: UUID, service_id: UUID | None, cell: str) -> None:
    _replace(
        session,
        EligibilityRule,
        EligibilityRule.service_id == service_id,
        [
            EligibilityRule(service_id=service_id, audience=r.audience.value, age_min=r.age_min, age_max=r.age_max)
            for r in cells.parse_audiences(cell)
        ],
    )


def _normal_audiences(cell: str) -> str:
    return cells.format_audiences(sorted(cells.parse_audiences(cell), key=lambda rule: rule.audience.value))


def _read_terms(session: Session, _owner: UUID, service_id: UUID | None) -> str:
    rows = session.scalars(
        select(ServiceTerm.term_code).where(ServiceTerm.service_id == service_id).order_by(ServiceTerm.term_code)
    )
    return cells.format_list(rows)


def _write_terms(session: Session, _owner: UUID, service_id: UUID | None, cell: str) -> None:
    _replace(
        session,
        ServiceTerm,
        ServiceTerm.service_id == service_id,
        [ServiceTerm(service_id=service_id, term_code=code) for code in cells.parse_list(cell)],
    )


def _read_documents(session: Session, _owner: UUID, service_id: UUID | None) -> str:
    document = RequiredDocument
    rows = session.execute(
        select(document.name, document.name_en).where(document.service_id == service_id).order_by(document.position)
    )
    return cells.format_list(f"{name}|{name_en}" if name_en else name for name, name_en in rows)


def _write_documents(session: Session, _owner: UUID, service_id: UUID | None, cell: str) -> None:
    pairs = [item.partition("|") for item in cells.parse_list(cell)]
    _replace(
        session,
        RequiredDocument,
        RequiredDocument.service_id == service_id,
        [
            RequiredDocument(service_id=service_id, name=name, name_en=name_en or None, position=position)
            for position, (name, _, name_en) in enumerate(pairs)
        ],
    )


def _normal_list(cell: str) -> str:
    return cells.format_list(cells.parse_list(cell))


def _sorted_list(cell: str) -> str:
    return cells.format_list(sorted(cells.parse_list(cell)))


def _normal_hours(cell: str) -> str:
    return cells.format_hours(cells.parse_hours(cell))


def _normal_phones(cell: str) -> str:
    return cells.format_phones(cells.parse_phones(cell))


_SHARED: Mapping[str, ListField] = {
    "areas": ListField(_normal_areas, _read_areas, _write_areas),
    "hours": ListField(_normal_hours, _read_hours, _write_hours),
    "languages": ListField(_sorted_list, _read_languages, _write_languages),
}
ORGANISATION_LISTS: Mapping[str, ListField] = {
    **_SHARED,
    "phones": ListField(_normal_phones, _read_phones, _write_phones),
}
SERVICE_LISTS: Mapping[str, ListField] = {
    **_SHARED,
    "audiences": ListField(_normal_audiences, _read_audiences, _write_audiences),
    "terms": ListField(_sorted_list, _read_terms, _write_terms),
    "documents": ListField(_normal_list, _read_documents, _write_documents),
}
