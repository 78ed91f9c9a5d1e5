"""Services: for whom, where, when, how to reach them, and whether there is room."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.directory.models.columns import codes, owned_by
from core.directory.rules.words import Acceptance, AreaKind, Audience, CapacityState, Tier
from core.kernel.db import Base, UtcDateTime, internal, new_id, public


class Service(Base):
    """HSDS `service`, plus acceptance mode, visibility and capacity."""

    __tablename__ = "services"
    __table_args__ = (
        codes("visibility", Tier, "visibility_code"),
        codes("acceptance", Acceptance, "acceptance_code"),
        codes("capacity_state", CapacityState, "capacity_code"),
        CheckConstraint("capacity_weeks IS NULL OR capacity_weeks BETWEEN 0 AND 104", name="capacity_weeks_range"),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    slug: Mapped[str] = public(String(100), unique=True)
    name: Mapped[str] = public(String(200))
    name_en: Mapped[str | None] = public(String(200))
    sort_key: Mapped[str] = public(String(200), index=True)
    summary: Mapped[str | None] = public(Text)
    summary_en: Mapped[str | None] = public(Text)
    limits: Mapped[str | None] = public(String(240))
    limits_en: Mapped[str | None] = public(String(240))
    how_to: Mapped[str | None] = public(String(300))
    how_to_en: Mapped[str | None] = public(String(300))
    visibility: Mapped[str] = internal(String(20), default=Tier.PUBLIC.value, index=True)
    acceptance: Mapped[str] = public(String(20), default=Acceptance.PHONE.value)
    capacity_state: Mapped[str] = public(String(20), default=CapacityState.UNKNOWN.value)
    capacity_weeks: Mapped[int | None] = public(Integer)
    capacity_at: Mapped[datetime | None] = public(UtcDateTime)
    verified_on: Mapped[date | None] = public(Date)


class EligibilityRule(Base):
    """One audience the service receives, with its ages in whole years (both ends included). No rule: not known."""

    __tablename__ = "eligibility_rules"
    __table_args__ = (codes("audience", Audience, "audience_code"),)

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    service_id: Mapped[UUID] = internal(Uuid, owned_by("services.id"), index=True)
    audience: Mapped[str] = public(String(20))
    age_min: Mapped[int | None] = public(Integer)
    age_max: Mapped[int | None] = public(Integer)


class ServiceArea(Base):
    """HSDS `service_area`. Without a service it is the organisation's own, inherited by services that have none."""

    __tablename__ = "service_areas"
    __table_args__ = (codes("kind", AreaKind, "kind_code"),)

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    service_id: Mapped[UUID | None] = internal(Uuid, owned_by("services.id"), index=True)
    kind: Mapped[str] = public(String(20))
    code: Mapped[str] = public(String(20), index=True)
    part: Mapped[str | None] = public(String(40))


class Schedule(Base):
    """HSDS `schedule`, one weekday (0 = Monday) and one interval in minutes after midnight, local time of the region.
    A closing minute not after the opening one means the next day. Without a service: the organisation's own."""

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_range"),
        CheckConstraint("opens BETWEEN 0 AND 1439 AND closes BETWEEN 0 AND 1440", name="minutes_range"),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    service_id: Mapped[UUID | None] = internal(Uuid, owned_by("services.id"), index=True)
    weekday: Mapped[int] = public(Integer)
    opens: Mapped[int] = public(Integer)
    closes: Mapped[int] = public(Integer)
    open_on_holidays: Mapped[bool] = public(Boolean, default=False)


class ScheduleException(Base):
    """A day that differs: closed when `opens` is empty. It wins over holidays and the week."""

    __tablename__ = "schedule_exceptions"
    __table_args__ = (UniqueConstraint("organisation_id", "day"),)

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"))
    day: Mapped[date] = public(Date)
    opens: Mapped[int | None] = public(Integer)
    closes: Mapped[int | None] = public(Integer)
    note: Mapped[str | None] = public(String(120))


class Language(Base):
    """HSDS `language`: an ISO 639 code. Without a service: the organisation's own."""

    __tablename__ = "languages"

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    service_id: Mapped[UUID | None] = internal(Uuid, owned_by("services.id"), index=True)
    code: Mapped[str] = public(String(8))


class RequiredDocument(Base):
    __tablename__ = "required_documents"

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    service_id: Mapped[UUID] = internal(Uuid, owned_by("services.id"), index=True)
    name: Mapped[str] = public(String(160))
    name_en: Mapped[str | None] = public(String(160))
    position: Mapped[int] = internal(Integer, default=0)


class ServiceLocation(Base):
    """HSDS `service_at_location`."""

    __tablename__ = "service_locations"

    service_id: Mapped[UUID] = internal(Uuid, owned_by("services.id"), primary_key=True)
    location_id: Mapped[UUID] = internal(Uuid, owned_by("locations.id"), primary_key=True)


class TaxonomyTerm(Base):
    """HSDS `taxonomy_term`: the network's own short bilingual list, codes stable. `code_211` is the slot of the
    provincial taxonomy. Synonyms are separated by `|`; they feed the search."""

    __tablename__ = "taxonomy_terms"

    code: Mapped[str] = public(String(40), primary_key=True)
    parent_code: Mapped[str | None] = public(String(40), ForeignKey("taxonomy_terms.code"))
    name: Mapped[str] = public(String(120))
    name_en: Mapped[str] = public(String(120))
    synonyms: Mapped[str] = public(Text, default="")
    synonyms_en: Mapped[str] = public(Text, default="")
    code_211: Mapped[str | None] = public(String(40))
    position: Mapped[int] = public(Integer, default=0)
    version: Mapped[int] = public(Integer, default=1)


class ServiceTerm(Base):
    __tablename__ = "service_terms"

    service_id: Mapped[UUID] = internal(Uuid, owned_by("services.id"), primary_key=True)
    term_code: Mapped[str] = internal(String(40), owned_by("taxonomy_terms.code"), primary_key=True, index=True)
