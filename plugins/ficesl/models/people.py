"""Who is trained: teams, people with or without an account, and lists being read before they are written.

A person without an account has a name and a work e-mail, sealed, that her organisation holds; keyed hashes serve to see
that she is there already. Who has an account has neither here: her account says who she is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from core.api import Base, UtcDateTime, identifier, internal, sealed


class Team(Base):
    """A unit of an organisation: what a series is followed for."""

    __tablename__ = "ficesl_teams"
    __table_args__ = (Index("ix_ficesl_teams_organisation_id", "organisation_id"),)

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid)
    name: Mapped[str] = internal(String(120))
    ended_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class Learner(Base):
    """Somebody an organisation trains. `left_at`: she left it; `erased_at`: her name is gone, what was done is counted.

    `name_mark`, `email_mark`: keyed hashes of the normalised name and e-mail, None for who has an account.
    """

    __tablename__ = "ficesl_learners"
    __table_args__ = (
        Index("ix_ficesl_learners_organisation_id", "organisation_id", "left_at"),
        Index("ix_ficesl_learners_name_mark", "organisation_id", "name_mark"),
        Index("ix_ficesl_learners_email_mark", "organisation_id", "email_mark"),
    )

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid)
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True, unique=True)
    team_id: Mapped[UUID | None] = internal(Uuid, ForeignKey("ficesl_teams.id"), nullable=True)
    audience: Mapped[str] = internal(String(24))
    name_sealed: Mapped[bytes | None] = sealed(nullable=True)
    email_sealed: Mapped[bytes | None] = sealed(nullable=True)
    name_mark: Mapped[bytes | None] = internal(LargeBinary(32), nullable=True)
    email_mark: Mapped[bytes | None] = internal(LargeBinary(32), nullable=True)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    left_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    erased_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class PeopleList(Base):
    """A list of people sent by an organisation: looked at first, written once confirmed, in batches. `session_id`: they
    are registered there too; `unregistered`: those who were not, since its registrations had closed meanwhile."""

    __tablename__ = "ficesl_lists"
    __table_args__ = (CheckConstraint("state IN ('staged', 'running', 'done', 'cancelled')", name="state_code"),)

    id: Mapped[UUID] = identifier()
    organisation_id: Mapped[UUID] = internal(Uuid, index=True)
    user_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    session_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    state: Mapped[str] = internal(String(10))
    lines: Mapped[int] = internal(Integer)
    wrong: Mapped[int] = internal(Integer)
    known: Mapped[int] = internal(Integer)
    alike: Mapped[int] = internal(Integer)
    written: Mapped[int] = internal(Integer, default=0)
    waiting: Mapped[int] = internal(Integer, default=0)
    unregistered: Mapped[int] = internal(Integer, default=0)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    finished_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class ListLine(Base):
    """One line of a list, until it is over: what was typed (sealed), what is wrong, whom it resembles.

    `state`: ready (somebody new), known (there already), alike (resembles `learner_id` or line `like_number`: somebody
    says which), wrong, written.
    """

    __tablename__ = "ficesl_list_lines"
    __table_args__ = (
        UniqueConstraint("list_id", "number"),
        CheckConstraint("state IN ('ready', 'known', 'alike', 'wrong', 'written')", name="state_code"),
    )

    id: Mapped[UUID] = identifier()
    list_id: Mapped[UUID] = internal(Uuid, ForeignKey("ficesl_lists.id", ondelete="CASCADE"))
    number: Mapped[int] = internal(Integer)
    state: Mapped[str] = internal(String(8))
    typed_sealed: Mapped[bytes | None] = sealed(nullable=True)
    problems: Mapped[list[Any]] = internal(JSON, default=list)
    learner_id: Mapped[UUID | None] = internal(Uuid, nullable=True)
    like_number: Mapped[int | None] = internal(Integer, nullable=True)
