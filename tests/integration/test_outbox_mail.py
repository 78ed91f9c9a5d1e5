"""E-mail through the outbox to a real SMTP server on loopback: constant words, sealed addresses, retries."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.kernel.clock import Clock, FixedClock, SystemClock
from core.kernel.crypto import Keyring, Unreadable
from core.kernel.db import Database, new_id
from core.kernel.mail import (
    MAX_ATTEMPTS,
    MailSeal,
    MailSender,
    MailText,
    OutgoingMail,
    Smtp,
    purge_mail,
    register_template,
    send_later,
)
from core.testing import free_port, in_loop

NOW = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)
SEAL = MailSeal(Keyring.from_bytes(bytes(range(32))))
TO = "agente.fictive@exemple.invalid"


class Inbox:
    """What the SMTP server received; `answers` are given before it starts accepting."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    handler = Inbox()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    yield handler, port
    controller.stop()


def sender(database: Database, port: int, clock: Clock) -> MailSender:
    smtp = Smtp("127.0.0.1", port, "ne-pas-repondre@exemple.invalid", "https://arrimage.invalid/")
    return MailSender(database, SEAL, smtp, clock)


def write(database: Database, *, to: str = TO, locale: str = "fr", template: str = "news", now: datetime = NOW) -> None:
    database.session_info["mail_seal"] = SEAL
    with database.transaction() as session:
        send_later(session, to, template, locale, now)


def rows(database: Database) -> list[tuple[str, bytes | None, int]]:
    with database.transaction(write=False) as session:
        found = session.execute(select(OutgoingMail.state, OutgoingMail.recipient, OutgoingMail.attempts))
        return [(row[0], row[1], row[2]) for row in found]


def send(database: Database, port: int, now: datetime = NOW) -> int:
    async def main() -> int:
        return await sender(database, port, FixedClock(now)).send_waiting()

    return in_loop(database, main)


def test_a_message_holds_constant_words_and_the_home_page_only(database: Database, inbox: tuple[Inbox, int]) -> None:
    received, port = inbox
    write(database)
    write(database, locale="en", to="someone.else@exemple.invalid")
    write(database, locale="xx")
    assert send(database, port) == 3
    assert send(database, port) == 0
    french, english, unknown = received.messages
    assert french["To"] == TO
    assert french["Subject"] == unknown["Subject"] == "Arrimage\u00a0: une nouveauté vous attend"
    assert english["Subject"] == "Arrimage: something new is waiting for you"
    assert french.get_content() == unknown.get_content()
    for message in received.messages:
        links = [word for word in message.get_content().split() if "://" in word]
        assert links == ["https://arrimage.invalid/"]
        assert message["Auto-Submitted"] == "auto-generated"
    assert {(state, recipient) for state, recipient, _ in rows(database)} == {("sent", None)}


def test_an_address_is_never_stored_in_clear_nor_opens_elsewhere(database: Database) -> None:
    write(database)
    ((state, recipient, _),) = rows(database)
    assert state == "waiting"
    assert recipient is not None
    assert b"fictive" not in recipient
    with pytest.raises(Unreadable):
        SEAL.open(recipient, new_id())


def test_a_message_dies_with_its_transaction(database: Database, inbox: tuple[Inbox, int]) -> None:
    database.session_info["mail_seal"] = SEAL
    with database.transaction() as session:
        send_later(session, TO, "news", "fr", NOW)
        session.rollback()
    assert send(database, inbox[1]) == 0


def test_a_server_that_says_later_or_is_away_is_tried_again_once_each(
    database: Database, inbox: tuple[Inbox, int]
) -> None:
    received, port = inbox
    received.answers = ["451 later"]
    write(database)
    assert send(database, port) == 0
    assert send(database, port, NOW + timedelta(seconds=59)) == 0
    assert send(database, free_port(), NOW + timedelta(seconds=60)) == 0
    assert send(database, port, NOW + timedelta(seconds=179)) == 0
    assert send(database, port, NOW + timedelta(seconds=180)) == 1
    assert len(received.messages) == 1
    assert [(state, attempts) for state, _, attempts in rows(database)] == [("sent", 3)]


def test_a_server_that_says_never_is_believed_and_the_others_are_served(
    database: Database, inbox: tuple[Inbox, int]
) -> None:
    received, port = inbox
    received.answers = ["550 no such person"]
    write(database)
    write(database)
    assert send(database, port) == 1
    assert sorted(rows(database)) == [("dead", None, 1), ("sent", None, 1)]


def test_attempts_end(database: Database) -> None:
    write(database)
    port = free_port()
    now = NOW
    for _ in range(MAX_ATTEMPTS + 2):
        send(database, port, now)
        now += timedelta(hours=2)
    assert rows(database) == [("dead", None, MAX_ATTEMPTS)]


def test_a_running_sender_sends_soon_after_the_commit(database: Database, inbox: tuple[Inbox, int]) -> None:
    received, port = inbox

    async def main() -> None:
        running = sender(database, port, SystemClock())
        await running.start()
        await asyncio.sleep(0.2)
        await asyncio.to_thread(write, database)
        # It looks by itself every thirty seconds
        async with asyncio.timeout(20):
            while not received.messages:
                await asyncio.sleep(0.01)
        await running.stop()

    in_loop(database, main)


def test_two_senders_at_once_send_each_message_once(database: Database, inbox: tuple[Inbox, int]) -> None:
    received, port = inbox
    for _ in range(30):
        write(database)

    async def main() -> None:
        senders = [sender(database, port, FixedClock(NOW)) for _ in range(3)]
        assert sum(await asyncio.gather(*(one.send_waiting() for one in senders))) == 30

    in_loop(database, main)
    assert len({message["Message-ID"] for message in received.messages}) == len(received.messages) == 30


def test_messages_are_deleted_after_a_week(database: Database) -> None:
    write(database)

    def purge(now: datetime) -> int:
        with database.transaction() as session:
            return purge_mail(session, now)

    assert purge(NOW + timedelta(days=7)) == 0
    assert purge(NOW + timedelta(days=7, seconds=1)) == 1


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b.invalid\r\nBcc: c@d.invalid", "a@b.invalid, c@d.invalid", "<a@b.invalid>"]
)
def test_an_address_that_could_forge_headers_is_refused(session: Session, to: str) -> None:
    with pytest.raises(ValueError, match="address"):
        send_later(session, to, "news", "fr", NOW, seal=SEAL)


def test_templates_are_registered_once_with_french(session: Session) -> None:
    with pytest.raises(KeyError):
        send_later(session, TO, "unknown", "fr", NOW, seal=SEAL)
    with pytest.raises(ValueError, match="French"):
        register_template("test.english_only", {"en": MailText("a", "b")})
    with pytest.raises(ValueError, match="two"):
        register_template("news", {"fr": MailText("autre", "texte")})
