"""E-mail that says only that something is new: one constant subject and body per template and language.

Nothing of what happened travels by e-mail, and the only link is to the home page. Messages wait in a table written
with the change they announce; recipients' addresses are sealed there and forgotten once the message is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Integer, String, delete, text
from sqlalchemy.orm import Mapped, Session

from core.kernel.crypto import Aad, Keyring
from core.kernel.db import Base, UtcDateTime, add_row, identifier, internal, mark, new_id, sealed

MAIL = "mail"
"""The mark left on a session that wrote a message."""

SESSION_SEAL = "mail_seal"
"""Key of `Session.info` (through `Database.session_info`) holding the application's `MailSeal`."""

RETENTION = timedelta(days=7)
"""Messages are deleted after this, sent or not (network retention table)."""


@dataclass(frozen=True, slots=True)
class MailText:
    """A constant subject and body. `{home}` in the body is the home page's address; nothing else is replaced."""

    subject: str
    body: str


TEMPLATES: dict[str, dict[str, MailText]] = {}


def register_template(name: str, texts: dict[str, MailText]) -> None:
    """Add a template (at import). French is required; ValueError if the name is taken or French is missing."""
    if "fr" not in texts:
        raise ValueError(f"mail template {name} has no French text")
    if TEMPLATES.setdefault(name, texts) != texts:
        raise ValueError(f"two mail templates are called {name}")


register_template(
    "news",
    {
        "fr": MailText(
            "Arrimage\u00a0: une nouveauté vous attend",
            "Bonjour,\n\nUne nouveauté vous attend dans Arrimage. "
            "Pour la lire, ouvrez la page d’accueil\u00a0:\n{home}\n\n"
            "Ce message est envoyé automatiquement et ne contient aucun renseignement. Merci de ne pas y répondre.\n",
        ),
        "en": MailText(
            "Arrimage: something new is waiting for you",
            "Hello,\n\nSomething new is waiting for you in Arrimage. To read it, open the home page:\n{home}\n\n"
            "This message is sent automatically and holds no information. Please do not reply.\n",
        ),
    },
)


class OutgoingMail(Base):
    """A message to send. `recipient` is ciphertext, and gone as soon as the message is sent or given up."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        Index(
            "ix_outgoing_mail_waiting",
            "next_attempt_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )
    id: Mapped[UUID] = identifier()
    recipient: Mapped[bytes | None] = sealed(nullable=True)
    template: Mapped[str] = internal(String(80))
    locale: Mapped[str] = internal(String(8))
    state: Mapped[str] = internal(String(8), default="waiting")
    attempts: Mapped[int] = internal(Integer, default=0)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    next_attempt_at: Mapped[datetime] = internal(UtcDateTime)
    finished_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class MailSeal:
    """Seals recipients' addresses under the master key, so that what waits outlives a rotation; an address copied to
    another message doesn't open."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, address: str, mail_id: UUID) -> bytes:
        """Ciphertext of an address."""
        return self._keyring.protect(address.encode(), aad=self._place(mail_id))

    def open(self, ciphertext: bytes, mail_id: UUID) -> str:
        """The address; raises `crypto.Unreadable`."""
        return self._keyring.reveal(ciphertext, aad=self._place(mail_id)).decode()

    def renew(self, ciphertext: bytes, mail_id: UUID) -> bytes:
        """The same address under the newest master key (rotation)."""
        return self._keyring.reprotect(ciphertext, aad=self._place(mail_id))

    @staticmethod
    def _place(mail_id: UUID) -> Aad:
        return Aad("outgoing_mail", mail_id, "recipient", 1)


def send_later(
    session: Session, to: str, template: str, locale: str, now: datetime, *, seal: MailSeal | None = None
) -> UUID:
    """Have a message sent after this transaction commits.

    `to` is one address; `template` a registered name; an unknown `locale` is French. `seal` defaults to the
    application's. Raises KeyError for an unknown template and ValueError for an address that could forge headers.
    """
    if template not in TEMPLATES:
        raise KeyError(template)
    if "@" not in to or not to.isprintable() or any(sign in to for sign in " ,;<>"):
        raise ValueError("not one e-mail address")
    seal = seal or session.info[SESSION_SEAL]
    assert isinstance(seal, MailSeal)
    mail_id = new_id()
    row = {"id": mail_id, "template": template, "locale": locale, "state": "waiting", "attempts": 0}
    times = {"created_at": now, "next_attempt_at": now}
    add_row(session, OutgoingMail, recipient=seal.seal(to, mail_id), **row, **times)
    mark(session, MAIL)
    return mail_id


def purge_mail(session: Session, now: datetime) -> int:
    """Delete messages past their retention (a job); how many."""
    result = session.execute(
        delete(OutgoingMail).where(OutgoingMail.created_at < now - RETENTION),
        execution_options={"synchronize_session": False},
    )
    return int(getattr(result, "rowcount", 0))
