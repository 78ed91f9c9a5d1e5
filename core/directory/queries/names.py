"""What services are called, and whose they are: one statement, for a page that names many and says nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.directory.models import Organisation, Service
from core.directory.queries.organisations import reader_for
from core.directory.rules.visibility import may_see
from core.directory.rules.words import Status


@dataclass(frozen=True)
class ServiceName:
    """A service this reader may see, by name. English names are None where nobody wrote one."""

    id: UUID
    slug: str
    name: str
    name_en: str | None
    organisation_id: UUID
    organisation: str
    organisation_en: str | None


def service_names(session: Session, viewer: Viewer, ids: Collection[UUID]) -> dict[UUID, ServiceName]:
    """Those of `ids` that the viewer may see (the same rule as for their cards); others are absent. One statement."""
    if not ids:
        return {}
    reader = reader_for(viewer)
    rows = session.execute(
        select(
            Service.id,
            Service.slug,
            Service.name,
            Service.name_en,
            Service.visibility,
            Organisation.id.label("organisation_id"),
            Organisation.name.label("organisation"),
            Organisation.name_en.label("organisation_en"),
            Organisation.visibility.label("tier"),
        )
        .join(Organisation, Organisation.id == Service.organisation_id)
        .where(Service.id.in_(sorted(ids, key=str)), Organisation.status != Status.SUSPENDED.value)
    )
    return {
        row.id: ServiceName(
            row.id, row.slug, row.name, row.name_en, row.organisation_id, row.organisation, row.organisation_en
        )
        for row in rows
        if may_see(row.visibility, row.organisation_id, reader) and may_see(row.tier, row.organisation_id, reader)
    }


def organisation_names(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """Name and English name of organisations, for whoever knows of them already. One statement."""
    if not ids:
        return {}
    rows = session.execute(
        select(Organisation.id, Organisation.name, Organisation.name_en).where(
            Organisation.id.in_(sorted(ids, key=str))
        )
    )
    return {row.id: (row.name, row.name_en) for row in rows}
