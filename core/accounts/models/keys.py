"""An organisation's key pair being replaced: the next pair, and the seals already made for it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped

from core.kernel.db import Base, UtcDateTime, internal, sealed


class OrganisationKeyChange(Base):
    """The pair that will replace an organisation's. `id` is the organisation's: the wrap is bound to it."""

    __tablename__ = "organisation_key_changes"

    id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"), primary_key=True)
    public_key: Mapped[bytes] = internal(LargeBinary)
    wrapped_private_key: Mapped[bytes] = internal(LargeBinary)
    key_id: Mapped[str] = internal(String(64))
    started_at: Mapped[datetime] = internal(UtcDateTime)


class OrganisationKeySeal(Base):
    """A seal prepared for the next pair. `replaces`: digest of the seal it was made from, in case that one changes."""

    __tablename__ = "organisation_key_seals"

    organisation_id: Mapped[UUID] = internal(
        Uuid, ForeignKey("organisation_key_changes.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[str] = internal(String(40), primary_key=True)
    row_id: Mapped[UUID] = internal(Uuid, primary_key=True)
    replaces: Mapped[bytes] = internal(LargeBinary(32))
    sealed_key: Mapped[bytes] = sealed()
