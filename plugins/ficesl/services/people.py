"""People an organisation trains: added, changed, gone, erased; and its units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from core.api import N_, Forbidden, Missing, new_id, open_text, seal_text

from ..models import Learner, Registration, Team, TrainingSession
from ..queries.names import keeps_people
from ..rules.names import folded, is_mailbox, tidy
from . import registering
from .desk import Desk, Refused, locked_session, note
from .likeness import TABLE, Index, Known, marks, people_of
from .times import begins_at

NAME_WANTED = N_("Écrivez le prénom et le nom de la personne.")
BAD_EMAIL = N_("Écrivez une seule adresse de courriel du travail.")
SAME_EMAIL = N_("Une autre personne de l’organisme a déjà cette adresse.")
ALIKE = N_("Cette personne ressemble à quelqu’un de votre liste. Est-ce la même?")
HAS_ACCOUNT = N_("Cette personne a un compte\u00a0: c’est elle qui tient son nom.")
TEAM_WANTED = N_("Donnez un nom à l’unité.")
SAME_TEAM = N_("Une unité de votre organisme a déjà ce nom.")
_NO_SYNC = {"synchronize_session": False}
#: What an account holder most likely is, before she says otherwise.
AUDIENCE_OF_TYPE: Mapping[str, str] = {
    "police": "patrol",
    "calacs": "worker",
    "communautaire": "worker",
    "sante": "health",
    "justice": "justice",
}


@dataclass(frozen=True)
class NewPerson:
    """Somebody without an account, as typed. `another`: the person who types says that she is nobody of the list."""

    name: str
    email: str
    audience: str
    team_id: UUID | None = None
    another: bool = False


class AlikePerson(Refused):
    """Somebody of the list is written nearly the same."""

    def __init__(self, like: Known) -> None:
        super().__init__(ALIKE, "name")
        self.like = like


def own_learner(session: Session, desk: Desk) -> UUID:
    """The viewer as somebody who is trained; made the first time. Raises Forbidden for nobody."""
    viewer = desk.viewer
    if viewer.user_id is None or viewer.organisation_id is None:
        raise Forbidden
    found = session.execute(
        select(Learner.id, Learner.organisation_id, Learner.left_at).where(Learner.user_id == viewer.user_id)
    ).first()
    if found is not None:
        if found.organisation_id != viewer.organisation_id or found.left_at is not None:
            moved = update(Learner).where(Learner.id == found.id)
            session.execute(
                moved.values(organisation_id=viewer.organisation_id, team_id=None, left_at=None),
                execution_options=_NO_SYNC,
            )
        return UUID(str(found.id))
    learner_id = new_id()
    session.add(
        Learner(
            id=learner_id,
            organisation_id=viewer.organisation_id,
            user_id=viewer.user_id,
            audience=AUDIENCE_OF_TYPE.get(viewer.organisation_type, "other"),
            created_at=desk.now,
        )
    )
    session.flush()
    return learner_id


def add_person(session: Session, desk: Desk, new: NewPerson) -> UUID:
    """Add somebody to the viewer's organisation; who is there already, word for word, is not added twice.

    Raises Refused at `name` or `email`, AlikePerson when she resembles somebody and nobody said that she is another.
    """
    organisation_id = _ours(desk)
    name, email = check_person(new.name, new.email)
    known = people_of(session, desk.keyring, organisation_id, emails=False)
    by_id = {one.id: one for one in known}
    _name_mark, email_mark = marks(desk.keyring, name, email)
    there = (Learner.organisation_id == organisation_id) & Learner.left_at.is_(None) & Learner.erased_at.is_(None)
    same = session.scalar(select(Learner.id).where(there, Learner.email_mark == email_mark).limit(1)) if email else None
    if same is not None and same in by_id and folded(by_id[same].name) == folded(name):
        return same
    if same is not None:
        raise Refused(SAME_EMAIL, "email")
    if not new.another:
        index: Index[UUID] = Index()
        for one in known:
            index.add(one.id, folded(one.name))
        twins = index.same(folded(name))
        like = twins[0] if twins else index.alike(folded(name))
        if like is not None:
            raise AlikePerson(replace(by_id[like], email=_email_of(session, desk, like)))
    learner_id = insert_person(
        session, desk, organisation_id, name, email, new.audience, _team(session, desk, new.team_id)
    )
    note(session, desk, "person_added", f"learner:{learner_id}", organisation_id)
    return learner_id


def insert_person(
    session: Session, desk: Desk, organisation_id: UUID, name: str, email: str, audience: str, team_id: UUID | None
) -> UUID:
    """Write somebody whose name was checked; her identifier."""
    learner_id = new_id()
    name_mark, email_mark = marks(desk.keyring, name, email)
    session.add(
        Learner(
            id=learner_id,
            organisation_id=organisation_id,
            team_id=team_id,
            audience=audience,
            name_sealed=seal_text(desk.keyring, TABLE, learner_id, "name_sealed", name),
            email_sealed=seal_text(desk.keyring, TABLE, learner_id, "email_sealed", email),
            name_mark=name_mark,
            email_mark=email_mark,
            created_at=desk.now,
        )
    )
    session.flush()
    return learner_id


def change_person(session: Session, desk: Desk, learner_id: UUID, new: NewPerson) -> None:
    """Correct a name, an e-mail, a unit. An account holder's name is hers: only her unit and her work change."""
    row = _person(session, desk, learner_id)
    values: dict[str, object] = {"audience": new.audience, "team_id": _team(session, desk, new.team_id)}
    if row.user_id is None:
        name, email = check_person(new.name, new.email)
        name_mark, email_mark = marks(desk.keyring, name, email)
        twin = select(Learner.id).where(
            Learner.organisation_id == row.organisation_id,
            Learner.email_mark == email_mark,
            Learner.id != learner_id,
            Learner.left_at.is_(None),
        )
        if email_mark is not None and session.scalar(twin.limit(1)) is not None:
            raise Refused(SAME_EMAIL, "email")
        values |= {
            "name_sealed": seal_text(desk.keyring, TABLE, learner_id, "name_sealed", name),
            "email_sealed": seal_text(desk.keyring, TABLE, learner_id, "email_sealed", email),
            "name_mark": name_mark,
            "email_mark": email_mark,
        }
    session.execute(update(Learner).where(Learner.id == learner_id).values(**values), execution_options=_NO_SYNC)
    note(session, desk, "person_changed", f"learner:{learner_id}", row.organisation_id)


