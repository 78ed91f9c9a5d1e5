"""Hours given to committees: entries, what corrected them, and imports in course.

Nothing here is about a woman: the activity is a few words about a meeting or a task, and the page says to name nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped

from core.committees.rules.hours import ACTIVITY_LENGTH, REASON_LENGTH, Act, Kind, Source, State
from core.kernel.db import Base, UtcDateTime, identifier, internal


def _codes(column: str, words: type[StrEnum] | Iterable[str], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


class HoursEntry(Base):
    """Time of one organisation, in whole quarter hours: of one person, or of the organisation (`user_id` empty).

    `first_day` = `last_day`, or a period whose sum one line tells. `other_figure`: what another page of the same source
    prints for the line, never added. `source_key` makes a form sent twice or a file imported twice one entry.
    """

    __tablename__ = "hours_entries"
    __table_args__ = (
        _codes("kind", Kind, "kind_code"),
        _codes("state", State, "state_code"),
        _codes("source", Source, "source_code"),
        CheckConstraint("quarter_hours > 0", name="quarter_hours_positive"),
        CheckConstraint("persons IS NULL OR persons > 0", name="persons_positive"),
        CheckConstraint("first_day <= last_day", name="days_in_order"),
        UniqueConstraint("organisation_id", "source_key"),
        Index("ix_hours_entries_organisation_id_first_day", "organisation_id", "first_day", "id"),
        Index("ix_hours_entries_organisation_id_state", "organisation_id", "state", "first_day"),
        Index("ix_hours_entries_user_id_first_day", "user_id", "first_day"),
        Index("ix_hours_entries_first_day_committee", "first_day", "committee"),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    entered_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"), index=True)
    # The slug and no key: hours outlive the committee they were given to.
    committee: Mapped[str | None] = internal(String(60))
    activity: Mapped[str] = internal(String(ACTIVITY_LENGTH), default="")
    kind: Mapped[str] = internal(String(16))
    first_day: Mapped[date] = internal(Date)
    last_day: Mapped[date] = internal(Date)
    quarter_hours: Mapped[int] = internal(Integer)
    other_figure: Mapped[int | None] = internal(Integer)
    persons: Mapped[int | None] = internal(Integer)
    state: Mapped[str] = internal(String(12), default=State.SUBMITTED.value)
    version: Mapped[int] = internal(Integer, default=1)
    source: Mapped[str] = internal(String(8), default=Source.MANUAL.value)
    source_key: Mapped[str | None] = internal(String(64))
    import_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("hours_imports.id"), index=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    decided_by: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    decided_at: Mapped[datetime | None] = internal(UtcDateTime)
    return_reason: Mapped[str | None] = internal(String(REASON_LENGTH))


class HoursRevision(Base):
    """What one act changed in one entry, old and new, by whom and why. Rows are only ever added.

    `batch_id` groups the entries of one gesture, so that it is undone as one.
    """

    __tablename__ = "hours_revisions"
    __table_args__ = (_codes("act", Act, "act_code"), UniqueConstraint("entry_id", "version"))

    id: Mapped[UUID] = identifier()
    entry_id: Mapped[UUID] = internal(Uuid, ForeignKey("hours_entries.id"))
    batch_id: Mapped[UUID] = internal(Uuid, index=True)
    version: Mapped[int] = internal(Integer)
    act: Mapped[str] = internal(String(10))
    old: Mapped[dict[str, Any]] = internal(JSON)
    new: Mapped[dict[str, Any]] = internal(JSON)
    reason: Mapped[str | None] = internal(String(REASON_LENGTH))
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    at: Mapped[datetime] = internal(UtcDateTime)


class HoursImport(Base):
    """A file being imported. `printed_total`: the total its source prints, kept beside, never added."""

    __tablename__ = "hours_imports"
    __table_args__ = (
        _codes("state", ("staged", "running", "done", "cancelled"), "state_code"),
        Index("ix_hours_imports_organisation_id_first_day", "organisation_id", "first_day"),
        # The job that finishes long imports looks only at these.
        Index(
            "ix_hours_imports_running",
            "id",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid, ForeignKey("organisations.id"))
    user_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("users.id"))
    mine: Mapped[bool] = internal(Boolean, default=False)
    approved: Mapped[bool] = internal(Boolean, default=False)
    digest: Mapped[bytes] = internal(LargeBinary(32))
    state: Mapped[str] = internal(String(10), default="staged")
    first_day: Mapped[date | None] = internal(Date)
    last_day: Mapped[date | None] = internal(Date)
    printed_total: Mapped[int | None] = internal(Integer)
    lines: Mapped[int] = internal(Integer)
    wrong: Mapped[int] = internal(Integer)
    known: Mapped[int] = internal(Integer)
    written: Mapped[int] = internal(Integer, default=0)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    finished_at: Mapped[datetime | None] = internal(UtcDateTime)


class HoursImportLine(Base):
    """One line of the file, until the import is over: as typed, and as read or what must be corrected."""

    __tablename__ = "hours_import_lines"
    __table_args__ = (
        _codes("state", ("ready", "wrong", "known", "written"), "state_code"),
        Index("ix_hours_import_lines_import_id_state", "import_id", "state", "number"),
    )

    import_id: Mapped[UUID] = internal(Uuid, ForeignKey("hours_imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = internal(Integer, primary_key=True)
    state: Mapped[str] = internal(String(8))
    cells: Mapped[dict[str, str]] = internal(JSON)
    problems: Mapped[list[Any]] = internal(JSON, default=list)
    read: Mapped[dict[str, Any] | None] = internal(JSON)
    source_key: Mapped[str | None] = internal(String(64))


_MESSAGE: Final = "hours revisions are append-only"
_REFUSE: Final = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
#: For migrations, after the tables exist: {dialect: statements in order}.
TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER hours_revisions_no_{verb} BEFORE {verb.upper()} ON hours_revisions {_REFUSE}"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        (
            "CREATE OR REPLACE FUNCTION hours_revisions_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$"
        ),
        *(
            f"CREATE TRIGGER hours_revisions_no_{verb} BEFORE {verb.upper()} ON hours_revisions "
            "FOR EACH ROW EXECUTE FUNCTION hours_revisions_refuse()"
            for verb in ("update", "delete")
        ),
    ),
}
