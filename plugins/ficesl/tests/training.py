"""Shared by the tests of training: the demo's committee and organisations, a course, sessions, people."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.testing.network import Network

from ..models import Course, Learner, Module, Registration, TrainingSession, Version
from ..services import catalogue, people, registering, sessions
from ..services.catalogue import CourseText, NewModule
from ..services.desk import Desk
from ..services.people import NewPerson
from ..services.sessions import NewBlock
from ..settings import Settings

#: Who sits in the committee; who keeps an organisation's people; a worker of another organisation.
TRAINER, ADMIN, WORKER, OFFICER = "ficesl-formation", "admin-chrysalide", "communautaire-ajrj", "police-repentigny"
CHRYSALIDE = "calacs-la-chrysalide"
TEXT = CourseText("Capsules d’essai", "Test capsules", "Repérer, accueillir, orienter.", "worker", 24)


def desk(network: Network, persona: str = TRAINER, **settings: Any) -> Desk:
    """The desk of a persona, at the network's hour."""
    network.serve_plugins()
    return Desk(network.keyring, Settings(**settings), network.viewer(persona), network.clock.now())


def a_course(network: Network, *, kind: str = "capsules", modules: int = 2, minutes: int = 60) -> UUID:
    """A published version with as many modules; its identifier."""
    given = desk(network)
    with network.database.transaction() as session:
        code = catalogue.add_course(session, given, kind, TEXT)
        version = session.scalars(
            select(Version.id).join(Course, Course.id == Version.course_id).where(Course.code == code)
        ).one()
        for number in range(1, modules + 1):
            catalogue.add_module(session, given, version, NewModule(f"Capsule {number}", "", minutes, "live"))
        catalogue.publish_version(session, given, version)
        return version


def a_session(
    network: Network,
    version: UUID | None = None,
    *,
    capacity: int = 20,
    day: date = date(2026, 12, 8),
    team: UUID | None = None,
    open_it: bool = True,
) -> UUID:
    """An open session of one block, from 9 h to 10 h; its identifier."""
    given = desk(network)
    version = version or a_course(network)
    host = network.organisation(CHRYSALIDE)
    with network.database.transaction() as session:
        code = sessions.plan_session(
            session, given, version, organisation_id=host, team_id=team, capacity=capacity, language="fr"
        )
        session_id = session.scalars(select(TrainingSession.id).where(TrainingSession.code == code)).one()
        sessions.add_block(session, given, session_id, a_block(session, version, day))
        if open_it:
            sessions.open_registrations(session, given, session_id)
        return session_id


def planned(network: Network, session: Any, version: UUID) -> UUID:
    """An open session made in that transaction; its identifier."""
    given = desk(network)
    host = given.viewer.organisation_id
    assert host is not None
    code = sessions.plan_session(
        session, given, version, organisation_id=host, team_id=None, capacity=20, language="fr"
    )
    session_id = session.scalars(select(TrainingSession.id).where(TrainingSession.code == code)).one()
    sessions.add_block(session, given, session_id, a_block(session, version, date(2026, 12, 8)))
    sessions.open_registrations(session, given, session_id)
    return UUID(str(session_id))


def a_block(session: Any, version: UUID, day: date, starts: str = "09:00", ends: str = "10:00") -> NewBlock:
    """One block of the first module of that version."""
    module = session.scalars(select(Module.id).where(Module.version_id == version).order_by(Module.position)).first()
    return NewBlock(module, day, time.fromisoformat(starts), time.fromisoformat(ends), "Salle d’essai", "")


def a_person(network: Network, name: str, email: str = "", persona: str = ADMIN) -> UUID:
    """Somebody of that admin's organisation, committed."""
    with network.database.transaction() as session:
        return people.add_person(session, desk(network, persona), NewPerson(name, email, "worker", another=True))


def register(network: Network, session_id: UUID, *learners: UUID, persona: str = ADMIN) -> dict[UUID, str]:
    """Register them, committed; their states."""
    given = desk(network, persona)
    with network.database.transaction() as session:
        return dict(registering.register_people(session, given, session_id, learners).states)


def states(network: Network, session_id: UUID) -> list[str]:
    """States of a session's registrations in the order of the queue."""
    with network.database.transaction(write=False) as session:
        return list(
            session.scalars(
                select(Registration.state).where(Registration.session_id == session_id).order_by(Registration.queue)
            )
        )


def learners_of(network: Network, organisation: str = CHRYSALIDE) -> int:
    """How many people that organisation trains."""
    with network.database.transaction(write=False) as session:
        wanted = Learner.organisation_id == network.organisation(organisation)
        return len(session.scalars(select(Learner.id).where(wanted)).all())
