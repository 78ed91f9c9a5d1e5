"""Figures of training for the yearly report. The core hides small counts; printed figures are shown as printed.

People trained: whoever was credited at least one module in the period, each counted once in a table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.api import N_, TORONTO, ReportPeriod, ReportTable, format_duration, homes_of

from ..models import (
    AttestationRow,
    Block,
    Credit,
    EvaluationAnswers,
    EvaluationClosing,
    EvaluationQuestion,
    EvaluationSent,
    Learner,
    Module,
    Presence,
    Series,
    SeriesTeam,
    TrainingSession,
    Version,
)
from ..rules.attendance import minutes_between
from ..rules.catalogue import AUDIENCES
from ..rules.evaluations import LEAST, Kind, Standing, satisfied, standing
from ..rules.published import TRAINING
from ..rules.series import CellState, cell
from .attendance import HELD
from .published import published_lines, totals_of
from .series import facts_of

_LATER = aliased(AttestationRow)

#: Types of organisations, in the report's words.
TYPES: Final = {
    "calacs": "CALACS",
    "police": "Police",
    "sante": "Santé et services sociaux",
    "justice": "Justice",
    "communautaire": "Communautaire",
    "provincial": "Service provincial",
    "reseau": "Réseau",
}
PEOPLE: Final = N_("Personnes formées")
ANSWERS: Final = N_("Réponses")
ENDING, RENEWED = N_("Finissaient"), N_("Renouvelées")


def tables(session: Session, report: ReportPeriod, now: datetime) -> Sequence[ReportTable]:
    """People by type and by audience, sessions and hours, series, satisfaction, renewals, printed lines."""
    start = datetime.combine(report.first_day, time(), TORONTO)
    end = datetime.combine(report.last_day + timedelta(days=1), time(), TORONTO)
    found = (
        *_people(session, report),
        _sessions(session, start, end),
        _series(session, report, min(now, end)),
        _satisfaction(session, start, end, now),
        _renewals(session, report),
        _printed(session, report),
    )
    return tuple(table for table in found if table.rows)


def _people(session: Session, report: ReportPeriod) -> tuple[ReportTable, ReportTable]:
    """Two statements and those of the organisations' homes."""
    trained = exists().where(
        Credit.learner_id == Learner.id, Credit.on_day >= report.first_day, Credit.on_day <= report.last_day
    )
    rows = session.execute(
        select(Learner.organisation_id, Learner.audience, func.count())
        .where(trained)
        .group_by(Learner.organisation_id, Learner.audience)
    ).all()
    homes = homes_of(session, {row[0] for row in rows}) if rows else {}
    types: Counter[str] = Counter()
    audiences: Counter[str] = Counter()
    for organisation_id, audience, count in rows:
        types[homes[organisation_id].type if organisation_id in homes else "provincial"] += count
        audiences[audience] += count
    counted = frozenset({PEOPLE})
    return (
        ReportTable(
            "people_by_type",
            N_("Personnes formées par type d’organisme"),
            (N_("Type d’organisme"), PEOPLE),
            tuple((words, types[code]) for code, words in TYPES.items() if types[code]),
            counted,
        ),
        ReportTable(
            "people_by_audience",
            N_("Personnes formées par public"),
            (N_("Public"), PEOPLE),
            tuple((words, audiences[code]) for code, words in AUDIENCES.items() if audiences[code]),
            counted,
        ),
    )


def _sessions(session: Session, start: datetime, end: datetime) -> ReportTable:
    """Sessions with a block that ended in the period, their hours, and the hours that people followed."""
    held = and_(HELD, Block.ends_at >= start, Block.ends_at < end)
    followed = (
        select(func.coalesce(func.sum(Presence.minutes), 0)).where(Presence.block_id == Block.id).correlate(Block)
    )
    lines: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    seen: dict[str, set[UUID]] = defaultdict(set)
    for row in session.execute(
        select(
            TrainingSession.id,
            Version.title,
            Block.starts_at,
            Block.ends_at,
            followed.scalar_subquery().label("followed"),
        )
        .join(Block, Block.session_id == TrainingSession.id)
        .join(Version, Version.id == TrainingSession.version_id)
        .where(held)
        .order_by(Version.title)
    ):
        seen[row.title].add(row.id)
        lines[row.title][1] += minutes_between(row.starts_at, row.ends_at)
        lines[row.title][2] += int(row.followed)
    rows = tuple(
        (title, len(seen[title]), _hours(minutes), _hours(by_people))
        for title, (_, minutes, by_people) in lines.items()
    )
    heads = (N_("Formation"), N_("Séances"), N_("Heures de formation"), N_("Heures suivies"))
    return ReportTable("sessions", N_("Séances et heures de formation"), heads, rows)


