"""What the guide asks and answers from: the version in force, its services for one reader, whom to talk to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import Area, EmergencyLine, Receiving, ServiceShown, Viewer, areas, receiving_organisations

from ..rules.graph import Trajectory
from ..rules.guide import REGION, Door, Offered
from ..rules.guide_questions import Question, questions
from .trajectory import published, services_of

#: How one reaches a service that receives references on the platform.
HERE = "here"


@dataclass(frozen=True)
class Guide:
    """Everything one turn of the guide needs, for one reader. `receiving`: who receives references here."""

    trajectory: Trajectory
    shown: Mapping[UUID, ServiceShown]
    offered: Mapping[UUID, Offered]
    places: tuple[Area, ...]
    questions: tuple[Question, ...]
    receiving: tuple[Receiving, ...]

    def doors(self, area: str | None, lines: Sequence[EmergencyLine], locale: str) -> tuple[Door, ...]:
        """Whom to talk to from an area: those who receive its women, or everybody who receives when it is not known
        or nobody's; then the network's lines that have a number."""
        serving = [one for one in self.receiving if area and area != REGION and area in one.areas]
        found = [
            Door(
                one.name_en if locale == "en" and one.name_en else one.name,
                tuple(
                    f"{phone.number} poste {phone.extension}" if phone.extension else phone.number
                    for phone in one.phones
                ),
            )
            for one in (serving or self.receiving)
        ]
        return (*found, *(Door(line.label, (line.number,)) for line in lines if line.number))

    def referable(self, viewer: Viewer) -> Mapping[UUID, UUID]:
        """Service → organisation, of those a reference may be sent to from here, the viewer's own left out."""
        here = {one.id for one in self.receiving} - {viewer.organisation_id}
        return {
            one.id: one.organisation_id
            for one in self.shown.values()
            if one.acceptance == HERE and one.organisation_id in here
        }


def guide_for(session: Session, viewer: Viewer, now: datetime) -> Guide | None:
    """The guide as `viewer` may have it (`ANONYMOUS` for everybody's); None while no version is in force.

    Statements do not grow with the version: four, those of the directory's cards, two, and three for who receives.
    """
    trajectory = published(session)
    if trajectory is None:
        return None
    shown = services_of(session, viewer, {one.service_id for one in trajectory.answers}, now)
    offered = {one.id: offered_of(one) for one in shown.values()}
    places = areas(session)
    asked = questions(
        trajectory,
        [area.code for area in places],
        ages=any(one.ages for one in offered.values()),
        areas=any(one.covers is not None for one in offered.values()),
        languages=any(one.languages for one in offered.values()),
    )
    return Guide(trajectory, shown, offered, places, asked, receiving_organisations(session))


def offered_of(shown: ServiceShown) -> Offered:
    """A service of the directory as the rules weigh it."""
    ages = tuple((low if low is not None else 0, high if high is not None else 120) for low, high in shown.ages)
    return Offered(
        id=shown.id,
        organisation_id=shown.organisation_id,
        name=shown.name,
        ages=ages,
        covers={code: None if code in shown.areas_in_part else True for code in shown.areas} if shown.areas else None,
        languages=frozenset(shown.languages),
        capacity=shown.capacity,
        weeks=shown.weeks,
        open=shown.state.open if shown.state.known else None,
        here=shown.acceptance == HERE,
        reachable=bool(shown.phones) or shown.acceptance == HERE,
    )
