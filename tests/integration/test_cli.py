"""The `arrimage` command as an operator uses it: what it says, what it refuses, what it leaves."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from typer.main import get_command
from typer.testing import CliRunner, Result

from core.accounts import queries, services
from core.accounts.models import LoginSession, User
from core.accounts.rules import SIGN_IN_WINDOWS
from core.accounts.seed import PERSONAS
from core.cli import app, prepare_demo
from core.directory.models import Organisation
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.testing.network import Network
from core.testing.server import free_port
from tests.support.admission import prepared
from tests.support.forking import Forking

PASSWORD = "grenouille-rivière-12"
LINES = {
    "ARRIMAGE_EMERGENCY_YOUTH_PROTECTION": "450 555-0101",
    "ARRIMAGE_EMERGENCY_SEXUAL_VIOLENCE": "450 555-0102",
    "ARRIMAGE_EMERGENCY_SUICIDE": "450 555-0103",
}


def run(*arguments: str, typed: str = "", **environment: str) -> Result:
    return CliRunner().invoke(app, arguments, input=typed, env={**environment, "NO_COLOR": "1"})


def test_every_command_says_in_french_what_it_does() -> None:
    """Groups, commands, arguments and options; English words of the frame are typer's own."""

    def walk(name: str, command: Any) -> Iterator[tuple[str, str]]:
        yield name, command.help or ""
        for parameter in command.params:
            if parameter.name != "help":
                yield f"{name} {parameter.name}", getattr(parameter, "help", None) or ""
        for child, one in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {child}", one)

    said = dict(walk("arrimage", get_command(app)))
    assert len(said) > 40
    english = re.compile(r"\b(?:the|of|and|with|from|this|file|folder|to)\b")
    assert [name for name, words in said.items() if len(words) < 5 or english.search(words)] == []


def environment(network: Network) -> dict[str, str]:
    """Production settings on the network's database."""
    return {
        "ARRIMAGE_DATABASE_URL": network.url,
        "ARRIMAGE_MASTER_KEY_FILE": str(network.settings.master_key_file),
        **LINES,
    }


def one_sentence(result: Result) -> str:
    """What a refusal says: status 1, one line, no trace of the code."""
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    (line,) = result.stderr.strip().splitlines()
    return line


def add(network: Network, email: str, *roles: str, password: str = PASSWORD, slug: str = "ajrj") -> Result:
    options = [part for role in roles for part in ("--role", role)]
    arguments = ["user", "add", email, "--organisation", slug, "--name", "Camille Essai", *options]
    return run(*arguments, typed=f"{password}\n{password}\n", **environment(network))


def test_a_person_is_added_signs_in_and_is_disabled(network: Network) -> None:
    added = add(network, "Camille@Exemple.test", "worker")
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    with network.database.transaction(write=False) as session:
        account = queries.account(session, network.keyring, "camille@exemple.test ")
        assert account is not None
        stored = session.execute(select(User).where(User.id == account.user_id)).scalar_one()
        assert stored.password_hash.startswith("$argon2id$")
        for value in (stored.email_sealed, stored.name_sealed, stored.password_hash.encode()):
            assert b"amille" not in value
    closed = run("user", "disable", "camille@exemple.test", **environment(network))
    assert closed.exit_code == 0, closed.output
    with network.database.transaction(write=False) as session:
        assert queries.account(session, network.keyring, "camille@exemple.test") is None
    again = run("user", "disable", "camille@exemple.test", **environment(network))
    assert one_sentence(again) == "Aucun compte actif à cette adresse."


def test_disabling_ends_every_session(network: Network) -> None:
    network.token("calacs-chrysalide")
    done = run("user", "disable", "calacs-chrysalide@exemple.invalid", **environment(network))
    assert done.exit_code == 0, done.output
    with network.database.transaction(write=False) as session:
        assert session.execute(select(LoginSession.ended_at)).scalars().all() != [None]
        assert None not in session.execute(select(LoginSession.ended_at)).scalars().all()


