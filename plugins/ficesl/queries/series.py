"""Series: units × capsules, for an organisation's own people and for the region's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.api import TORONTO, Role, Viewer, admitted_organisations

from .. import access
from ..models import Block, Course, Learner, Module, Series, SeriesTeam, Team, TrainingSession, Version
from ..models.attendance import Credit
from ..rules.series import Capsule, Facts, Row, Sum, by_organisation, cell, summed
from .training import VersionView, modules_of, version_of_course, versions


@dataclass(frozen=True)
class SeriesLine:
    """A series in the list."""

    code: str
    title: str
    title_en: str
    starts_on: date
    ended: bool
    teams: int


@dataclass(frozen=True)
class Matrix:
    """A series as this viewer sees it: her organisation's units, or the region's. `whole`: the region's."""

    id: UUID
    code: str
    version: VersionView
    starts_on: date
    ended_at: datetime | None
    capsules: tuple[Capsule, ...]
    rows: tuple[Row, ...]
    whole: bool

    @property
    def sum(self) -> Sum:
        """Its cells."""
        return summed(self.rows)

    @property
    def organisations(self) -> tuple[tuple[str, Sum], ...]:
        """The same by organisation, the most missing first."""
        return by_organisation(self.rows)


def sees_region(viewer: Viewer, committee_id: UUID | None) -> bool:
    """Whether she sees every organisation's units: the committee and the network's coordination."""
    return access.sits(viewer, committee_id) or Role.NETWORK_COORDINATION in viewer.roles


def list_series(session: Session, viewer: Viewer, *, region: bool) -> tuple[SeriesLine, ...]:
    """Series where one of the viewer's units is, or all of them. One statement."""
    counted = (
        select(func.count())
        .select_from(SeriesTeam)
        .join(Team, Team.id == SeriesTeam.team_id)
        .where(SeriesTeam.series_id == Series.id)
        .correlate(Series)
    )
    if not region:
        counted = counted.where(Team.organisation_id == viewer.organisation_id)
    teams = counted.scalar_subquery()
    title = (
        select(Version.title)
        .where(Version.course_id == Series.course_id)
        .order_by(Version.number.desc())
        .limit(1)
        .correlate(Series)
        .scalar_subquery()
    )
    title_en = (
        select(Version.title_en)
        .where(Version.course_id == Series.course_id)
        .order_by(Version.number.desc())
        .limit(1)
        .correlate(Series)
        .scalar_subquery()
    )
    statement = select(
        Series.code,
        title.label("title"),
        title_en.label("title_en"),
        Series.starts_on,
        Series.ended_at,
        teams.label("teams"),
    )
    if not region:
        statement = statement.where(teams > 0)
    rows = session.execute(statement.order_by(Series.ended_at.is_not(None), Series.starts_on.desc()))
    return tuple(
        SeriesLine(row.code, row.title or "", row.title_en or "", row.starts_on, row.ended_at is not None, row.teams)
        for row in rows
    )


def matrix(session: Session, viewer: Viewer, code: str, now: datetime, *, region: bool) -> Matrix | None:
    """One series, None when this viewer has no unit in it. Seven statements, whatever its size."""
    found = session.execute(
        select(Series.id, Series.code, Series.course_id, Series.starts_on, Series.ended_at).where(Series.code == code)
    ).first()
    if found is None:
        return None
    teams = select(Team.id, Team.name, Team.organisation_id, SeriesTeam.target_on).join(
        SeriesTeam, SeriesTeam.team_id == Team.id
    )
    teams = teams.where(SeriesTeam.series_id == found.id)
    if not region:
        teams = teams.where(Team.organisation_id == viewer.organisation_id)
    units = session.execute(teams.order_by(Team.name, Team.id)).all()
    version = version_of_course(session, found.course_id) or _any_version(session, found.course_id)
    if version is None or (not units and not region):
        return None
    capsules = tuple(
        Capsule(one.lineage_id, one.id, one.position, one.title, one.title_en, one.minutes)
        for one in modules_of(session, version.id)
    )
    ids = [unit.id for unit in units]
    facts = facts_of(session, ids, [one.lineage_id for one in capsules], now)
    names = dict(admitted_organisations(session))
    rows = tuple(
        Row(
            unit.id,
            unit.name,
            unit.organisation_id,
            names.get(unit.organisation_id, ""),
            unit.target_on,
            tuple(cell(facts[unit.id, one.lineage_id]) for one in capsules),
        )
        for unit in units
    )
    ordered = tuple(sorted(rows, key=lambda row: (row.organisation, row.team)))
    return Matrix(found.id, found.code, version, found.starts_on, found.ended_at, capsules, ordered, region)


