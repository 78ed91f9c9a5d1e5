"""For the demo: the network's courses, invented people, sessions past and to come, a half-done series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.api import TORONTO, Role, Seeder, Viewer, new_id

from .models import Course, Learner, Module, TrainingSession, Version
from .rules.names import folded
from .services import catalogue, people, registering, series, sessions
from .services.catalogue import CourseText, NewModule
from .services.desk import Desk
from .services.people import NewPerson
from .services.sessions import NewBlock
from .settings import Settings

#: (key, kind, title, English, summary, audience, months, parts): durations in minutes, as given in 2023-2024.
COURSES = (
    ("patrol", "training", "Formation aux patrouilleuses et patrouilleurs", "Training for patrol officers",
     "Repérer l’exploitation sexuelle, accueillir sans nuire, orienter la nuit même.", "patrol", 36,
     (("Séance pour la patrouille", 240),)),
    ("capsules", "capsules", "Capsules vidéo pour les unités", "Video capsules for units",
     "Cinq capsules d’une heure, données unité par unité.", "educator", 24,
     (("Le recrutement", 60), ("Les signes", 60), ("L’accueil d’une confidence", 60), ("La sécurité", 60),
      ("Orienter et accompagner", 60))),
    ("concerted", "training", "Interventions concertées en exploitation sexuelle", "Concerted intervention",
     "Deux jours, avec des partenaires de toute la région.", "worker", 36,
     (("Premier jour", 420), ("Second jour", 420))),
    ("calacs", "training", "Formation sur l’exploitation sexuelle", "Training on sexual exploitation",
     "Deux jours pour les travailleuses des CALACS.", "worker", None, (("Premier jour", 420), ("Second jour", 420))),
    ("workshop", "workshop", "Au-delà des apparences", "Beyond appearances",
     "Atelier de prévention en milieu scolaire et dans les maisons des jeunes.", "youth", None, (("Atelier", 75),)),
)  # fmt: skip
#: Everybody is invented: (name, unit).
CENTRE = (
    ("Aube Exemple", "Unité Les Ormes"), ("Basile Exemple", "Unité Les Ormes"), ("Clara Exemple", "Unité Les Ormes"),
    ("Désiré Exemple", "Unité Les Pins"), ("Élodie Exemple", "Unité Les Pins"), ("Fabien Exemple", "Unité Les Érables"),
    ("Gaëlle Exemple", "Unité Les Érables"),
)  # fmt: skip
OWN = ("Hortense Exemple", "Iris Exemple", "Jeanne Exemple", "Katia Exemple")
PATROL = ("Léo Exemple", "Maude Exemple", "Nicolas Exemple", "Océane Exemple", "Philippe Exemple")


@dataclass(frozen=True)
class Maker:
    """What each step of the demo needs."""

    session: Session
    seeder: Seeder
    settings: Settings

    def desk(self, viewer: Viewer, days: int) -> Desk:
        """The desk of somebody so many days from now."""
        return Desk(self.seeder.keyring, self.settings, viewer, self.seeder.now + timedelta(days=days))

    def committee(self, days: int) -> Desk:
        """Of who sits in the committee."""
        return self.desk(self.seeder.viewer("ficesl-formation"), days)

    def keeper(self, organisation: str, days: int) -> Desk:
        """Of whoever keeps that organisation's people."""
        roles = frozenset({Role.ORGANISATION_ADMIN})
        return self.desk(Viewer(new_id(), self.seeder.organisation(organisation), "", "", roles, ""), days)