def test_what_user_add_refuses(network: Network) -> None:
    assert add(network, "un@exemple.test", "worker").exit_code == 0
    refusals = {
        "existe déjà": add(network, "UN@exemple.test", "worker"),
        "trop court": add(network, "deux@exemple.test", "worker", password="court"),
        "Adresse non reconnue": add(network, "pas une adresse", "worker"),
        "Organisme inconnu": add(network, "trois@exemple.test", "worker", slug="nulle-part"),
        "deux comptes": add(network, "quatre@exemple.test", "worker", "operator"),
    }
    for words, result in refusals.items():
        assert words in one_sentence(result), result.output
    with network.database.transaction(write=False) as session:
        real = session.execute(select(User.id).where(User.demo_key.is_(None))).scalars().all()
    assert len(real) == 1


ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@ONE_ENGINE
def test_a_person_is_invited_given_roles_and_unlocked(network: Network) -> None:
    here = environment(network)
    asked = ("user", "invite", "claude@exemple.test", "--organisation", "ajrj", "--name", "Claude", "--role", "worker")
    invited = run(*asked, **here)
    assert invited.exit_code == 0, invited.output
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", invited.output)
    assert code is not None
    now = datetime.now(UTC)
    with network.database.transaction() as session:
        found = services.match_invitation(session, network.keyring, "claude@exemple.test", code.group(), now)
        assert found is not None
        services.accept_invitation(session, network.keyring, found.id, now, password_hash="x")
    assert "rôles proposés" in one_sentence(run(*asked[:-1], "operator", **here))
    changed = run("user", "roles", "claude@exemple.test", "--role", "committee_member", **here)
    assert changed.exit_code == 0, changed.output
    refused = run("user", "roles", "claude@exemple.test", "--role", "worker", "--role", "operator", **here)
    assert "deux comptes" in one_sentence(refused)
    for _ in range(9):
        subjects, windows = {"account": "claude@exemple.test"}, {"account": SIGN_IN_WINDOWS["account"]}
        with network.database.transaction() as session:
            full = services.too_many(session, network.keyring, "sign_in", subjects, windows, now)
    assert full
    assert run("user", "unlock", "Claude@exemple.test", **here).exit_code == 0
    with network.database.transaction() as session:
        assert not services.too_many(session, network.keyring, "sign_in", subjects, windows, now)
    listed = run("user", "list", "ajrj", COLUMNS="200", **here)
    assert listed.exit_code == 0, listed.output
    assert "membre de comité" in listed.output
    assert "Aucun compte actif" in one_sentence(run("user", "unlock", "personne@exemple.test", **here))


@ONE_ENGINE
def test_an_organisation_is_shown_suspended_and_readmitted(network: Network) -> None:
    here = environment(network)
    _, organisation = prepared(network)
    with network.database.transaction() as session:
        slug = session.execute(select(Organisation.slug).where(Organisation.id == organisation)).scalar_one()
    told = run("organisation", "admit-status", slug, **here)
    assert "[x] Entente de partenariat signée" in told.output
    assert "[ ] Approbation de deux autres organismes" in told.output
    for secret in ("girouettes.invalid", "Odile", "555-017"):
        assert secret not in told.output, "the operator reads no content"
    assert "admis" in one_sentence(run("organisation", "suspend", slug, "--reason", "doubt", **here))
    assert "Cet organisme n’est pas suspendu." in one_sentence(run("organisation", "readmit", slug, **here))
    assert "Raison inconnue" in one_sentence(run("organisation", "suspend", "ajrj", "--reason", "x", **here))
    token = network.token("communautaire-ajrj")
    assert run("organisation", "suspend", "ajrj", "--reason", "incident", **here).exit_code == 0
    with network.database.transaction(write=False) as session:
        ended = select(LoginSession.ended_at).where(LoginSession.token_hash == services.token_hash(token))
        assert session.execute(ended).scalar() is not None
    assert "Statut : suspendu" in run("organisation", "show", "ajrj", **here).output
    assert run("organisation", "readmit", "ajrj", **here).exit_code == 0
    listed = run("organisation", "list", COLUMNS="200", **here)
    assert listed.exit_code == 0, listed.output
    assert "en attente d’admission" in listed.output


