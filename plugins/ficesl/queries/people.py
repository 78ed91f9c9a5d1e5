"""People and units of an organisation, for who keeps them; lists being written; one's own next sessions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.api import Keyring, Viewer, open_text

from ..models import Learner, ListLine, PeopleList, Registration, Team, TrainingSession, Version
from ..rules.names import folded, reading_order
from .names import GONE, TABLE, Person, keeps_people, note_shown, own_names, people_for
from .training import first_block

SIZE = 50
#: People whose names are all opened to be put in order: 2,000 take 0.15 s of processor; beyond, in order of entry.
SORTED = 2_000


@dataclass(frozen=True)
class LearnerView:
    """Somebody of the organisation. `sessions`: registrations that are not cancelled."""

    id: UUID
    name: str
    email: str
    team_id: UUID | None
    team: str
    audience: str
    account: bool
    left_at: datetime | None
    sessions: int


@dataclass(frozen=True)
class TeamView:
    """A unit. `people`: those who have not left."""

    id: UUID
    name: str
    people: int
    ended: bool


@dataclass(frozen=True)
class ListView:
    """A list of people that was sent."""

    id: UUID
    session_id: UUID | None
    state: str
    lines: int
    wrong: int
    known: int
    alike: int
    written: int
    waiting: int
    unregistered: int
    created_at: datetime
    left: int

    @property
    def ready(self) -> int:
        """New people that nothing stops."""
        return max(0, self.lines - self.wrong - self.known - self.alike)


@dataclass(frozen=True)
class OwnSession:
    """A session to come of the viewer, or of her organisation's people. `waiting`: how many wait."""

    code: str
    title: str
    title_en: str
    starts_at: datetime
    state: str


def people_page(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    now: datetime,
    *,
    typed: str = "",
    team: UUID | None = None,
    left: bool = False,
    page: int = 1,
    size: int = SIZE,
    sorted_to: int = SORTED,
) -> tuple[tuple[LearnerView, ...], int]:
    """People of the viewer's organisation by name, and how many. Six statements; the journal counts those returned.

    Above `sorted_to` people and without `typed`, they come in order of entry: only the names shown are opened. A search
    opens every name, and only the e-mails of those shown: 0.4 s of processor for 10,000 people.
    """
    there = (Learner.organisation_id == viewer.organisation_id) & Learner.erased_at.is_(None)
    there = there & (Learner.left_at.is_not(None) if left else Learner.left_at.is_(None))
    if team is not None:
        there = there & (Learner.team_id == team)
    wanted = folded(typed).split()
    total = session.scalar(select(func.count()).select_from(Learner).where(there)) or 0
    if total > max(sorted_to, size) and not wanted:
        rows = _learners(session, there, limit=size, offset=(page - 1) * size)
        opened = people_for(session, keyring, viewer, [row.id for row in rows], now)
        return tuple(_named(row, opened) for row in rows), total
    rows = _learners(session, there)
    names = own_names(session, keyring, viewer, rows)
    found = []
    for row in rows:
        key = reading_order(names.get(row.id, GONE))
        if all(word in key for word in wanted):
            found.append((key, str(row.id), row))
    ordered = [row for *_, row in sorted(found, key=lambda one: one[:2])]
    shown = tuple(
        _view(row, names.get(row.id, GONE), _email(keyring, viewer, row))
        for row in ordered[(page - 1) * size : page * size]
    )
    note_shown(session, viewer, len(shown), now)
    return shown, len(ordered)


def people_among(
    session: Session, keyring: Keyring, viewer: Viewer, learner_ids: Collection[UUID], now: datetime
) -> tuple[LearnerView, ...]:
    """Those of the viewer's organisation still there, by name; the others are left out. Journaled. Four statements."""
    mine = (Learner.organisation_id == viewer.organisation_id) & Learner.id.in_(learner_ids)
    rows = _learners(session, mine & Learner.erased_at.is_(None) & Learner.left_at.is_(None)) if learner_ids else []
    names = people_for(session, keyring, viewer, [row.id for row in rows], now)
    return tuple(sorted((_named(row, names) for row in rows), key=lambda one: (reading_order(one.name), str(one.id))))


def one_person(
    session: Session, keyring: Keyring, viewer: Viewer, learner_id: UUID, now: datetime
) -> LearnerView | None:
    """Somebody of the viewer's organisation, None for anybody else. Journaled."""
    mine = (Learner.id == learner_id) & (Learner.organisation_id == viewer.organisation_id)
    rows = _learners(session, mine & Learner.erased_at.is_(None))
    names = people_for(session, keyring, viewer, [row.id for row in rows], now)
    if not rows or learner_id not in names:
        return None
    return _view(rows[0], names[learner_id].name, names[learner_id].email)


