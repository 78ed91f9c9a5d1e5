"""Sessions as their pages show them. No name here: see `names`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.api import Keyring, Viewer, admitted_organisations, open_text, people_names, visible

from .. import access
from ..models import (
    Block,
    Course,
    Learner,
    Module,
    Registration,
    SeatShare,
    Team,
    Trainer,
    TrainingSession,
    Version,
)
from .names import keeps_people
from .training import counted, first_block, last_block

SIZE = 20


@dataclass(frozen=True)
class SessionLine:
    """A session in a list. `mine`: the viewer's own registration; `ours`: seats of her organisation."""

    id: UUID
    code: str
    state: str
    kind: str
    title: str
    title_en: str
    starts_at: datetime | None
    ends_at: datetime | None
    capacity: int
    registered: int
    waiting: int
    host: str
    team: str | None
    mine: str | None

    @property
    def left(self) -> int:
        """Seats nobody has."""
        return max(0, self.capacity - self.registered)


@dataclass(frozen=True)
class BlockView:
    """One block. `link` only for who has a seat, gives it or keeps it."""

    id: UUID
    module_id: UUID
    module: str
    module_en: str
    starts_at: datetime
    ends_at: datetime
    place: str | None
    link: str
    cancelled: bool


@dataclass(frozen=True)
class TrainerView:
    """Who gives it: their name for who may read the session."""

    id: UUID
    name: str
    organisation: str
    user_id: UUID | None


@dataclass(frozen=True)
class RegistrationView:
    """A registration without a name. `rank`: place among those who wait."""

    id: UUID
    learner_id: UUID
    organisation_id: UUID
    organisation: str
    state: str
    rank: int | None
    mine: bool


@dataclass(frozen=True)
class SessionView:
    """A session with all it is made of. `own`: registrations this viewer may act on, in the order of the queue."""

    line: SessionLine
    version_id: UUID
    course_code: str
    version_number: int
    organisation_id: UUID
    committee_id: UUID
    language: str
    blocks: tuple[BlockView, ...]
    trainers: tuple[TrainerView, ...]
    shares: Mapping[UUID, int]
    own: tuple[RegistrationView, ...]
    counts: tuple[tuple[str, int, int], ...]
    manages: bool
    gives: bool

    @property
    def begun(self) -> bool:
        """Whether its state says that nothing is registered any more."""
        return self.line.state in {"done", "cancelled"}


def _lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    mine = (
        select(Registration.state)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(Registration.session_id == TrainingSession.id, Learner.user_id == viewer.user_id)
        .limit(1)
        .correlate(TrainingSession)
        .scalar_subquery()
    )
    columns: list[Any] = [
        TrainingSession.id,
        TrainingSession.code,
        TrainingSession.state,
        Course.kind,
        Version.title,
        Version.title_en,
        first_block().label("starts_at"),
        last_block().label("ends_at"),
        TrainingSession.capacity,
        counted("registered").label("registered"),
        counted("waiting").label("waiting"),
        TrainingSession.organisation_id,
        Team.name.label("team"),
        mine.label("mine"),
    ]
    return (
        select(*columns)
        .join(Version, Version.id == TrainingSession.version_id)
        .join(Course, Course.id == Version.course_id)
        .outerjoin(Team, Team.id == TrainingSession.team_id)
        .where(visible(viewer, access.READ))
    )


def _line(row: Any, hosts: Mapping[UUID, str]) -> SessionLine:
    values = dict(row._mapping)
    host = hosts.get(values.pop("organisation_id"), "")
    known = {name: values[name] for name in SessionLine.__dataclass_fields__ if name in values}
    return SessionLine(**known, host=host)


def list_sessions(
    session: Session, viewer: Viewer, now: datetime, *, past: bool = False, course: str = "", page: int = 1
) -> tuple[tuple[SessionLine, ...], int]:
    """Sessions this viewer may read, to come (drafts first) or past (last first), and how many. Three statements."""
    ends = last_block()
    over = (ends < now) | TrainingSession.state.in_(["done"])
    wanted = over if past else ((ends >= now) | ends.is_(None)) & (TrainingSession.state != "done")
    statement = _lines(viewer).where(wanted)
    if course:
        statement = statement.where(Course.code == course)
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    starts = first_block()
    order = (starts.desc(), TrainingSession.id) if past else (starts.is_not(None), starts, TrainingSession.id)
    rows = session.execute(statement.order_by(*order).limit(SIZE).offset((page - 1) * SIZE)).all()
    hosts = dict(admitted_organisations(session)) if rows else {}
    return tuple(_line(row, hosts) for row in rows), total


