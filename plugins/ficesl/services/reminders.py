"""Reminders before a session: the constant e-mail, to whoever has a seat. No name, no subject, no place in it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.api import MailSeal, MailText, emit, mail_people, new_id, open_text, register_template, send_later

from .. import events
from ..models import Learner, Registration, SessionReminder, TrainingSession
from ..queries.training import first_block
from .desk import Desk
from .likeness import TABLE

SOON = "ficesl_soon"
register_template(
    SOON,
    {
        "fr": MailText(
            "Rappel\u00a0: une activité approche",
            "Bonjour,\n\nVotre organisme vous a inscrite ou inscrit à une activité qui approche. "
            "Pour le jour, l’heure et le lieu, voyez la personne qui vous y a inscrite ou inscrit.\n\n"
            "Ce message est envoyé automatiquement et ne contient aucun renseignement. Merci de ne pas y répondre.\n",
        ),
        "en": MailText(
            "Reminder: an activity is coming up",
            "Hello,\n\nYour organisation registered you for an activity that is coming up. "
            "For the day, the time and the place, ask whoever registered you.\n\n"
            "This message is sent automatically and holds no information. Please do not reply.\n",
        ),
    },
)


def remind(session: Session, desk: Desk) -> int:
    """Remind people of sessions that begin in as many days as the settings say, once each; how many messages."""
    sent = 0
    for days in sorted(desk.settings.remind_days):
        starts = first_block()
        done = exists().where(SessionReminder.session_id == TrainingSession.id, SessionReminder.days <= days)
        due = session.execute(
            select(TrainingSession.id, TrainingSession.code)
            .where(
                TrainingSession.state == "open",
                starts > desk.now,
                starts <= desk.now + timedelta(days=days),
                ~done,
            )
            .order_by(TrainingSession.id)
        ).all()
        for row in due:
            session.add(SessionReminder(id=new_id(), session_id=row.id, days=days, at=desk.now))
            sent += _people_of(session, desk, row.id, row.code)
    session.flush()
    return sent


def _people_of(session: Session, desk: Desk, session_id: object, code: str) -> int:
    rows = session.execute(
        select(Learner.id, Learner.user_id, Learner.email_sealed)
        .join(Registration, Registration.learner_id == Learner.id)
        .where(Registration.session_id == session_id, Registration.state == "registered", Learner.left_at.is_(None))
    ).all()
    accounts = [row.user_id for row in rows if row.user_id is not None]
    sent = mail_people(session, desk.keyring, accounts, desk.now)
    emit(session, events.REMINDED, code, topics={f"user:{one}" for one in accounts} | {"network"}, now=desk.now)
    for row in rows:
        if row.user_id is None and row.email_sealed is not None:
            address = open_text(desk.keyring, TABLE, row.id, "email_sealed", row.email_sealed)
            send_later(session, address, SOON, "fr", desk.now, seal=MailSeal(desk.keyring))
            sent += 1
    return sent
