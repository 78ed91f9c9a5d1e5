"""Organisations, where they are, how to reach them, and who does what there."""

from datetime import date
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Integer, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped

from core.directory.models.columns import codes, owned_by
from core.directory.rules.words import OrganisationType, PhoneKind, Regime, Status, Tier
from core.kernel.db import Base, internal, new_id, public, sealed

NEVER_IN_CLEAR = frozenset({Tier.CONFIDENTIAL.value})


class Organisation(Base):
    """HSDS `organization`, plus what the network needs to exchange references with it."""

    __tablename__ = "organisations"
    __table_args__ = (
        codes("type", OrganisationType, "type_code"),
        codes("regime", Regime, "regime_code"),
        codes("status", Status, "status_code"),
        codes("visibility", Tier, "visibility_code"),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    slug: Mapped[str] = public(String(80), unique=True)
    name: Mapped[str] = public(String(200))
    name_en: Mapped[str | None] = public(String(200))
    acronym: Mapped[str | None] = public(String(20))
    sort_key: Mapped[str] = public(String(200), index=True)
    type: Mapped[str] = public(String(20))
    regime: Mapped[str | None] = internal(String(10))
    status: Mapped[str] = internal(String(20), default=Status.PROBATION.value)
    visibility: Mapped[str] = internal(String(20), default=Tier.PUBLIC.value)
    receives_referrals: Mapped[bool] = internal(Boolean, default=False)
    fictitious: Mapped[bool] = public(Boolean, default=False)
    description: Mapped[str | None] = public(Text)
    description_en: Mapped[str | None] = public(Text)
    website: Mapped[str | None] = public(String(200))
    city: Mapped[str | None] = public(String(120))
    territory: Mapped[str | None] = public(String(200))
    region: Mapped[str] = internal(String(40))
    source: Mapped[str | None] = internal(String(120))
    verified_on: Mapped[date | None] = public(Date)
    public_key: Mapped[bytes | None] = internal(LargeBinary)
    wrapped_private_key: Mapped[bytes | None] = internal(LargeBinary)
    key_id: Mapped[str | None] = internal(String(64))


class Location(Base):
    """HSDS `location` and `address`. A confidential one has no clear column at all: only the sealed ones are filled."""

    __tablename__ = "locations"
    __table_args__ = (
        codes("visibility", Tier, "visibility_code"),
        CheckConstraint(
            "visibility <> 'confidential' OR (address IS NULL AND postal_code IS NULL AND municipality_code IS NULL)",
            name="confidential_is_sealed",
        ),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    key: Mapped[str] = internal(String(80), unique=True)
    name: Mapped[str | None] = public(String(200))
    visibility: Mapped[str] = internal(String(20), default=Tier.PUBLIC.value)
    address: Mapped[str | None] = public(String(200))
    postal_code: Mapped[str | None] = public(String(10))
    municipality_code: Mapped[str | None] = public(String(5), ForeignKey("municipalities.code"))
    accessible: Mapped[bool | None] = public(Boolean)
    sealed_key: Mapped[bytes | None] = sealed()
    sealed_details: Mapped[bytes | None] = sealed()
    sealed_version: Mapped[int] = internal(Integer, default=0)


class Contact(Base):
    """*Qui est qui*: functions, never names. Partners only."""

    __tablename__ = "contacts"

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    function: Mapped[str] = internal(String(160))
    helps_with: Mapped[str | None] = internal(String(240))
    position: Mapped[int] = internal(Integer, default=0)


class RoomLent(Base):
    """A room the organisation lends to partners. Partners only: a meeting place can say where a woman will be."""

    __tablename__ = "rooms_lent"

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    name: Mapped[str] = internal(String(160))
    municipality_code: Mapped[str | None] = internal(String(5), ForeignKey("municipalities.code"))
    conditions: Mapped[str | None] = internal(String(240))
    position: Mapped[int] = internal(Integer, default=0)


class Phone(Base):
    """HSDS `phone`, of an organisation, one of its services or a function. A confidential number is never stored here:
    it goes with the sealed location."""

    __tablename__ = "phones"
    __table_args__ = (
        codes("kind", PhoneKind, "kind_code"),
        codes("visibility", Tier, "visibility_code", without=NEVER_IN_CLEAR),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"), index=True)
    service_id: Mapped[UUID | None] = internal(Uuid, owned_by("services.id"), index=True)
    contact_id: Mapped[UUID | None] = internal(Uuid, owned_by("contacts.id"), index=True)
    number: Mapped[str] = public(String(20))
    extension: Mapped[str | None] = public(String(10))
    kind: Mapped[str] = public(String(20), default=PhoneKind.VOICE.value)
    visibility: Mapped[str] = internal(String(20), default=Tier.PUBLIC.value)
    position: Mapped[int] = internal(Integer, default=0)
