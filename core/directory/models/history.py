"""Every change of a field: old, new, by, when; and the changes someone proposes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped

from core.directory.models.columns import codes, owned_by
from core.directory.rules.words import EditState, Problem
from core.kernel.db import Base, UtcDateTime, internal, new_id


class DirectoryEdit(Base):
    """Field-level provenance. A visitor reports a `problem` code, no text; identical ones are counted."""

    __tablename__ = "directory_edits"
    __table_args__ = (
        codes("state", EditState, "state_code"),
        codes("problem", Problem, "problem_code"),
        Index("ix_directory_edits_organisation_state", "organisation_id", "state"),
    )

    id: Mapped[UUID] = internal(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = internal(Uuid, owned_by("organisations.id"))
    service_id: Mapped[UUID | None] = internal(Uuid, owned_by("services.id"), index=True)
    field: Mapped[str] = internal(String(40))
    old_value: Mapped[str | None] = internal(Text)
    new_value: Mapped[str | None] = internal(Text)
    problem: Mapped[str | None] = internal(String(20))
    times: Mapped[int] = internal(Integer, default=1)
    state: Mapped[str] = internal(String(20))
    # Users live in a higher layer: their identifier is kept, their table is not named here.
    proposed_by: Mapped[UUID | None] = internal(Uuid)
    proposed_by_organisation_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("organisations.id"))
    proposed_at: Mapped[datetime] = internal(UtcDateTime)
    decided_by: Mapped[UUID | None] = internal(Uuid)
    decided_at: Mapped[datetime | None] = internal(UtcDateTime)