def person_left(session: Session, desk: Desk, learner_id: UUID, *, back: bool = False) -> None:
    """She left the organisation: her seats to come are given back. `back`: undone, without her seats."""
    row = _person(session, desk, learner_id)
    session.execute(
        update(Learner).where(Learner.id == learner_id).values(left_at=None if back else desk.now),
        execution_options=_NO_SYNC,
    )
    if not back:
        _give_back(session, desk, learner_id)
    note(session, desk, "person_back" if back else "person_left", f"learner:{learner_id}", row.organisation_id)


def erase_person(session: Session, desk: Desk, learner_id: UUID) -> None:
    """Erase her name and e-mail for good; hours stay counted, of nobody. Raises Refused for an account holder."""
    row = _person(session, desk, learner_id)
    if row.user_id is not None:
        raise Refused(HAS_ACCOUNT)
    _give_back(session, desk, learner_id)
    forget_names(session, Learner.id == learner_id, desk.now)
    note(session, desk, "person_erased", f"learner:{learner_id}", row.organisation_id)


def forget_names(session: Session, those: ColumnElement[bool], now: datetime) -> int:
    """Names, e-mails and their hashes of those learners go; how many people. One statement, however many they are."""
    gone: Any = session.execute(
        update(Learner)
        .where(those)
        .values(name_sealed=None, email_sealed=None, name_mark=None, email_mark=None, user_id=None, erased_at=now),
        execution_options=_NO_SYNC,
    )
    return int(gone.rowcount)


def erase_left_before(session: Session, before: datetime) -> int:
    """Names of people who left before that moment (UTC); how many. The retention rule."""
    gone = (Learner.left_at < before) & Learner.erased_at.is_(None) & Learner.user_id.is_(None)
    return forget_names(session, gone, before)


