"""Handing waiting messages over to an SMTP server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

import aiosmtplib
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel.clock import Clock
from core.kernel.db import Database
from core.kernel.log import get_logger
from core.kernel.mail.outgoing import MAIL, TEMPLATES, MailSeal, OutgoingMail

MAX_ATTEMPTS = 10
FIRST_BACKOFF = timedelta(minutes=1)
_MAX_BACKOFF = timedelta(hours=1)
_CLAIM = timedelta(minutes=5)
_BATCH = 20
_POLL = 30.0
_TIMEOUT = 20.0
_log = get_logger("mail")


@dataclass(frozen=True, slots=True)
class Smtp:
    """Where messages are handed over. `home` is the address of the home page, the only link ever sent."""

    host: str
    port: int
    sender: str
    home: str
    username: str = ""
    password: str = ""
    starttls: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: UUID
    recipient: bytes | None
    template: str
    locale: str
    attempts: int


class MailSender:
    """Sends what waits, soon after each commit; each process may have one. Network stays outside transactions."""

    def __init__(self, database: Database, seal: MailSeal, smtp: Smtp, clock: Clock) -> None:
        self._database, self._seal, self._smtp, self._clock = database, seal, smtp, clock
        self._wake = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        database.on_commit(self._on_commit)

    async def start(self) -> None:
        """Begin with what waited while nothing ran."""
        self._loop, self._stopping = asyncio.get_running_loop(), False
        self._task = self._loop.create_task(self._run(), name="mail")

    async def stop(self) -> None:
        """Finish the message being sent, then stop."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._task = self._loop = None

    def _on_commit(self, tags: frozenset[str]) -> None:
        loop = self._loop
        if MAIL in tags and loop is not None:
            with suppress(RuntimeError):  # the loop closed meanwhile
                loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self.send_waiting()
            except Exception as error:
                _log.warning("mail_interrupted", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await self._wake.wait()

    async def send_waiting(self) -> int:
        """Send every message that is due; how many were accepted by the server."""
        sent = 0
        while not self._stopping:
            batch = await self._database.run(self._claim, "write")
            if not batch:
                break
            sent += await self._send_batch(batch)
        return sent

    def _claim(self, session: Session) -> list[_Waiting]:
        """Take messages for five minutes: if this process dies, another sends them (same Message-ID)."""
        now = self._clock.now()
        statement = (
            select(
                OutgoingMail.id,
                OutgoingMail.recipient,
                OutgoingMail.template,
                OutgoingMail.locale,
                OutgoingMail.attempts,
            )
            .where(OutgoingMail.state == "waiting", OutgoingMail.next_attempt_at <= now)
            .order_by(OutgoingMail.next_attempt_at)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        batch = [_Waiting(*row) for row in session.execute(statement)]
        if batch:
            taken = [one.id for one in batch]
            session.execute(update(OutgoingMail).where(OutgoingMail.id.in_(taken)).values(next_attempt_at=now + _CLAIM))
        return batch

    async def _send_batch(self, batch: list[_Waiting]) -> int:
        smtp = self._smtp
        client = aiosmtplib.SMTP(
            hostname=smtp.host, port=smtp.port, timeout=_TIMEOUT, start_tls=smtp.starttls, use_tls=False
        )
        sent = 0
        try:
            await client.connect()
            if smtp.username:
                await client.login(smtp.username, smtp.password)
            for waiting in batch:
                sent += await self._send_one(client, waiting)
            with suppress(aiosmtplib.SMTPException):
                await client.quit()
        except (aiosmtplib.SMTPException, OSError) as error:
            kind = type(error)
            await self._database.run(lambda session: self._fail(session, batch, kind, final=False), "write")
        finally:
            client.close()
        return sent

    async def _send_one(self, client: aiosmtplib.SMTP, waiting: _Waiting) -> bool:
        try:
            await client.send_message(self._compose(waiting))
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            kind, final = type(error), _is_final(error)
            await self._database.run(lambda session: self._fail(session, [waiting], kind, final=final), "write")
            return False
        await self._database.run(lambda session: self._finish(session, waiting, "sent"), "write")
        return True

    def _compose(self, waiting: _Waiting) -> EmailMessage:
        texts = TEMPLATES[waiting.template]
        chosen = texts.get(waiting.locale, texts["fr"])
        message = EmailMessage(policy=SMTP)
        message["From"] = self._smtp.sender
        message["To"] = self._seal.open(waiting.recipient or b"", waiting.id)
        message["Subject"] = chosen.subject
        message["Message-ID"] = f"<{waiting.id}@{self._smtp.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(chosen.body.replace("{home}", self._smtp.home))
        return message

    def _finish(self, session: Session, waiting: _Waiting, state: str) -> None:
        values = {"state": state, "recipient": None, "finished_at": self._clock.now(), "attempts": waiting.attempts + 1}
        session.execute(update(OutgoingMail).where(OutgoingMail.id == waiting.id).values(values))

    def _fail(self, session: Session, batch: list[_Waiting], error: type[BaseException], *, final: bool) -> None:
        now = self._clock.now()
        unsent = set(
            session.scalars(
                select(OutgoingMail.id).where(
                    OutgoingMail.id.in_([one.id for one in batch]), OutgoingMail.state == "waiting"
                )
            )
        )
        for waiting in batch:
            if waiting.id not in unsent:
                continue
            attempts = waiting.attempts + 1
            if final or attempts >= MAX_ATTEMPTS:
                self._finish(session, waiting, "dead")
                _log.error("mail_dead", mail_id=str(waiting.id), attempts=attempts, error=error.__name__)
                continue
            wait = min(FIRST_BACKOFF * 2 ** (attempts - 1), _MAX_BACKOFF)
            values = {"attempts": attempts, "next_attempt_at": now + wait}
            session.execute(update(OutgoingMail).where(OutgoingMail.id == waiting.id).values(values))
            _log.warning("mail_failed", mail_id=str(waiting.id), attempts=attempts, error=error.__name__)


def _is_final(error: aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException) -> bool:
    """Whether the server said never (5xx) rather than later (4xx)."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= 500 for one in error.recipients)
    return error.code >= 500
