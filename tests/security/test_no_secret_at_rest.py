"""S24: two thousand secrets put through the services; none lies in the files, the dump, the journal, the mail, the log.

The control switches encryption off: the very same search then finds every secret that is still kept.
"""

from __future__ import annotations

import importlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import core.features  # noqa: F401 (every table is dumped)
from core.access.viewer import Role
from core.accounts.services import add_user
from core.directory.models import Location
from core.directory.services.confidential import ConfidentialDetails, set_details
from core.journal.queries.export import export
from core.kernel import log
from core.kernel.crypto import Keyring
from core.kernel.db import Base, Database, new_id
from core.kernel.mail import MailSeal, send_later
from core.kernel.mail.outgoing import TEMPLATES
from core.referrals import services
from core.referrals.services.receipt import keep_receipt
from tests.support.referrals import NOW, World, build, consent, send
from tests.support.secrets import Secrets, leaks

#: Every room that calls the ciphers of blocks, for the control that takes them out.
CIPHERS = (
    *(f"core.referrals.services.{name}" for name in ("sealing", "handling", "amending", "drafts", "follow")),
    "core.directory.services.confidential",
)
REFERRALS, PEOPLE, MESSAGES = 98, 80, 87


@dataclass
class Put:
    """What was put in. `kept`: the database still holds it, encrypted; `gone`: replaced or destroyed since."""

    secrets: Secrets
    gone: set[str] = field(default_factory=set)

    @property
    def kept(self) -> set[str]:
        return set(self.secrets.made) - self.gone


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def write_down(database: Database, world: World, put: Put, *, referrals: int, people: int, messages: int) -> list[str]:
    """Every way a person's words enter: drafts, blocks, her word, thread, corrections, safe contact, users, mail."""
    secrets, keyring, codes = put.secrets, world.keyring, []
    police, worker = world.viewer("police"), world.viewer("chrysalide")
    for number in range(referrals):
        with database.transaction() as session:
            key = f"draft-{number:06}"
            first = [secrets.text(), secrets.phone(), secrets.name()]
            services.save_draft(session, keyring, police, key, {"note": first}, NOW)
            put.gone.update(first)
            again = [secrets.text(), secrets.phone(), secrets.name()]
            services.save_draft(session, keyring, police, key, {"note": again}, NOW)
            blocks = {
                "identity": {"first_name": secrets.name()},
                "contact": {"way": "phone", "phone": secrets.phone(), "trusted": secrets.name()},
                "safety": {"if_someone_else": secrets.text()},
                "situation": {"note": secrets.text(), "municipality": secrets.name()},
                "judicial": {"note": secrets.text()},
            }
            word = secrets.name()
            kinds = frozenset(blocks)
            code = send(
                session,
                world,
                blocks=blocks,
                follow_word=word,
                consents=(consent(world, blocks=kinds),),
                key=f"sent-{number:06}",
            ).code
            keep_receipt(session, police, code, word)
            services.ask_sender(session, keyring, worker, code, "other", secrets.text(), NOW)
            services.answer_receiver(session, keyring, police, code, secrets.text(), NOW)
            services.amend_block(
                session, keyring, police, code, "situation", {"note": secrets.text()}, "correction", NOW
            )
            services.change_contact(session, keyring, code, word, {"trusted": secrets.name()}, NOW)
            codes.append(code)
    with database.transaction() as session:
        for _ in range(people):
            add_user(
                session,
                keyring,
                organisation_id=world.organisations["maison"],
                email=secrets.email(),
                name=secrets.name(),
                roles=(Role.WORKER,),
                now=NOW,
            )
        for _ in range(messages):
            send_later(session, secrets.email(), min(TEMPLATES), "fr", NOW, seal=MailSeal(keyring))
        hide_an_address(session, world, secrets)
    return codes


def hide_an_address(session: Session, world: World, secrets: Secrets) -> None:
    """Where the shelter is, as its own administration writes it."""
    session.execute(
        insert(Location).values(
            id=new_id(),
            organisation_id=world.organisations["maison"],
            key="maison",
            visibility="confidential",
            sealed_version=0,
        )
    )
    admin = world.viewer("maison", roles=frozenset({Role.ORGANISATION_ADMIN}))
    hidden = ConfidentialDetails(secrets.text(), secrets.phone(), secrets.text())
    set_details(session, admin, hidden, now=NOW)


