"""Who is called what: only for her own organisation, for herself, and for who trains her, around the session.

Each time names are read, a line of journal says so in the organisation that holds them (network rules §3.10).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from core.api import Keyring, Role, Viewer, open_text, people_names, record_each

from ..models import Learner, Registration, Trainer, TrainingSession
from .training import first_block, last_block

TABLE = "ficesl_learners"
#: What stands for a name that is gone.
GONE = "–"
#: Account holders whose names one statement reads.
AT_ONCE = 5_000


@dataclass(frozen=True)
class Person:
    """Somebody's name, and her work e-mail when she has no account."""

    name: str
    email: str


def keeps_people(viewer: Viewer) -> bool:
    """Whether she keeps the people of her organisation."""
    return viewer.organisation_id is not None and Role.ORGANISATION_ADMIN in viewer.roles


def trains(session: Session, viewer: Viewer, session_id: UUID) -> bool:
    """Whether the viewer gives that session."""
    if viewer.user_id is None:
        return False
    mine = (Trainer.session_id == session_id) & (Trainer.user_id == viewer.user_id)
    return bool(session.scalar(select(exists().where(mine))))


def names_for(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    learner_ids: Iterable[UUID],
    now: datetime,
    *,
    days: int,
) -> dict[UUID, str]:
    """Names that this viewer may read, by learner; the others are left out. Journaled: the transaction must write.

    `days`: the setting `names_days`, how long before the first block and after the last one those who train read them.
    Three statements.
    """
    return {
        one: person.name for one, person in people_for(session, keyring, viewer, learner_ids, now, days=days).items()
    }


def people_for(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    learner_ids: Iterable[UUID],
    now: datetime,
    *,
    days: int = 0,
) -> dict[UUID, Person]:
    """The same with work e-mails; an organisation's own people need no `days`. For the people of a page or of a sheet:
    each is a value of the statement."""
    wanted = sorted(set(learner_ids), key=str)
    if not wanted or viewer.user_id is None:
        return {}
    trained = _trained_by(viewer.user_id, now, timedelta(days=days))
    mine: list[ColumnElement[bool]] = [Learner.user_id == viewer.user_id, trained]
    if keeps_people(viewer):
        mine.append(Learner.organisation_id == viewer.organisation_id)
    rows = session.execute(
        select(Learner.id, Learner.organisation_id, Learner.user_id, Learner.name_sealed, Learner.email_sealed).where(
            Learner.id.in_(wanted), Learner.erased_at.is_(None), or_(*mine)
        )
    ).all()
    accounts = {row.user_id for row in rows if row.user_id is not None}
    known = people_names(session, keyring, frozenset(accounts)) if accounts else {}
    found = {}
    for row in rows:
        if row.user_id is not None:
            found[row.id] = Person(known[row.user_id].name if row.user_id in known else GONE, "")
        else:
            name = open_text(keyring, TABLE, row.id, "name_sealed", row.name_sealed)
            found[row.id] = Person(name or GONE, open_text(keyring, TABLE, row.id, "email_sealed", row.email_sealed))
    _note(session, viewer, Counter(row.organisation_id for row in rows if row.user_id != viewer.user_id), now)
    return found


def own_names(session: Session, keyring: Keyring, viewer: Viewer, rows: Sequence[Any]) -> dict[UUID, str]:
    """Names of rows (`id`, `user_id`, `name_sealed`) of the viewer's own organisation, by learner, to put them in order
    or to look among them: what is then shown is for `note_shown`. However many there are, no statement names them all:
    one for 5,000 account holders."""
    if not keeps_people(viewer):
        return {}
    accounts = sorted({row.user_id for row in rows if row.user_id is not None}, key=str)
    known: dict[UUID, str] = {}
    for start in range(0, len(accounts), AT_ONCE):
        some = people_names(session, keyring, frozenset(accounts[start : start + AT_ONCE]))
        known |= {user_id: person.name for user_id, person in some.items()}
    return {
        row.id: known.get(row.user_id, GONE)
        if row.user_id is not None
        else open_text(keyring, TABLE, row.id, "name_sealed", row.name_sealed) or GONE
        for row in rows
    }


def note_shown(session: Session, viewer: Viewer, people: int, now: datetime) -> None:
    """A line in the journal of the viewer's own organisation: of the names sorted or searched, those shown."""
    if people and viewer.organisation_id is not None:
        _note(session, viewer, {viewer.organisation_id: people}, now)


def _trained_by(user_id: UUID, now: datetime, around: timedelta) -> ColumnElement[bool]:
    """Registered in a session that this person gives, in the days around it."""
    return exists(
        select(Registration.id)
        .join(TrainingSession, TrainingSession.id == Registration.session_id)
        .join(Trainer, Trainer.session_id == TrainingSession.id)
        .where(
            Registration.learner_id == Learner.id,
            Registration.state != "cancelled",
            Trainer.user_id == user_id,
            first_block() <= now + around,
            last_block() >= now - around,
        )
    )


def _note(session: Session, viewer: Viewer, counts: Mapping[UUID, int], now: datetime) -> None:
    """A line in the journal of each organisation whose people's names were read, written together."""
    lines = {organisation_id: {"people": count} for organisation_id, count in counts.items()}
    record_each(session, lines, actor=viewer, action="ficesl.names_read", subject="learners", now=now)