def add_team(session: Session, desk: Desk, name: str) -> UUID:
    """One more unit of the viewer's organisation. Raises Refused without a name, or for one that is there."""
    organisation_id = _ours(desk)
    known = tidy(name)[:120]
    if not known:
        raise Refused(TEAM_WANTED, "team_name")
    teams = session.execute(
        select(Team.name).where(Team.organisation_id == organisation_id, Team.ended_at.is_(None))
    ).scalars()
    if any(folded(one) == folded(known) for one in teams):
        raise Refused(SAME_TEAM, "team_name")
    team = Team(id=new_id(), organisation_id=organisation_id, name=known)
    session.add(team)
    session.flush()
    note(session, desk, "team_added", f"team:{team.id}", organisation_id)
    return team.id


def end_team(session: Session, desk: Desk, team_id: UUID, *, undo: bool = False) -> None:
    """A unit that is no more, or is again; its people stay."""
    organisation_id = _ours(desk)
    mine = (Team.id == team_id) & (Team.organisation_id == organisation_id)
    if session.scalar(select(Team.id).where(mine)) is None:
        raise Missing
    session.execute(update(Team).where(mine).values(ended_at=None if undo else desk.now), execution_options=_NO_SYNC)
    note(session, desk, "team_back" if undo else "team_ended", f"team:{team_id}", organisation_id)


def check_person(name: str, email: str) -> tuple[str, str]:
    """The name and the e-mail, tidied. Raises Refused at the one that cannot be."""
    known, mailbox = tidy(name)[:120], email.strip()
    if not folded(known) or len(folded(known)) < 2:
        raise Refused(NAME_WANTED, "name")
    if mailbox and not is_mailbox(mailbox):
        raise Refused(BAD_EMAIL, "email")
    return known, mailbox


def _email_of(session: Session, desk: Desk, learner_id: UUID) -> str:
    sealed = session.scalar(select(Learner.email_sealed).where(Learner.id == learner_id))
    return open_text(desk.keyring, TABLE, learner_id, "email_sealed", sealed)


def _ours(desk: Desk) -> UUID:
    if not keeps_people(desk.viewer) or desk.viewer.organisation_id is None:
        raise Forbidden
    return desk.viewer.organisation_id


def _person(session: Session, desk: Desk, learner_id: UUID) -> Learner:
    mine = (Learner.id == learner_id) & (Learner.organisation_id == _ours(desk)) & Learner.erased_at.is_(None)
    found = session.scalars(select(Learner).where(mine).execution_options(populate_existing=True)).first()
    if found is None:
        raise Missing
    return found


def _team(session: Session, desk: Desk, team_id: UUID | None) -> UUID | None:
    if team_id is None:
        return None
    mine = (Team.id == team_id) & (Team.organisation_id == _ours(desk)) & Team.ended_at.is_(None)
    if session.scalar(select(exists().where(mine))):
        return team_id
    raise Missing


def _give_back(session: Session, desk: Desk, learner_id: UUID) -> None:
    """Her seats in sessions that have not begun go to those who wait."""
    open_ones = session.scalars(
        select(Registration.session_id)
        .join(TrainingSession, TrainingSession.id == Registration.session_id)
        .where(
            Registration.learner_id == learner_id,
            Registration.state != "cancelled",
            TrainingSession.state.in_(["open", "cancelled"]),
        )
        .order_by(Registration.session_id)
    ).all()
    for session_id in open_ones:
        row = locked_session(session, session_id)
        starts = begins_at(session, session_id)
        if row is None or (starts is not None and starts <= desk.now):
            continue
        hers = (Registration.session_id == session_id) & (Registration.learner_id == learner_id)
        session.execute(
            update(Registration).where(hers).values(state="cancelled", cancelled_at=desk.now),
            execution_options=_NO_SYNC,
        )
        registering.promote(session, desk, row)


__all__ = [
    "AlikePerson",
    "NewPerson",
    "add_person",
    "add_team",
    "change_person",
    "check_person",
    "end_team",
    "erase_left_before",
    "erase_person",
    "forget_names",
    "insert_person",
    "own_learner",
    "person_left",
]