def seed_training(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Five courses, three organisations' people, six sessions, one series; nothing if a course is there."""
    if session.scalar(select(exists().select_from(Course))):
        return
    made = Maker(session, seeder, settings)
    versions = {key: _course(made, key) for key, *_rest in COURSES}
    units: dict[str, UUID] = {}
    centre = made.keeper("cisss-lanaudiere", -420)
    for name, unit in CENTRE:
        if unit not in units:
            units[unit] = people.add_team(session, centre, unit)
        people.add_person(session, centre, NewPerson(name, _mail(name), "educator", units[unit], another=True))
    ours = made.keeper("calacs-la-chrysalide", -400)
    own = [people.add_person(session, ours, NewPerson(one, _mail(one), "worker", another=True)) for one in OWN]
    police = made.keeper("police-repentigny", -400)
    patrol = [people.add_person(session, police, NewPerson(one, _mail(one), "patrol", another=True)) for one in PATROL]

    first = session.scalar(select(Version.course_id).where(Version.id == versions["capsules"]))
    if first is not None:
        today = seeder.now.astimezone(TORONTO).date()
        targets = dict(zip(units.values(), (today - timedelta(days=40), today + timedelta(days=60), None), strict=True))
        series.open_series(session, made.committee(-410), first, today - timedelta(days=410), targets)
    for unit, parts, ago in (("Unité Les Ormes", 3, 400), ("Unité Les Pins", 1, 200)):
        for number in range(parts):
            _given(made, versions["capsules"], number, units[unit], -(ago - number * 30), "cisss-lanaudiere")
    _given(made, versions["capsules"], 3, units["Unité Les Ormes"], 21, "cisss-lanaudiere")
    _session(made, versions["patrol"], "police-repentigny", -300, 30, [(police, patrol)])
    small = _session(made, versions["concerted"], "calacs-la-chrysalide", 14, 3, [(ours, own)])
    _session(made, versions["calacs"], "calacs-coup-de-coeur", 35, 12, [])
    workers = made.desk(seeder.viewer("communautaire-ajrj"), -1)
    mine = people.own_learner(session, workers)
    registering.register_people(session, workers, small, [mine])


def _course(made: Maker, key: str) -> UUID:
    _key, kind, title, english, summary, audience, months, parts = next(one for one in COURSES if one[0] == key)
    desk = made.committee(-430)
    code = catalogue.add_course(made.session, desk, kind, CourseText(title, english, summary, audience, months))
    version = made.session.scalars(
        select(Version.id).join(Course, Course.id == Version.course_id).where(Course.code == code)
    ).one()
    for name, minutes in parts:
        catalogue.add_module(made.session, desk, version, NewModule(name, "", minutes, "live"))
    catalogue.publish_version(made.session, desk, version)
    return version


def _session(
    made: Maker, version: UUID, host: str, days: int, capacity: int, registered: list[tuple[Desk, list[UUID]]]
) -> UUID:
    """A session of every part, one a day, `days` from now; people are registered before it begins."""
    planned = made.committee(min(days, 0) - 40)
    code = sessions.plan_session(
        made.session,
        planned,
        version,
        organisation_id=made.seeder.organisation(host),
        team_id=None,
        capacity=capacity,
        language="fr",
    )
    row = made.session.scalars(select(TrainingSession).where(TrainingSession.code == code)).one()
    for number, part in enumerate(_parts(made.session, version)):
        _block(made, row.id, part, days + number, planned)
    sessions.open_registrations(made.session, planned, row.id)
    trainer = made.seeder.viewer("ficesl-formation")
    given = (trainer.user_id, trainer.organisation_id)
    sessions.add_trainer(made.session, planned, row.id, user_id=given[0], organisation_id=given[1], name="")
    for desk, learners in registered:
        at = Desk(desk.keyring, desk.settings, desk.viewer, planned.now)
        registering.register_people(made.session, at, row.id, learners)
    sessions.finish_sessions(made.session, made.committee(0))
    return row.id


def _given(made: Maker, version: UUID, number: int, team: UUID, days: int, host: str) -> None:
    """One capsule given to one unit, `days` from now."""
    planned = made.committee(min(days, 0) - 20)
    code = sessions.plan_session(
        made.session,
        planned,
        version,
        organisation_id=made.seeder.organisation(host),
        team_id=team,
        capacity=12,
        language="fr",
    )
    row = made.session.scalars(select(TrainingSession).where(TrainingSession.code == code)).one()
    _block(made, row.id, _parts(made.session, version)[number], days, planned)
    sessions.open_registrations(made.session, planned, row.id)
    keeper = Desk(planned.keyring, planned.settings, made.keeper(host, 0).viewer, planned.now)
    learners = list(made.session.scalars(select(Learner.id).where(Learner.team_id == team).order_by(Learner.id)))
    registering.register_people(made.session, keeper, row.id, learners)
    sessions.finish_sessions(made.session, made.committee(0))


def _parts(session: Session, version: UUID) -> list[tuple[UUID, int]]:
    """(module, minutes) in order."""
    rows = session.execute(
        select(Module.id, Module.minutes).where(Module.version_id == version).order_by(Module.position)
    )
    return [(row.id, row.minutes) for row in rows]


def _mail(name: str) -> str:
    """An address that leads nowhere."""
    return f"{folded(name).replace(' ', '.')}@exemple.invalid"


def _block(made: Maker, session_id: UUID, part: tuple[UUID, int], days: int, desk: Desk) -> None:
    day: date = (made.seeder.now + timedelta(days=days)).astimezone(TORONTO).date()
    module, minutes = part
    begins = time(9)
    ends = time(9 + minutes // 60, minutes % 60)
    sessions.add_block(made.session, desk, session_id, NewBlock(module, day, begins, ends, "Salle d’exemple", ""))