def _series(session: Session, report: ReportPeriod, until: datetime) -> ReportTable:
    """Capsules done by unit at that moment, of those that the version in force has, by the rule of the series' own
    page (`rules.series.cell`): both say the same. Four statements."""
    newest = (
        select(func.max(Version.number))
        .where(Version.course_id == Series.course_id, Version.state == "published")
        .correlate(Series)
        .scalar_subquery()
    )
    cells = session.execute(
        select(Version.title, SeriesTeam.team_id, Module.lineage_id)
        .select_from(Series)
        .join(SeriesTeam, SeriesTeam.series_id == Series.id)
        .join(Version, and_(Version.course_id == Series.course_id, Version.number == newest))
        .join(Module, Module.version_id == Version.id)
        .where(Series.starts_on <= report.last_day)
        .order_by(Version.title)
    ).all()
    teams = sorted({row.team_id for row in cells}, key=str)
    facts = facts_of(session, teams, sorted({row.lineage_id for row in cells}, key=str), until)
    units: dict[str, set[UUID]] = defaultdict(set)
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for title, team_id, lineage_id in cells:
        units[title].add(team_id)
        totals[title][0] += cell(facts[team_id, lineage_id]).state is CellState.DONE
        totals[title][1] += 1
    rows = tuple((title, len(units[title]), given, wanted) for title, (given, wanted) in totals.items())
    heads = (N_("Parcours"), N_("Unités"), N_("Capsules faites"), N_("Capsules visées"))
    return ReportTable("series", N_("Avancement des parcours"), heads, rows)


def _satisfaction(session: Session, start: datetime, end: datetime, now: datetime) -> ReportTable:
    """*Oui* and *beaucoup*, for sessions that ended in the period, whose evaluation is closed and large enough: only
    what its own page shows already is added."""
    starts, ends = func.max(Block.starts_at), func.max(Block.ends_at)
    sent = select(func.count()).select_from(EvaluationSent).where(EvaluationSent.session_id == TrainingSession.id)
    closed = [
        row.id
        for row in session.execute(
            select(
                TrainingSession.id,
                starts.label("starts"),
                ends.label("ends"),
                EvaluationClosing.closed_at,
                sent.correlate(TrainingSession).scalar_subquery().label("sent"),
            )
            .join(Block, Block.session_id == TrainingSession.id)
            .outerjoin(EvaluationClosing, EvaluationClosing.session_id == TrainingSession.id)
            .where(HELD)
            .group_by(TrainingSession.id, EvaluationClosing.closed_at)
            .having(ends >= start, ends < end)
        )
        if row.sent >= LEAST and standing(row.starts, row.ends, row.closed_at, now) is Standing.CLOSED
    ]
    steps = (EvaluationAnswers.n0, EvaluationAnswers.n1, EvaluationAnswers.n2, EvaluationAnswers.n3)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in session.execute(
        select(Version.title, *steps)
        .join(EvaluationQuestion, EvaluationQuestion.id == EvaluationAnswers.question_id)
        .join(TrainingSession, TrainingSession.id == EvaluationAnswers.session_id)
        .join(Version, Version.id == TrainingSession.version_id)
        .where(EvaluationAnswers.session_id.in_(closed), EvaluationQuestion.kind == Kind.SCALE.value)
        .order_by(Version.title)
    ):
        counts = tuple(row[1:])
        if sum(counts) >= LEAST:
            sums[row.title][0] += sum(counts)
            sums[row.title][1] += satisfied(counts)
    rows = tuple((title, answers, good * 100 // answers) for title, (answers, good) in sums.items())
    heads = (N_("Formation"), ANSWERS, N_("Oui ou beaucoup (%)"))
    return ReportTable("satisfaction", N_("Satisfaction aux évaluations"), heads, rows, frozenset({ANSWERS}))


def _renewals(session: Session, report: ReportPeriod) -> ReportTable:
    """Attestations whose last day is in the period, and those whose person has another that holds longer. The label is
    not the course's alone: few renewals would hide its satisfaction too, which says nothing of them."""
    renewed = exists().where(
        _LATER.learner_id == AttestationRow.learner_id,
        _LATER.course_id == AttestationRow.course_id,
        _LATER.revoked_at.is_(None),
        or_(_LATER.expires_on.is_(None), _LATER.expires_on > AttestationRow.expires_on),
    )
    rows = session.execute(
        select(Version.title, func.count(), func.sum(case((renewed, 1), else_=0)))
        .select_from(AttestationRow)
        .join(Version, Version.id == AttestationRow.version_id)
        .where(
            AttestationRow.revoked_at.is_(None),
            AttestationRow.expires_on >= report.first_day,
            AttestationRow.expires_on <= report.last_day,
        )
        .group_by(Version.title)
        .order_by(Version.title)
    )
    heads = (N_("Formation"), ENDING, RENEWED)
    lines = tuple((f"{row[0]} (attestations)", row[1], int(row[2])) for row in rows)
    return ReportTable(
        "renewals", N_("Attestations qui finissaient dans la période"), heads, lines, frozenset({ENDING, RENEWED})
    )


def _printed(session: Session, report: ReportPeriod) -> ReportTable:
    """Lines of printed reports that lie in the period, as printed; the sum leaves out what may be told twice."""
    found = published_lines(session, TRAINING, report.first_day, report.last_day)
    rows: list[tuple[str | int | None, ...]] = [
        (
            row.line.title,
            row.line.organisation,
            row.line.sessions,
            row.hours,
            row.line.people,
            N_("oui") if row.counted else N_("non"),
        )
        for row in found
    ]
    if rows:
        sums = totals_of(found)
        total = (N_("Total (somme des lignes additionnées)"), "", sums.sessions, format_duration(sums.quarter_hours))
        rows.append((*total, sums.people or None, ""))
    heads = (N_("Formation"), N_("Organisme"), N_("Séances"), N_("Heures"), N_("Personnes"), N_("Additionnée"))
    return ReportTable("printed", N_("Formations déjà publiées dans un rapport imprimé"), heads, tuple(rows))


def _hours(minutes: int) -> str:
    """Quarter hours, the nearest one below."""
    return format_duration(minutes // 15)
