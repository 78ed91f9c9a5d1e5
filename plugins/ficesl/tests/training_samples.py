"""One of each thing of the catalogue, sessions, people and series, for the table of who gets what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.testing.network import Network

from ..models import Block, Course, Module, Registration, TrainingSession, Version
from ..services import catalogue, lists, people, series, sessions
from . import training as h


def training_samples(network: Network) -> Mapping[str, Mapping[str, str]]:
    """Beginning of an address → its parameters: La Chrysalide's people, one registered in an open session."""
    version = h.a_course(network)
    session_id = h.a_session(network, version)
    learner = h.a_person(network, "Aube Essai")
    h.register(network, session_id, learner)
    committee, ours = h.desk(network), h.desk(network, h.ADMIN)
    with network.database.transaction() as session:
        unit = people.add_team(session, ours, "Unité d’essai")
        course = session.scalars(select(Version.course_id).where(Version.id == version)).one()
        followed = series.open_series(session, committee, course, date(2026, 11, 1), {unit: None})
        url = "https://exemple.invalid/guide"
        document = catalogue.add_material(
            session, committee, version, title="Guide", reach="network", url=url, file=None
        )
        host = network.viewer(h.TRAINER).organisation_id
        trainer = sessions.add_trainer(
            session, committee, session_id, user_id=None, organisation_id=host, name="Basile Essai"
        )
        waiting = lists.stage_list(session, ours, [["Clara Essai", "clara@exemple.invalid"]])

        def one(found: UUID | None) -> str:
            return str(found)

        part = one(session.scalar(select(Module.id).where(Module.version_id == version)))
        block = one(session.scalar(select(Block.id).where(Block.session_id == session_id)))
        registration = one(session.scalar(select(Registration.id).where(Registration.session_id == session_id)))
        code = session.scalars(select(TrainingSession.code).where(TrainingSession.id == session_id)).one()
        of_course = session.scalars(select(Course.code).where(Course.id == course)).one()
    given = {"block": block, "trainer": one(trainer), "registration": registration}
    kept = {"learner": one(learner), "unit": one(unit), "list": one(waiting)}
    return {
        "/comites/ficesl/formations/": {"code": of_course, "document": one(document), "part": part},
        "/comites/ficesl/seances/": {"code": code, **given},
        "/comites/ficesl/personnes/": kept,
        "/comites/ficesl/parcours/": {"code": followed},
    }