def test_production_asks_for_its_emergency_lines(tmp_path: Path) -> None:
    said = one_sentence(run("serve", ARRIMAGE_DATABASE_URL=f"sqlite:///{tmp_path}/x.sqlite"))
    for name in LINES:
        assert name in said
    assert not (tmp_path / "x.sqlite").exists()


def test_production_asks_for_https(tmp_path: Path) -> None:
    said = one_sentence(run("serve", ARRIMAGE_PUBLIC_URL="http://arrimage.example", **LINES))
    assert "ARRIMAGE_PUBLIC_URL" in said
    assert "https" in said


def test_a_setting_that_means_nothing_is_named() -> None:
    said = one_sentence(run("migrate", ARRIMAGE_MODE="essai", ARRIMAGE_SMTP_PORT="vingt-cinq"))
    assert "ARRIMAGE_MODE" in said
    assert "ARRIMAGE_SMTP_PORT" in said
    assert "essai" not in said


BEHIND = {
    "migrate": ("migrate",),
    "serve": ("serve", "--port", "0"),
    "user": ("user", "disable", "une@exemple.test"),
    "organisation": ("organisation", "admit-status", "ajrj"),
    "region": ("region", "import", "core/directory/regions/lanaudiere"),
    "rotation": ("key", "rotate"),
    "verify": ("journal", "verify"),
    "witness": ("journal", "witness"),
    "export": ("journal", "export", "OUT"),
}


@pytest.mark.parametrize("command", BEHIND)
def test_a_database_that_is_away_or_behind_is_one_sentence_with_its_remedy(command: str, tmp_path: Path) -> None:
    """Whichever command meets it: a new file, then a server that is not there. No key is changed, no half file left."""
    key, out = tmp_path / "master.key", tmp_path / "export.jsonl"
    Keyring.generate(key)
    before = key.read_bytes()
    arguments = [str(out) if argument == "OUT" else argument for argument in BEHIND[command]]
    urls = [f"sqlite:///{tmp_path}/x.sqlite", "postgresql://personne@127.0.0.1:1/rien"]
    for url in urls[command == "migrate" :]:
        here = {"ARRIMAGE_DATABASE_URL": url, "ARRIMAGE_MASTER_KEY_FILE": str(key), **LINES}
        said = one_sentence(run(*arguments, **here))
        assert "« arrimage migrate »" in said
        assert "altéré" not in said
    assert key.read_bytes() == before
    assert not out.exists()


@pytest.mark.parametrize("url", ["mysql://x/y", "n’importe quoi", "sqlite://", "sqlite:///:memory:", "postgres"])
def test_an_address_that_is_no_database_is_named(url: str) -> None:
    said = one_sentence(run("migrate", ARRIMAGE_DATABASE_URL=url, **LINES))
    assert "ARRIMAGE_DATABASE_URL" in said
    assert url not in said, "it may hold a password"


def test_a_missing_key_and_an_existing_one(tmp_path: Path) -> None:
    key = tmp_path / "cles" / "master.key"
    here = {"ARRIMAGE_MASTER_KEY_FILE": str(key), "ARRIMAGE_DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite", **LINES}
    assert "arrimage key init" in one_sentence(run("key", "rotate", **here))
    made = run("key", "init", **here)
    assert made.exit_code == 0, made.output
    assert key.stat().st_mode & 0o777 == 0o600
    content = key.read_bytes()
    assert content.strip().decode() not in made.output
    assert "existe déjà" in one_sentence(run("key", "init", **here))
    assert key.read_bytes() == content


