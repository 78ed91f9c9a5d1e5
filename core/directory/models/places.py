"""Municipalities, and which organisation receives the women who live there: data, so another region is a folder."""

from uuid import UUID

from sqlalchemy import Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.directory.models.columns import owned_by
from core.kernel.db import Base, internal, new_id, public


class Municipality(Base):
    """Keyed by its five-digit geographic code: stable, public, and what references store."""

    __tablename__ = "municipalities"

    code: Mapped[str] = public(String(5), primary_key=True)
    name: Mapped[str] = public(String(120))
    sort_key: Mapped[str] = public(String(120), index=True)
    designation: Mapped[str] = public(String(60))
    kind: Mapped[str] = public(String(20))
    mrc_code: Mapped[str | None] = public(String(3), index=True)
    mrc_name: Mapped[str | None] = public(String(60))
    region: Mapped[str] = internal(String(40), index=True)
    region_code: Mapped[str] = public(String(2))
    region_name: Mapped[str] = public(String(60))
    population: Mapped[int] = public(Integer)
    preview_code: Mapped[str] = public(String(20))
    preview_label: Mapped[str] = public(String(80))
    preview_label_en: Mapped[str] = public(String(80))


class TerritoryRoute(Base):
    """One organisation that may receive for a municipality. Several rows: ask all of them, without identity."""

    __tablename__ = "territory_routes"
    __table_args__ = (UniqueConstraint("municipality_code", "organisation_id"),)

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    municipality_code: Mapped[str] = public(String(5), owned_by("municipalities.code"))
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    source: Mapped[str] = public(String(120))