def teams_of(session: Session, organisation_id: UUID | None, *, ended: bool = False) -> tuple[TeamView, ...]:
    """Units of an organisation, by name. One statement."""
    people = (
        select(func.count())
        .select_from(Learner)
        .where(Learner.team_id == Team.id, Learner.left_at.is_(None))
        .correlate(Team)
        .scalar_subquery()
    )
    statement = select(Team.id, Team.name, Team.ended_at, people.label("people")).where(
        Team.organisation_id == organisation_id
    )
    if not ended:
        statement = statement.where(Team.ended_at.is_(None))
    rows = session.execute(statement.order_by(Team.ended_at.is_not(None), Team.name))
    return tuple(TeamView(row.id, row.name, row.people, row.ended_at is not None) for row in rows)


def find_list(session: Session, viewer: Viewer, list_id: UUID) -> ListView | None:
    """A list of the viewer's organisation. One statement."""
    left = (
        select(func.count())
        .select_from(ListLine)
        .where(ListLine.list_id == PeopleList.id, ListLine.state.in_(["ready", "known"]))
        .correlate(PeopleList)
        .scalar_subquery()
    )
    names = [name for name in ListView.__dataclass_fields__ if name != "left"]
    columns: list[Any] = [getattr(PeopleList, name) for name in names]
    row = session.execute(
        select(*columns, left.label("left")).where(
            PeopleList.id == list_id, PeopleList.organisation_id == viewer.organisation_id
        )
    ).first()
    return None if row is None else ListView(**row._mapping)


def list_lines(session: Session, list_id: UUID, state: str, limit: int) -> list[Any]:
    """Lines of a list in one state, in order: id, number, typed_sealed, problems. One statement."""
    return list(
        session.execute(
            select(ListLine.id, ListLine.number, ListLine.typed_sealed, ListLine.problems)
            .where(ListLine.list_id == list_id, ListLine.state == state)
            .order_by(ListLine.number)
            .limit(limit)
        )
    )


def own_sessions(session: Session, viewer: Viewer, now: datetime, limit: int = 3) -> tuple[OwnSession, ...]:
    """Sessions to come where the viewer has a seat or waits. One statement."""
    starts = first_block()
    rows = session.execute(
        select(TrainingSession.code, Version.title, Version.title_en, starts.label("starts_at"), Registration.state)
        .join(Version, Version.id == TrainingSession.version_id)
        .join(Registration, Registration.session_id == TrainingSession.id)
        .join(Learner, Learner.id == Registration.learner_id)
        .where(
            Learner.user_id == viewer.user_id,
            Registration.state != "cancelled",
            TrainingSession.state == "open",
            starts > now,
        )
        .order_by(starts)
        .limit(limit)
    )
    return tuple(OwnSession(*row) for row in rows)


def waiting_people(session: Session, organisation_id: UUID | None, now: datetime) -> tuple[int, int]:
    """People of an organisation who wait for a seat, and in how many sessions to come. One statement."""
    row = session.execute(
        select(func.count().label("people"), func.count(Registration.session_id.distinct()).label("sessions"))
        .join(TrainingSession, TrainingSession.id == Registration.session_id)
        .where(
            Registration.organisation_id == organisation_id,
            Registration.state == "waiting",
            TrainingSession.state == "open",
            first_block() > now,
        )
    ).one()
    return row.people, row.sessions


def _learners(session: Session, wanted: Any, *, limit: int | None = None, offset: int = 0) -> list[Any]:
    sessions = (
        select(func.count())
        .select_from(Registration)
        .where(Registration.learner_id == Learner.id, Registration.state != "cancelled")
        .correlate(Learner)
        .scalar_subquery()
    )
    return list(
        session.execute(
            select(
                Learner.id,
                Learner.user_id,
                Learner.team_id,
                Team.name.label("team"),
                Learner.audience,
                Learner.left_at,
                Learner.name_sealed,
                Learner.email_sealed,
                sessions.label("sessions"),
            )
            .outerjoin(Team, Team.id == Learner.team_id)
            .where(wanted)
            .order_by(Learner.created_at, Learner.id)
            .limit(limit)
            .offset(offset)
        )
    )


def _named(row: Any, names: Mapping[UUID, Person]) -> LearnerView:
    person = names.get(row.id)
    return _view(row, person.name if person else GONE, person.email if person else "")


def _email(keyring: Keyring, viewer: Viewer, row: Any) -> str:
    if row.user_id is not None or not keeps_people(viewer):
        return ""
    return open_text(keyring, TABLE, row.id, "email_sealed", row.email_sealed)


def _view(row: Any, name: str, email: str) -> LearnerView:
    return LearnerView(
        row.id,
        name,
        email,
        row.team_id,
        row.team or "",
        row.audience,
        row.user_id is not None,
        row.left_at,
        row.sessions,
    )