def test_a_port_in_use_is_one_sentence_with_its_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = one_sentence(run("demo", "--port", str(port), "--folder", str(tmp_path / "var")))
        serve = one_sentence(run("serve", "--port", str(port), **LINES))
    assert f"Le port {port} est déjà pris" in demo
    assert f"make demo PORT={port + 1}" in demo
    assert f"arrimage serve --port {port + 1}" in serve
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_it_serves_until_it_is_told_to_stop(network: Network, forking: Forking) -> None:
    """As an operator starts it, in a process of its own, through every check; the demo ends in the same lines."""
    port = free_port()
    here = {**os.environ, **environment(network), "ARRIMAGE_MODE": "demo"}
    with (
        forking.start("from core.cli import main; main()", "serve", "--port", port, environment=here) as server,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", verify=False) as http,
    ):
        deadline, page = time.monotonic() + 60, None
        while page is None and time.monotonic() < deadline:
            try:
                page = http.get("/")
            except httpx2.ConnectError:
                time.sleep(0.05)
        assert page is not None
        assert (page.status_code, 'lang="fr-CA"' in page.text) == (200, True)
        assert "personnes inventées" in page.text
        server.send_signal(signal.SIGTERM)
        assert server.wait() in (0, -signal.SIGTERM), "streams and jobs end by themselves"


def test_the_demo_is_made_twice_alike(tmp_path: Path) -> None:
    first, second = prepare_demo(tmp_path), prepare_demo(tmp_path)
    assert first == second
    database = Database(first.database_url)
    with database.transaction(write=False) as session:
        keys = session.execute(select(User.demo_key)).scalars().all()
    database.dispose()
    assert sorted(keys) == sorted(persona.key for persona in PERSONAS)


def test_the_demo_refuses_a_database_with_real_people(network: Network, tmp_path: Path) -> None:
    """Whatever its engine, and before a single row is written."""
    assert add(network, "un@exemple.test", "worker").exit_code == 0
    here = {**environment(network), "ARRIMAGE_MODE": "demo"}
    said = one_sentence(run("serve", "--port", "0", **here))
    assert "n’est pas celle d’une démonstration" in said
    assert "exemple.test" not in said
    if network.database.dialect == "sqlite":
        folder = tmp_path / "var"
        folder.mkdir()
        with sqlite3.connect(network.url.removeprefix("sqlite:///")) as source:
            source.execute(f"VACUUM INTO '{folder / 'demo.sqlite'}'")
        before = (folder / "demo.sqlite").read_bytes()
        assert "démonstration" in one_sentence(run("demo", "--port", "0", "--folder", str(folder)))
        assert (folder / "demo.sqlite").read_bytes()[100:] == before[100:]
        assert not (folder / "demo.key").exists()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.orm import Session
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.rotation import renew_all

url, key, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
keyring = Keyring.rotate_file(key)

@event.listens_for(Session, "after_commit")
def die(session):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

renew_all(Database(url), keyring, batch=1)
"""


def test_rotation_survives_kills_and_is_resumed(network: Network, forking: Forking) -> None:
    from tests.support.rotation import opened, rows_bearing, something_of_each

    something_of_each(network)
    key = network.settings.master_key_file
    before = opened(network, Keyring.from_file(key))
    for commits in (0, 1, 30):
        old = Keyring.from_file(key)
        assert rows_bearing(network, old.active_id) == before.keys()
        killed = forking.run(KILLED, network.url, key, commits)
        assert killed.returncode == -9, killed.stderr
        between = Keyring.from_file(key)
        assert between.active_id != old.active_id
        assert opened(network, between) == before, "everything is readable between two steps"
        assert rows_bearing(network, old.active_id)
        resumed = run("key", "rotate", **environment(network))
        assert resumed.exit_code == 0, resumed.output
        assert "Rotation interrompue terminée" in resumed.output
        assert Keyring.from_file(key).active_id == between.active_id, "no second key for the same rotation"
        assert opened(network, Keyring.from_file(key)) == before
        assert rows_bearing(network, old.active_id) == set()
    again = run("key", "rotate", **environment(network))
    assert "Nouvelle clé en service" in again.output
    assert opened(network, Keyring.from_file(key)) == before
    assert rows_bearing(network, between.active_id) == set()


def test_rotation_says_what_no_key_opens(network: Network) -> None:
    with network.database.transaction() as session:
        user = session.execute(select(User)).scalars().first()
        user.name_sealed = user.name_sealed[:-1] + bytes([user.name_sealed[-1] ^ 1])
    said = one_sentence(run("key", "rotate", **environment(network)))
    assert said.startswith("1 éléments ne s’ouvrent")
