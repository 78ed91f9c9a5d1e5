"""Invented data of attendance for the demo: a session that is over, with presences, credits and a closed evaluation;
one that goes on now; a capsule to follow alone; the printed figures. Made through the same services as real ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.api import TORONTO, Seeder, printed_rows, read_sheet

from .models import Block, Course, Learner, Module, SettledBlock, TrainingSession, Version
from .queries.attendance import block_by_id
from .queries.capsules import capsule
from .queries.evaluations import find_evaluation
from .rules.attendance import Mark
from .rules.catalogue import ModuleForm
from .rules.credits import Question
from .rules.evaluations import Kind
from .services import attendance, capsules, catalogue, evaluations, people, published, registering, sessions
from .services.attendance import SheetMark
from .services.catalogue import CourseText, NewModule
from .services.crediting import settle
from .services.desk import Desk
from .services.people import NewPerson
from .services.sessions import NewBlock
from .settings import Settings

TRAINER, ADMIN, HOST = "ficesl-formation", "admin-chrysalide", "calacs-la-chrysalide"
TITLE = "Exemple : accueillir une première confidence"
#: Everybody is invented.
PEOPLE = (
    "Aude Lavertu", "Béatrice Nolin", "Camille Ostiguy", "Delphine Pomerleau", "Élodie Quirion", "Florence Racine",
    "Gaëlle Sylvestre", "Hortense Tellier",
)  # fmt: skip
#: Marks of the sheet, in the order of the people; the last one was away.
MARKS = (Mark(True), Mark(True, 5), Mark(True), Mark(True, 20), Mark(True), Mark(True, 0, 30), Mark(True), Mark(False))
#: Steps of the scale given by six people to the four statements of the form.
ANSWERS = ((3, 3, 2, 3), (2, 3, 2, 2), (3, 2, 1, 3), (3, 3, 3, 3), (2, 2, 1, 2), (3, 3, 2, 3))
DAYS_AGO = 24


def seed_past_session(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Nothing twice: the session of that title is the mark."""
    if session.scalar(select(exists().where(Version.title == TITLE))):
        return
    day = (seeder.now - timedelta(days=DAYS_AGO)).astimezone(TORONTO).date()
    before = seeder.now - timedelta(days=DAYS_AGO + 20)

    def desk(persona: str, now: datetime) -> Desk:
        return Desk(seeder.keyring, settings, seeder.viewer(persona), now)

    keeper = desk(TRAINER, before)
    live, alone = _course(session, keeper)
    version_id = session.scalars(select(Module.version_id).where(Module.id == live)).one()
    code = sessions.plan_session(
        session,
        keeper,
        version_id,
        organisation_id=seeder.organisation(HOST),
        team_id=None,
        capacity=12,
        language="fr",
    )
    session_id = session.scalars(select(TrainingSession.id).where(TrainingSession.code == code)).one()
    hours = NewBlock(live, day, time(9), time(12), "Exemple : salle du rez-de-chaussée", "")
    block_id = sessions.add_block(session, keeper, session_id, hours)
    trainer = seeder.viewer(TRAINER)
    sessions.add_trainer(
        session, keeper, session_id, user_id=trainer.user_id, organisation_id=trainer.organisation_id, name=""
    )
    sessions.open_registrations(session, keeper, session_id)
    learners = _people(session, desk(ADMIN, before))
    registering.register_people(session, desk(ADMIN, before), session_id, learners)
    _present(session, desk, block_id, learners)
    _opinions(session, seeder, settings, code, learners)
    _quiz(session, desk(TRAINER, before), alone)
    _figures(session, desk(TRAINER, seeder.now))


def seed_today(session: Session, seeder: Seeder, settings: Settings) -> None:
    """A session that goes on now, one for each day the demo starts: its sheet and its screen can be tried."""
    version_id = session.scalar(select(Version.id).where(Version.title == TITLE, Version.state == "published"))
    here = seeder.now.astimezone(TORONTO)
    midnight = datetime.combine(here.date(), time(), TORONTO)
    of_today = (Block.starts_at >= midnight) & (Block.starts_at < midnight + timedelta(days=1))
    same = select(Block.id).join(TrainingSession, TrainingSession.id == Block.session_id)
    if version_id is None or session.scalar(same.where(TrainingSession.version_id == version_id, of_today).limit(1)):
        return
    keeper = Desk(seeder.keyring, settings, seeder.viewer(TRAINER), seeder.now - timedelta(days=5))
    code = sessions.plan_session(
        session, keeper, version_id, organisation_id=seeder.organisation(HOST), team_id=None, capacity=12, language="fr"
    )
    session_id = session.scalars(select(TrainingSession.id).where(TrainingSession.code == code)).one()
    live = session.scalars(select(Module.id).where(Module.version_id == version_id).order_by(Module.position)).all()[0]
    # Never in the hours when clocks change, nor over midnight
    hour = max(4, here.hour)
    ends = time(hour + 3) if hour < 21 else time(23, 59)
    sessions.add_block(
        session, keeper, session_id, NewBlock(live, here.date(), time(hour), ends, "Exemple : salle d’en haut", "")
    )
    trainer = seeder.viewer(TRAINER)
    sessions.add_trainer(
        session, keeper, session_id, user_id=trainer.user_id, organisation_id=trainer.organisation_id, name=""
    )
    sessions.open_registrations(session, keeper, session_id)
    learners = session.scalars(
        select(Learner.id)
        .where(Learner.organisation_id == seeder.organisation(HOST), Learner.user_id.is_(None))
        .order_by(Learner.created_at, Learner.id)
        .limit(len(PEOPLE))
    ).all()
    admin = Desk(seeder.keyring, settings, seeder.viewer(ADMIN), keeper.now)
    registering.register_people(session, admin, session_id, learners)


