"""For the demo: trainings completed in other years, so that there are attestations, one about to end, one ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from core.api import Seeder, new_id

from .models import AttestationRow, Course, Credit, Learner, Module, Version
from .queries.attestations import local_day
from .services import catching_up
from .services.desk import Desk
from .services.people import own_learner
from .settings import Settings

#: Of each ten people a training is for, how many have done it, and how many days ago.
SHARE = 6
SPREAD = 90
#: (persona, kind of course, days ago): one ends within the month when it lasts three years, another is over.
OWN = (
    ("communautaire-ajrj", "training", 3 * 365 - 20),
    ("calacs-chrysalide", "training", 200),
    ("admin-chrysalide", "training", 4 * 365),
    ("police-repentigny", "training", 400),
)


def seed_attestations(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Invented credits of the past, what they complete, and the counts of everybody; nothing twice."""
    if not session.scalar(select(exists().select_from(AttestationRow))):
        today = local_day(seeder.now)
        for version in _offered(session):
            people = session.scalars(
                select(Learner.id)
                .where(Learner.audience == version.audience, Learner.user_id.is_(None), Learner.left_at.is_(None))
                .order_by(Learner.id)
            ).all()
            for number, learner in enumerate(people):
                if number % 10 < SHARE:
                    _credited(session, version.id, learner, today - timedelta(days=30 + number % SPREAD), seeder)
        for persona, kind, days in OWN:
            learner = own_learner(session, Desk(seeder.keyring, settings, seeder.viewer(persona), seeder.now))
            lasting = [one for one in _offered(session) if one.kind == kind and (one.validity_months or 0) >= 36]
            if lasting:
                _credited(session, lasting[0].id, learner, today - timedelta(days=days), seeder)
    catching_up.attest_everybody(session, seeder.now)


def _offered(session: Session) -> list[Any]:
    rows = session.execute(
        select(Version.id, Version.audience, Version.validity_months, Course.kind)
        .join(Course, Course.id == Version.course_id)
        .where(Version.state == "published", Course.retired_at.is_(None), Course.kind == "training")
        .order_by(Version.title)
    )
    return list(rows)


def _credited(session: Session, version_id: UUID, learner_id: UUID, on_day: date, seeder: Seeder) -> None:
    parts = session.execute(
        select(Module.id, Module.lineage_id, Module.minutes, Version.course_id)
        .join(Version, Version.id == Module.version_id)
        .where(Module.version_id == version_id)
    ).all()
    done = set(session.scalars(select(Credit.module_id).where(Credit.learner_id == learner_id)))
    new = [
        {
            "id": new_id(),
            "learner_id": learner_id,
            "course_id": part.course_id,
            "module_id": part.id,
            "lineage_id": part.lineage_id,
            "minutes": part.minutes,
            "on_day": on_day,
            "source": "import",
            "at": seeder.now,
        }
        for part in parts
        if part.id not in done
    ]
    if new:
        session.execute(insert(Credit), new)
