"""A version as it is read, printed or taken away: moments, steps, who answers, and for whom. Pure.

What is taken away leaves the platform: it holds services of the public tier, or of the partners' tier, never a
confidential one, whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import UUID

from core.api import AGE_BANDS, ServiceShown

from .conditions import AGE_BAND, MINOR, MINOR_BANDS, NO, YES, Condition, Situation, held
from .graph import ROLES, Answer, Edge, Node, Role, Trajectory
from .layout import numbers_of

#: Whole years of each age band, both ends included; None: no end.
BAND_YEARS: Final[Mapping[str, tuple[int, int | None]]] = {
    "under_12": (0, 11),
    "12_13": (12, 13),
    "14_17": (14, 17),
    "18_24": (18, 24),
    "25_34": (25, 34),
    "35_49": (35, 49),
    "50_64": (50, 64),
    "65_plus": (65, None),
    "adult": (18, None),
}
PUBLIC, PARTNERS, CONFIDENTIAL = "public", "partners", "confidential"
#: What each paper or file may hold.
TIERS: Final[Mapping[str, frozenset[str]]] = {
    PUBLIC: frozenset({PUBLIC}),
    PARTNERS: frozenset({PUBLIC, PARTNERS}),
}


@dataclass(frozen=True)
class Help:
    """A service at a node. `areas`: codes of where it answers, empty: not known. `bands`: codes of `AGE_BANDS` it may
    receive there. `delay_hours`: expected, None when nobody says."""

    service: ServiceShown
    role: Role
    areas: tuple[str, ...]
    bands: tuple[str, ...]
    delay_hours: int | None


@dataclass(frozen=True)
class Passage:
    """Where one goes next."""

    target: Node
    number: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Stop:
    """A moment or a step, with its number in this version. `unseen`: answers whose service this reader has not."""

    node: Node
    number: str
    needs: tuple[str, ...]
    helps: tuple[Help, ...]
    unseen: int
    passages: tuple[Passage, ...]
    steps: tuple[Stop, ...] = ()

    @property
    def every(self) -> tuple[Stop, ...]:
        """A moment and its steps."""
        return (self, *self.steps)


def stops_of(version: Trajectory, services: Mapping[UUID, ServiceShown]) -> tuple[Stop, ...]:
    """The moments of a version in order, their steps inside; services that are not in `services` are left out."""
    numbers = numbers_of(version)
    return tuple(_stop(version, services, numbers, moment, None) for moment in version.moments)


def may_leave(services: Mapping[UUID, ServiceShown], tier: str) -> dict[UUID, ServiceShown]:
    """Those that a paper or a file of that tier may hold. A second lock: they were already read as that tier reads."""
    return {key: one for key, one in services.items() if one.tier in TIERS[tier]}


def bands_of(conditions: Iterable[Condition], ages: Collection[tuple[int | None, int | None]]) -> tuple[str, ...]:
    """Age bands a service may receive under these conditions; `ages` empty: not known, so every band may be asked."""
    of_age = [one for one in conditions if one.subject in (AGE_BAND, MINOR)]
    found = []
    for band in AGE_BANDS:
        minor = YES if band in MINOR_BANDS else NO
        if held(of_age, Situation(age_band=band, minor=minor)).ok is not False and _ages_meet(band, ages):
            found.append(band)
    return tuple(found)


def to_talk_to(version: Trajectory, stops: Iterable[Stop]) -> tuple[ServiceShown, ...]:
    """Whom to call when nothing fits: those responsible where one may begin, with a number; else whoever has one."""
    moments = list(stops)
    starting = {one.key for one in version.starts} or {one.node.key for one in moments[:1]}
    first = [one for one in moments if one.node.key in starting]
    for chosen in (first, moments):
        steps = [one for moment in chosen for one in moment.every]
        leads = [one.service for stop in steps for one in stop.helps if one.role == "lead" and one.service.phones]
        if leads:
            return tuple(dict.fromkeys(leads))
    return ()


def by_service(stops: Iterable[Stop]) -> tuple[tuple[ServiceShown, tuple[Help, ...], tuple[Stop, ...]], ...]:
    """Each service once, with what it does and where: the index of the pocket guide, by organisation then name."""
    found: dict[UUID, tuple[ServiceShown, list[Help], list[Stop]]] = {}
    for moment in stops:
        for stop in moment.every:
            for one in stop.helps:
                kept = found.setdefault(one.service.id, (one.service, [], []))
                kept[1].append(one)
                kept[2].append(stop)
    rows = sorted(found.values(), key=lambda row: (row[0].organisation, row[0].name, str(row[0].id)))
    return tuple((service, tuple(helps), tuple(where)) for service, helps, where in rows)


def values_by_subject(conditions: Iterable[Condition]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Conditions grouped: one of the values of each subject is asked, every subject counts."""
    ordered = sorted(conditions)
    return tuple(
        (subject, tuple(one.value for one in those)) for subject, those in groupby(ordered, key=lambda one: one.subject)
    )


def _stop(
    version: Trajectory,
    services: Mapping[UUID, ServiceShown],
    numbers: Mapping[str, str],
    node: Node,
    moment: Node | None,
) -> Stop:
    conditions = (*(moment.conditions if moment else ()), *node.conditions)
    answers = version.answers_of(node.key)
    known = (_help(one, services[one.service_id], node, conditions) for one in answers if one.service_id in services)
    helps = tuple(sorted(known, key=_rank))
    return Stop(
        node=node,
        number=numbers[node.key],
        needs=node.needs or (moment.needs if moment else ()),
        helps=helps,
        unseen=len(answers) - len(helps),
        passages=tuple(
            _passage(version, numbers, edge) for edge in version.following(node.key) if edge.target in numbers
        ),
        steps=()
        if moment
        else tuple(_stop(version, services, numbers, step, node) for step in version.steps_of(node.key)),
    )


def _rank(one: Help) -> tuple[int, str, str, str]:
    """Responsible first, then by names: the same paper whatever the order of the rows."""
    return list(ROLES).index(one.role), one.service.organisation, one.service.name, str(one.service.id)


def _help(answer: Answer, service: ServiceShown, node: Node, conditions: Iterable[Condition]) -> Help:
    return Help(
        service=service,
        role=answer.role,
        areas=answer.areas or service.areas,
        bands=bands_of(conditions, service.ages),
        delay_hours=answer.delay_hours or node.delay_hours,
    )


def _passage(version: Trajectory, numbers: Mapping[str, str], edge: Edge) -> Passage:
    target = version.node(edge.target)
    assert target is not None  # numbers are those of this version's nodes
    return Passage(target, numbers[edge.target], edge.conditions)


def _ages_meet(band: str, ages: Collection[tuple[int | None, int | None]]) -> bool:
    low, high = BAND_YEARS[band]
    return not ages or any((least or 0) <= (high or 200) and (most or 200) >= low for least, most in ages)
