"""Tables of the board; their names begin with the plugin's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, String, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal


class Note(Base):
    """A note: news of a committee, never about a person. `author_id` is emptied when that account is erased."""

    __tablename__ = "modele_notes"
    __table_args__ = (Index("ix_modele_notes_posted_at", "posted_at"),)

    id: Mapped[UUID] = identifier()
    text: Mapped[str] = internal(String(500))
    organisation_id: Mapped[UUID] = internal(Uuid)
    author_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    reserved: Mapped[bool] = internal(Boolean, default=False)
    pinned: Mapped[bool] = internal(Boolean, default=False)
    posted_at: Mapped[datetime] = internal(UtcDateTime)
    archived_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