def places(database: Database, world: World, *, written: dict[str, str] | None = None) -> dict[str, bytes]:
    """Everything a thief could carry away: files, dump of every row, journal export, and what was printed."""
    found: dict[str, bytes] = {name: text.encode() for name, text in (written or {}).items()}
    if database.dialect == "sqlite":
        path = Path(str(database.url.database))
        found |= {one.suffix or one.name: one.read_bytes() for one in path.parent.glob(f"{path.name}*")}
        assert any(name.endswith("-wal") for name in found), "the log of the writer was to be searched too"
    with database.transaction(write=False) as session:
        for table in Base.metadata.sorted_tables:
            rows = [value for row in session.execute(select(table)) for value in row]
            found[f"table {table.name}"] = b"\n".join(
                value if isinstance(value, bytes) else str(value).encode() for value in rows
            )
        out = io.StringIO()
        export(session, world.keyring.journal_public_keys(), out)
        found["journal export"] = out.getvalue().encode()
    return found


def handle(database: Database, world: World, codes: list[str]) -> None:
    """The rest of a referral's life: a third accepted, read and copied, a third withdrawn, a third left waiting."""
    worker = world.viewer("chrysalide")
    for number, code in enumerate(codes):
        with database.transaction() as session:
            if number % 3 == 0:
                services.accept_referral(session, world.keyring, worker, code, NOW)
                services.open_referral(session, world.keyring, worker, code, NOW)
                services.copy_for_our_record(session, world.keyring, worker, code, NOW)
            elif number % 3 == 1:
                services.withdraw_case(session, world.keyring, worker, code, NOW)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], dict[str, str]]]:
    """The log at its most talkative, and both outputs."""
    stream = io.StringIO()
    log.configure(level=10, stream=stream)

    def read() -> dict[str, str]:
        out, err = capsys.readouterr()
        return {"log": stream.getvalue(), "standard output": out, "standard error": err}

    yield read
    log.configure()


@pytest.mark.slow
def test_two_thousand_secrets_and_none_is_found(
    sqlite_url: str,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    printed: Callable[[], dict[str, str]],
) -> None:
    spool = tmp_path / "temporary"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    put = Put(Secrets(24))
    with opened(sqlite_url) as database:
        with database.transaction() as session:
            world = build(session, keyring)
        codes = write_down(database, world, put, referrals=REFERRALS, people=PEOPLE, messages=MESSAGES)
        assert len(put.secrets.made) >= 2_000
        everywhere = places(database, world, written=printed())
        handle(database, world, codes)
        later = places(database, world, written=printed())
        everywhere |= {f"later {name}": data for name, data in later.items()}
        everywhere |= {f"temporary {one.name}": one.read_bytes() for one in spool.rglob("*") if one.is_file()}
        numbers = {secret.partition(" poste ")[0].replace(" ", "").replace("-", "") for secret in put.secrets.made}
        bare = {number for number in numbers if number.isdigit()}
        assert leaks(everywhere, [*put.secrets.made, *bare]) == {}


def test_a_dump_of_postgresql_holds_none_either(pg_url: str, keyring: Keyring) -> None:
    put = Put(Secrets(25))
    with opened(pg_url) as database:
        with database.transaction() as session:
            world = build(session, keyring)
        codes = write_down(database, world, put, referrals=6, people=6, messages=6)
        handle(database, world, codes)
        assert leaks(places(database, world), put.secrets.made) == {}


@pytest.mark.parametrize("engine", ["sqlite_url", "pg_url"])
def test_with_encryption_off_the_same_search_finds_them_all(
    request: pytest.FixtureRequest, engine: str, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same words through the same services, with nothing but the ciphers taken out."""

    def same(_key: bytes, data: bytes, *, aad: Any) -> bytes:
        return data

    for room in map(importlib.import_module, CIPHERS):
        for name in ("encrypt", "decrypt"):
            if hasattr(room, name):
                monkeypatch.setattr(room, name, same)
    monkeypatch.setattr(Keyring, "protect", lambda _self, plaintext, *, aad: plaintext)
    put = Put(Secrets(26))
    with opened(request.getfixturevalue(engine)) as database:
        with database.transaction() as session:
            world = build(session, keyring)
        write_down(database, world, put, referrals=6, people=6, messages=6)
        found = leaks(places(database, world), put.secrets.made)
    assert put.kept - {secret for each in found.values() for secret in each} == set()
    assert any(name.startswith("table") for name in found)
    if engine == "sqlite_url":
        in_files = {secret for name, each in found.items() if "table" not in name for secret in each}
        assert put.kept - in_files == set(), "the files themselves were searched"