def own_units(session: Session, organisation_id: UUID | None) -> tuple[tuple[UUID, str], ...]:
    """Units of an organisation that still exist, by name. One statement."""
    rows = session.execute(
        select(Team.id, Team.name)
        .where(Team.organisation_id == organisation_id, Team.ended_at.is_(None))
        .order_by(Team.name)
    )
    return tuple((row.id, row.name) for row in rows)


def all_units(session: Session) -> tuple[tuple[UUID, str, UUID], ...]:
    """Units of every organisation: (unit, name, organisation). One statement."""
    rows = session.execute(
        select(Team.id, Team.name, Team.organisation_id).where(Team.ended_at.is_(None)).order_by(Team.name)
    )
    return tuple((row.id, row.name, row.organisation_id) for row in rows)


def _any_version(session: Session, course_id: UUID) -> VersionView | None:
    row = session.execute(versions().where(Course.id == course_id).order_by(Version.number.desc()).limit(1)).first()
    return None if row is None else VersionView(**row._mapping)


def facts_of(
    session: Session, teams: list[UUID], lineages: list[UUID], now: datetime
) -> dict[tuple[UUID, UUID], Facts]:
    """What is known of each unit and capsule at that moment (aware UTC), later or not. Three statements."""
    held: dict[tuple[UUID, UUID], date] = {}
    planned: dict[tuple[UUID, UUID], date] = {}
    if teams and lineages:
        blocks = session.execute(
            select(TrainingSession.team_id, Module.lineage_id, Block.starts_at, Block.ends_at)
            .join(TrainingSession, TrainingSession.id == Block.session_id)
            .join(Module, Module.id == Block.module_id)
            .where(
                TrainingSession.team_id.in_(teams),
                TrainingSession.state.in_(["open", "done"]),
                Block.cancelled_at.is_(None),
                Module.lineage_id.in_(lineages),
            )
            .order_by(Block.starts_at)
        )
        for row in blocks:
            if row.team_id is None:
                continue
            key, day = (row.team_id, row.lineage_id), row.starts_at.astimezone(TORONTO).date()
            if row.ends_at <= now:
                held[key] = day
            elif key not in planned:
                planned[key] = day
    done: dict[tuple[UUID, UUID], int] = defaultdict(int)
    people: dict[UUID, int] = defaultdict(int)
    if teams and lineages:
        there = (Learner.team_id.in_(teams)) & Learner.left_at.is_(None)
        for counted in session.execute(
            select(Learner.team_id, func.count().label("people")).where(there).group_by(Learner.team_id)
        ):
            if counted.team_id is not None:
                people[counted.team_id] = counted.people
        for credited in session.execute(
            select(Learner.team_id, Credit.lineage_id, func.count(Learner.id.distinct()).label("people"))
            .join(Credit, Credit.learner_id == Learner.id)
            .where(there, Credit.lineage_id.in_(lineages), Credit.on_day <= now.astimezone(TORONTO).date())
            .group_by(Learner.team_id, Credit.lineage_id)
        ):
            if credited.team_id is not None:
                done[credited.team_id, credited.lineage_id] = credited.people
    return {
        (team, lineage): Facts(
            held.get((team, lineage)), planned.get((team, lineage)), done[team, lineage], people[team]
        )
        for team in teams
        for lineage in lineages
    }
