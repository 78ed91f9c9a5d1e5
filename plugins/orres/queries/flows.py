"""Figures of the trajectory: references that ended and steps of paths that are over, as tables of the yearly report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.api import (
    N_,
    REPORT_ORIGINS,
    ReportPeriod,
    ReportTable,
    areas,
    areas_told,
    referral_flows,
    report_quarters,
    told_lengths,
)

from ..models import StepFact
from ..rules import flows
from ..rules.flows import FlowLine, Step
from ..rules.graph import Node, Trajectory
from .trajectory import in_force_on

TO_CALACS, TO_OTHERS = N_("Vers un CALACS"), N_("Vers un autre organisme")
ALL, NOT_TAKEN = N_("Références"), N_("Terminées sans prise en charge")
DONE, LEFT = N_("Étapes faites"), N_("Commencées, non terminées")
EXPECTED, MEDIAN, NINETY = N_("Délai prévu"), N_("Attente, médiane"), N_("Attente, 9 fois sur 10")
NO_MOMENT, NONE_ANSWERS = N_("Hors de la trajectoire en vigueur"), N_("Besoins qu’aucun moment ne nomme")
#: Stands for a length that would tell of few.
UNTOLD = "–"
#: Keys of the tables, in order.
BETWEEN, MOMENTS, STOPPED, AREAS, STEPS = "between", "moments", "stopped", "areas", "steps"
Line = tuple[str | int | None, ...]


def report_tables(session: Session, report: ReportPeriod, now: datetime) -> Sequence[ReportTable]:
    """Between partners, by moment, by territory, by step; nothing for a quarter, which the year would give back."""
    if report.kind != "year":
        return ()
    facts = referral_flows(session, report)
    steps = _steps(session, report)
    if not facts and not steps:
        return ()
    trajectory = in_force_on(session, report.last_day)
    told = areas_told(session, report.last_day, now)
    places = {area.code: area.label for area in areas(session)}
    tables = [
        _between(flows.between(facts, REPORT_ORIGINS)),
        _moments(flows.by_moment(facts, trajectory), trajectory),
        _stopped(flows.left_by_moment(facts, trajectory), trajectory),
        _areas(flows.by_area(facts, places), places, told),
    ]
    nodes = _steps_in_order(trajectory)
    if steps and nodes:
        tables.append(_by_step(flows.by_step(steps, nodes), nodes))
    return tables


def delays(trajectory: Trajectory | None) -> Mapping[str, int]:
    """The delay in hours that the committee expects at each moment and step that has one, by key; a moment has its
    own, else the shortest of its steps."""
    if trajectory is None:
        return {}
    found = {one.key: one.delay_hours for one in trajectory.nodes if one.delay_hours is not None}
    for moment in trajectory.moments:
        steps = [one.delay_hours for one in trajectory.steps_of(moment.key) if one.delay_hours is not None]
        if steps:
            found.setdefault(moment.key, min(steps))
    return found


def length(minutes: int | None) -> str:
    """A length of time as it is written in every language: `45 min`, `26 h`, rounded up; a dash where it isn't told."""
    if minutes is None:
        return UNTOLD
    return f"{minutes}\u00a0min" if minutes < 60 else f"{-(-minutes // 60)}\u00a0h"


def _between(lines: Sequence[FlowLine]) -> ReportTable:
    rows = tuple((REPORT_ORIGINS[one.code], *_counts(one)) for one in lines)
    return ReportTable(
        BETWEEN,
        N_("Références entre types de partenaires"),
        (N_("Qui réfère"), TO_CALACS, TO_OTHERS),
        rows,
        frozenset({TO_CALACS, TO_OTHERS}),
    )


def _moments(lines: Sequence[FlowLine], trajectory: Trajectory | None) -> ReportTable:
    expected = delays(trajectory)
    rows: list[Line] = []
    for (title, _place), one in zip(_titles(trajectory), lines, strict=True):
        hours = expected.get(one.code)
        rows.append((title, *_counts(one, 1), None if hours is None else f"{hours}\u00a0h", *_lengths(one)))
    return ReportTable(
        MOMENTS,
        N_("Références selon le moment de la trajectoire, et attente d’une première réponse"),
        (N_("Moment"), ALL, EXPECTED, MEDIAN, NINETY),
        tuple(rows),
        frozenset({ALL}),
        beside=frozenset({MEDIAN, NINETY}),
    )


def _stopped(lines: Sequence[FlowLine], trajectory: Trajectory | None) -> ReportTable:
    """Its lines bear their place, so that the report does not take them for those of `_moments`: what each of the two
    tables says of the other is settled in `rules.flows`, and one hidden line would hide both."""
    rows = tuple(
        (f"{place}. {title}" if place else NONE_ANSWERS, *_counts(one, 1))
        for (title, place), one in zip(_titles(trajectory), lines, strict=True)
    )
    return ReportTable(
        STOPPED,
        N_("Références terminées sans prise en charge, selon le moment de la trajectoire"),
        (N_("Moment"), NOT_TAKEN),
        rows,
        frozenset({NOT_TAKEN}),
    )


def _titles(trajectory: Trajectory | None) -> tuple[tuple[str, int], ...]:
    """The lines of both tables by moment: title and place, none for what no moment answers."""
    moments = trajectory.moments if trajectory is not None else ()
    return (*((one.title, place) for place, one in enumerate(moments, 1)), (NO_MOMENT, 0))


def _areas(lines: Sequence[FlowLine], places: Mapping[str, str], told: frozenset[str]) -> ReportTable:
    """No count: the report has them. A length is told where it shows the territory's number."""
    rows = tuple((places[one.code], *(_lengths(one) if one.code in told else (UNTOLD, UNTOLD))) for one in lines)
    return ReportTable(
        AREAS, N_("Attente d’une première réponse selon le territoire"), (N_("Territoire"), MEDIAN, NINETY), rows
    )


def _by_step(lines: Sequence[FlowLine], nodes: Mapping[str, Node]) -> ReportTable:
    rows = tuple((nodes[one.code].title, *_counts(one), *_lengths(one)) for one in lines)
    return ReportTable(
        STEPS,
        N_("Étapes des parcours terminés, et attente depuis la première étape notée"),
        (N_("Étape"), DONE, LEFT, MEDIAN, NINETY),
        rows,
        frozenset({DONE, LEFT}),
        beside=frozenset({MEDIAN, NINETY}),
    )


def _steps_in_order(trajectory: Trajectory | None) -> dict[str, Node]:
    if trajectory is None:
        return {}
    return {one.key: one for moment in trajectory.moments for one in trajectory.steps_of(moment.key)}


def _counts(line: FlowLine, number: int = 2) -> tuple[int | None, ...]:
    return (None,) * number if line.counts is None else line.counts


def _lengths(line: FlowLine) -> tuple[str, str]:
    median, ninety = told_lengths(line.measured, line.held)
    return length(median), length(ninety)


def _steps(session: Session, report: ReportPeriod) -> tuple[Step, ...]:
    columns = (StepFact.node_key, StepFact.organisation_id, StepFact.status, StepFact.wait_minutes)
    rows = session.execute(
        select(*columns, func.count())
        .where(StepFact.ended_quarter.in_(report_quarters(report)))
        .group_by(*columns)
        .order_by(*columns)
    )
    return tuple(Step(node, holder, status, minutes, number) for node, holder, status, minutes, number in rows)
