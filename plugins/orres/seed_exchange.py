"""Fictitious exchanges and an open campaign for the demo, made through the same services as real ones."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import TORONTO, Seeder, Viewer, areas, new_id

from .models import Campaign, Vignette
from .queries.exchange_lessons import drafts_to_join
from .rules.exchange import LessonState, Target
from .services import exchange, exchange_lessons, upkeep
from .services.drafts import Desk
from .services.exchange import NewVignette
from .settings import Settings

#: Who writes, and who reads again: they sit in the committee for two organisations.
AUTHOR, READER = "orres-comite", "bien-etre-2"
#: Who keeps the sheets of an organisation.
KEEPER = "admin-chrysalide"
#: Days since the campaign of the demo opened; its length is the setting's.
OPENED = 16


def seed_exchange(session: Session, seeder: Seeder, settings: Settings) -> None:
    """A vignette in discussion with a lesson, one that waits to be read again; a campaign that is open. Once."""
    if session.scalar(select(Vignette.id).limit(1)) is None:
        _exchanges(session, seeder, settings)
    if session.scalar(select(Campaign.id).limit(1)) is None:
        _campaign(session, seeder, settings)


def _exchanges(session: Session, seeder: Seeder, settings: Settings) -> None:
    author, reader = seeder.viewer(AUTHOR), seeder.viewer(READER)

    def desk(viewer: Viewer, days: float) -> Desk:
        return Desk(seeder.keyring, settings, viewer, seeder.now - timedelta(days=days))

    here = author.committees & reader.committees
    if not here or reader.user_id is None:
        return
    told = NewVignette(
        key="demo-1",
        age_band="14_17",
        area=areas(session)[0],
        since="months",
        needs=("housing", "support"),
        title="Exemple : trois portes avant la bonne",
        story=(
            "Exemple : une adolescente parle à une personne de confiance un vendredi soir. Trois services sont appelés "
            "en deux heures ; chacun renvoie au suivant. Elle s’éloigne. Deux semaines plus tard, elle rappelle, et le "
            "premier service appelé était le bon."
        ),
        question="Exemple : qui appeler en premier le soir et la fin de semaine, et comment le savoir en une minute?",
        reader_id=reader.user_id,
    )
    code = exchange.send_vignette(session, desk(author, 12), told)
    exchange.approve_vignette(session, desk(reader, 11), code, 1)
    said = "Exemple : la ligne de texte répond jusqu’à 22 h, même la fin de semaine. On l’oublie souvent."
    exchange.add_note(session, desk(reader, 10), code, said, frozenset())
    lesson = exchange_lessons.NewLesson(
        Target.TRAJECTORY, "Exemple : dire, à la première étape, qui répond le soir et la fin de semaine."
    )
    first = exchange_lessons.write_lesson(session, desk(author, 9), code, lesson)
    _join(session, desk(author, 8), first)
    waiting = NewVignette(
        key="demo-2",
        age_band="25_34",
        area=areas(session)[-1],
        since="weeks",
        needs=("money", "health"),
        title="Exemple : deux demandes pour le même besoin",
        story="Exemple : deux partenaires ont demandé la même aide, à quelques jours d’écart, sans le savoir.",
        question="Exemple : qui reste la personne de contact quand deux services suivent la même femme?",
        reader_id=reader.user_id,
    )
    exchange.send_vignette(session, desk(author, 1), waiting)


def _join(session: Session, desk: Desk, lesson_id: UUID) -> None:
    """To the first draft of the trajectory, if the demo has one."""
    drafts = drafts_to_join(session)
    if drafts:
        exchange_lessons.move_lesson(
            session, desk, lesson_id, LessonState.ATTACHED, seen=LessonState.OPEN, number=drafts[-1][0]
        )


def _campaign(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Open for some days, with one sheet confirmed; nobody gets a message for it."""
    opened = seeder.now - timedelta(days=OPENED)
    first = opened.astimezone(TORONTO).date()
    session.add(
        Campaign(
            id=new_id(),
            number=1,
            opens_on=first,
            closes_on=first + timedelta(days=settings.upkeep_days - 1),
            opened_at=opened,
            edits=0,
        )
    )
    session.flush()
    desk = Desk(seeder.keyring, settings, seeder.viewer(KEEPER), seeder.now - timedelta(days=3))
    upkeep.say_exact(session, desk, None)