def find_session(session: Session, viewer: Viewer, code: str) -> UUID | None:
    """The session of a code, None for what this viewer may not know of."""
    return session.scalar(select(TrainingSession.id).where(TrainingSession.code == code, visible(viewer, access.READ)))


def session_view(session: Session, keyring: Keyring, viewer: Viewer, code: str) -> SessionView | None:
    """One session; None for what this viewer may not know of. Eight statements, however many people."""
    statement = _lines(viewer).add_columns(
        TrainingSession.version_id,
        TrainingSession.committee_id,
        TrainingSession.language,
        TrainingSession.organisation_id.label("host_id"),
        Course.code.label("course_code"),
        Version.number,
    )
    row = session.execute(statement.where(TrainingSession.code == code)).first()
    if row is None:
        return None
    hosts = dict(admitted_organisations(session))
    line = _line(row, hosts)
    trainers = _trainers(session, keyring, line.id, hosts)
    manages = access.sits(viewer, row.committee_id)
    gives = any(one.user_id == viewer.user_id for one in trainers if one.user_id is not None)
    link = manages or gives or line.mine == "registered"
    shares = session.execute(
        select(SeatShare.organisation_id, SeatShare.seats).where(SeatShare.session_id == line.id)
    ).all()
    registrations = _registrations(session, viewer, line.id, hosts)
    counts: dict[str, list[int]] = {}
    for one in registrations:
        if one.state != "cancelled":
            counts.setdefault(one.organisation, [0, 0])[one.state == "waiting"] += 1
    keeps = keeps_people(viewer)
    own = [one for one in registrations if one.mine or (keeps and one.organisation_id == viewer.organisation_id)]
    return SessionView(
        line=line,
        version_id=row.version_id,
        course_code=row.course_code,
        version_number=row.number,
        organisation_id=row.host_id,
        committee_id=row.committee_id,
        language=row.language,
        blocks=_blocks(session, keyring, line.id, link=link),
        trainers=trainers,
        shares={one.organisation_id: one.seats for one in shares},
        own=tuple(own),
        counts=tuple((name, seated, waiting) for name, (seated, waiting) in sorted(counts.items())),
        manages=manages,
        gives=gives,
    )


def _blocks(session: Session, keyring: Keyring, session_id: UUID, *, link: bool) -> tuple[BlockView, ...]:
    rows = session.execute(
        select(*Block.__table__.columns, Module.title, Module.title_en)
        .join(Module, Module.id == Block.module_id)
        .where(Block.session_id == session_id)
        .order_by(Block.starts_at)
    )
    return tuple(
        BlockView(
            row.id,
            row.module_id,
            row.title,
            row.title_en,
            row.starts_at,
            row.ends_at,
            row.place,
            open_text(keyring, "ficesl_blocks", row.id, "link_sealed", row.link_sealed) if link else "",
            row.cancelled_at is not None,
        )
        for row in rows
    )


def _trainers(
    session: Session, keyring: Keyring, session_id: UUID, hosts: Mapping[UUID, str]
) -> tuple[TrainerView, ...]:
    rows = session.execute(
        select(Trainer.id, Trainer.user_id, Trainer.organisation_id, Trainer.name_sealed).where(
            Trainer.session_id == session_id
        )
    ).all()
    accounts = frozenset(row.user_id for row in rows if row.user_id is not None)
    names = people_names(session, keyring, accounts) if accounts else {}
    found = []
    for row in rows:
        known = names.get(row.user_id) if row.user_id is not None else None
        name = known.name if known else open_text(keyring, "ficesl_trainers", row.id, "name_sealed", row.name_sealed)
        found.append(TrainerView(row.id, name or "–", hosts.get(row.organisation_id, ""), row.user_id))
    return tuple(sorted(found, key=lambda one: one.name))


def _registrations(
    session: Session, viewer: Viewer, session_id: UUID, hosts: Mapping[UUID, str]
) -> list[RegistrationView]:
    rows = session.execute(
        select(
            Registration.id,
            Registration.learner_id,
            Registration.organisation_id,
            Registration.state,
            Learner.user_id,
        )
        .join(Learner, Learner.id == Registration.learner_id)
        .where(Registration.session_id == session_id)
        .order_by(Registration.queue)
    )
    found, rank = [], 0
    for row in rows:
        rank += row.state == "waiting"
        found.append(
            RegistrationView(
                row.id,
                row.learner_id,
                row.organisation_id,
                hosts.get(row.organisation_id, ""),
                row.state,
                rank if row.state == "waiting" else None,
                row.user_id is not None and row.user_id == viewer.user_id,
            )
        )
    return found