def _course(session: Session, keeper: Desk) -> tuple[UUID, UUID]:
    """A course of two modules: one given in a session, one followed alone. Their identifiers."""
    text = CourseText(
        TITLE, "Example: hearing a first disclosure", "Exemple : écouter, croire, orienter.", "worker", 24
    )
    code = catalogue.add_course(session, keeper, "training", text)
    version_id = session.scalars(
        select(Version.id).join(Course, Course.id == Version.course_id).where(Course.code == code)
    ).one()
    catalogue.add_module(
        session, keeper, version_id, NewModule("Exemple : en groupe", "Example: together", 180, ModuleForm.LIVE)
    )
    catalogue.add_module(
        session,
        keeper,
        version_id,
        NewModule(
            "Exemple : revoir la trajectoire",
            "Example: the pathway again",
            30,
            ModuleForm.SELF_PACED,
            video_url="https://exemple.invalid/capsule",
            quiz_pass_percent=60,
            quiz_attempts=3,
        ),
    )
    catalogue.publish_version(session, keeper, version_id)
    live, alone = session.scalars(
        select(Module.id).where(Module.version_id == version_id).order_by(Module.position)
    ).all()
    return live, alone


def _people(session: Session, admin: Desk) -> list[UUID]:
    return [
        people.add_person(session, admin, NewPerson(name, f"exemple-{number}@exemple.invalid", "worker", another=True))
        for number, name in enumerate(PEOPLE, 1)
    ]


def _present(session: Session, desk: Callable[[str, datetime], Desk], block_id: UUID, learners: list[UUID]) -> None:
    block = block_by_id(session, block_id)
    assert block is not None
    marks = [SheetMark(one, mark, f"demo-{one.hex}") for one, mark in zip(learners, MARKS, strict=True)]
    tolerance = desk(TRAINER, block.starts_at).settings.tolerance_minutes
    attendance.mark_presences(session, desk(TRAINER, block.starts_at + timedelta(minutes=10)), block, marks, tolerance)
    settle(session, block.module_id, learners, block.ends_at)
    session.add(SettledBlock(block_id=block_id, at=block.ends_at))
    session.flush()


def _opinions(session: Session, seeder: Seeder, settings: Settings, code: str, learners: list[UUID]) -> None:
    found = find_evaluation(session, code)
    assert found is not None
    form = evaluations.ensure_form(session, found.version_id)
    scale = [one.id for one in form if one.kind is Kind.SCALE]
    words = [one.id for one in form if one.kind is Kind.TEXT]
    at = found.last_ends + timedelta(minutes=5)
    for number, steps in enumerate(ANSWERS):
        texts = {words[0]: "Exemple : les mises en situation, à garder."} if number == 2 else {}
        given = dict(zip(scale, steps, strict=True))
        evaluations.send_answers(session, seeder.keyring, found, learners[number], given, texts, at)
    keeper = Desk(seeder.keyring, settings, seeder.viewer(TRAINER), at + timedelta(days=3))
    evaluations.close_evaluation(session, keeper, found)


def _quiz(session: Session, keeper: Desk, module_id: UUID) -> None:
    found = capsule(session, None, module_id)
    assert found is not None
    questions = (
        Question("Exemple : qui décide de la suite?", ("La femme elle-même", "La personne qui l’accueille"), 0),
        Question("Exemple : que dire d’abord?", ("Qu’on la croit", "Ce qu’elle aurait dû faire"), 0),
        Question("Exemple : qui la rappelle?", ("Tout le comité", "La ressource qu’elle a choisie"), 1),
    )
    capsules.save_quiz(session, keeper, found, questions)


def _figures(session: Session, keeper: Desk) -> None:
    """The printed figures of 2023-2024: the trainings from the plugin's file, the others from the core's."""
    file = Path(__file__).parent / "data" / "formations_ficesl_2023_2024.csv"
    published.import_published(session, keeper, read_sheet(file.read_bytes()))
    for name in ("workshops", "evaluations"):
        rows = printed_rows(2023, name)
        table = [list(rows[0]), *(list(row.values()) for row in rows)]
        published.import_published(session, keeper, table, "2023-2024")
