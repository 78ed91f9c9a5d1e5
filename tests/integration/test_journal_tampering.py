"""Whoever rewrites the journal is seen: 10,000 tamperings in memory, then bytes of a real SQLite file."""

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from typer.testing import CliRunner

from core.access.viewer import Role, Viewer
from core.journal import Checkpoint, last_root, record, seal_roots, verify
from core.journal.cli import app
from core.journal.models import JournalEntry
from core.journal.models.lines import next_hash, signed_bytes
from core.journal.models.triggers import TABLES
from core.journal.queries import verification
from core.kernel.crypto import Keyring
from core.kernel.db import Base, Database

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
READER = Viewer(UUID(int=3), UUID(int=2), "", "calacs", frozenset({Role.WORKER}), "")
CASES = tuple(UUID(int=number) for number in range(1, 4))
KEYRING = Keyring.from_bytes(bytes(range(32)))
KEYS = KEYRING.journal_public_keys()
ROUNDS = 3


def fill(session: Session) -> None:
    """Three cases and one organisation, three entries each, a root after each round."""
    for turn in range(ROUNDS):
        for case in (*CASES, None):
            record(
                session, case_id=case, organisation_id=READER.organisation_id, actor=READER, action="referral.read",
                subject="referral:R-7K2M", facts={"turn": turn, "blocks": ["contact"]},
                now=NOW + timedelta(minutes=turn),
            )  # fmt: skip
        seal_roots(session, KEYRING, NOW + timedelta(minutes=turn))


@pytest.fixture(scope="module")
def unguarded() -> Iterator[Session]:
    """A filled journal in memory whose triggers were dropped, as the owner of a database could."""
    engine = create_engine("sqlite://", poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    Base.metadata.create_all(engine, tables=[Base.metadata.tables[name] for name in TABLES])
    with Session(engine) as session:
        with session.begin():
            fill(session)
        with session.begin():
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f"DROP TRIGGER {name}"))
        yield session
    engine.dispose()


def driver(session: Session) -> Any:
    """The driver's own connection, in the session's transaction: a forger has no mapping, and it costs a tenth."""
    return session.connection().connection.driver_connection


def rows(session: Session, table: str, order: str) -> list[dict[str, Any]]:
    found = driver(session).execute(f"SELECT * FROM {table} ORDER BY {order}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def run(session: Session, statement: str, **values: object) -> None:
    driver(session).execute(statement, values)


def chains(session: Session) -> list[str]:
    return [row["chain"] for row in rows(session, "journal_heads", "chain")]


def chain_rows(session: Session, chain: str) -> list[dict[str, Any]]:
    return [row for row in rows(session, "journal_entries", "position") if row["chain"] == chain]


def rewrite(session: Session, chain: str, lines: list[str]) -> None:
    """Replace a chain by other lines, every hash and the head recomputed: what a careful forger does."""
    run(session, "DELETE FROM journal_entries WHERE chain = :chain", chain=chain)
    previous = bytes(32)
    for position, line in enumerate(lines, 1):
        entry = json.loads(line)
        entry["position"] = position
        line = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        previous = next_hash(previous, line)
        run(
            session, "INSERT INTO journal_entries VALUES (:chain, :position, :organisation, :at, :line, :hash)",
            chain=chain, position=position, organisation=entry["organisation"], at=entry["at"], line=line,
            hash=previous,
        )  # fmt: skip
    head = {"chain": chain, "position": len(lines), "hash": previous}
    run(session, "UPDATE journal_heads SET position = :position, hash = :hash WHERE chain = :chain", **head)
    run(session, "DELETE FROM journal_heads WHERE position = 0")


# Each takes the session and a random source, and changes something.


def alter_a_byte(session: Session, chance: random.Random) -> None:
    table = chance.choice(TABLES)
    chosen = chance.choice(rows(session, table, "1, 2"))
    column = chance.choice(list(chosen))
    value = chosen[column]
    match value:
        case int():
            changed: Any = value + chance.choice((-1, 1, 7))
        case bytes():
            place = chance.randrange(len(value))
            changed = value[:place] + bytes([value[place] ^ 1 << chance.randrange(8)]) + value[place + 1 :]
        case str():
            place = chance.randrange(len(value)) if value else 0
            letter = chr(ord(value[place]) ^ 1 << chance.randrange(5)) if value else "a"
            changed = value[:place] + letter + value[place + 1 :]
    keys = " AND ".join(f"{name} = :old_{name}" for name in ("chain", "position") if name in chosen)
    old = {f"old_{name}": chosen[name] for name in ("chain", "position") if name in chosen}
    run(session, f"UPDATE OR REPLACE {table} SET {column} = :changed WHERE {keys}", changed=changed, **old)


def delete_an_entry(session: Session, chance: random.Random) -> None:
    run(
        session, "DELETE FROM journal_entries WHERE chain = :chain AND position = :position",
        chain=chance.choice(chains(session)), position=chance.randint(1, ROUNDS),
    )  # fmt: skip


def swap_two_entries(session: Session, chance: random.Random) -> None:
    chain = chance.choice(chains(session))
    one, other = chance.sample(range(1, ROUNDS + 1), 2)
    swap = "UPDATE journal_entries SET position = :to WHERE chain = :chain AND position = :position"
    for position, to in ((one, 99), (other, one), (99, other)):
        run(session, swap, chain=chain, position=position, to=to)


def reorder_and_recompute(session: Session, chance: random.Random) -> None:
    chain = chance.choice(chains(session))
    lines = [row["line"] for row in chain_rows(session, chain)]
    shuffled = lines[:]
    while shuffled == lines:
        chance.shuffle(shuffled)
    rewrite(session, chain, shuffled)


def change_a_fact_and_recompute(session: Session, chance: random.Random) -> None:
    chain = chance.choice(chains(session))
    lines = [row["line"] for row in chain_rows(session, chain)]
    place = chance.randrange(len(lines))
    entry = json.loads(lines[place])
    entry["actor"]["user"] = str(UUID(int=chance.getrandbits(128)))
    lines[place] = json.dumps(entry)
    rewrite(session, chain, lines)


def drop_an_entry_and_recompute(session: Session, chance: random.Random) -> None:
    chain = chance.choice(chains(session))
    lines = [row["line"] for row in chain_rows(session, chain)]
    del lines[chance.randrange(len(lines))]
    rewrite(session, chain, lines)


def cut_the_tail(session: Session, chance: random.Random) -> None:
    chain = chance.choice(chains(session))
    kept = chance.randrange(ROUNDS)
    rewrite(session, chain, [row["line"] for row in chain_rows(session, chain)[:kept]])
    if chance.random() < 0.5:  # also hides what the seals say
        run(session, "UPDATE journal_sealed SET position = :kept WHERE chain = :chain", kept=kept, chain=chain)


def forget_a_chain(session: Session, chance: random.Random) -> None:
    chain = chance.choice(chains(session))
    for table in ("journal_entries", "journal_heads", "journal_sealed"):
        run(session, f"DELETE FROM {table} WHERE chain = :chain", chain=chain)


def cut_everything_after_a_root(session: Session, chance: random.Random) -> None:
    """The perfect cut: roots, entries, heads and marks agree. Only the witness a partner holds shows it."""
    kept = chance.randrange(ROUNDS)
    run(session, "DELETE FROM journal_roots WHERE position > :kept", kept=kept)
    for chain in chains(session):
        rewrite(session, chain, [row["line"] for row in chain_rows(session, chain)[:kept]])
    run(session, "UPDATE journal_sealed SET position = :kept", kept=kept)
    run(session, "DELETE FROM journal_sealed WHERE position = 0")


def sign_another_root(session: Session, chance: random.Random) -> None:
    """An entry and the roots rewritten, signed by the forger's own key under our key's name."""
    change_a_fact_and_recompute(session, chance)
    hashes = {
        (row["chain"], row["position"]): row["hash"].hex()
        for row in rows(session, "journal_entries", "chain, position")
    }
    forger, previous = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)), bytes(32)
    for row in rows(session, "journal_roots", "position"):
        root = json.loads(row["line"])
        root["heads"] = [[c, position, hashes[c, position]] for c, position, _ in root["heads"]]
        root["previous"] = previous.hex()
        line = json.dumps(root, sort_keys=True, separators=(",", ":"))
        previous = next_hash(previous, line)
        run(
            session,
            "UPDATE journal_roots SET line = :line, hash = :hash, signature = :signature WHERE position = :position",
            line=line, hash=previous, signature=forger.sign(signed_bytes(previous)), position=row["position"],
        )  # fmt: skip


def swap_or_drop_a_root(session: Session, chance: random.Random) -> None:
    one, other = chance.sample(range(1, ROUNDS + 1), 2)
    if chance.random() < 0.5:
        run(session, "DELETE FROM journal_roots WHERE position = :one", one=one)
        return
    for position, to in ((one, 99), (other, one), (99, other)):
        run(session, "UPDATE journal_roots SET position = :to WHERE position = :position", position=position, to=to)


def forge_a_head(session: Session, chance: random.Random) -> None:
    head = {"chain": f"case:{UUID(int=chance.getrandbits(128))}", "position": 1, "hash": chance.randbytes(32)}
    run(session, "INSERT INTO journal_heads VALUES (:chain, :position, :hash)", **head)


def hide_the_seals(session: Session, chance: random.Random) -> None:
    run(session, "DELETE FROM journal_sealed WHERE chain = :chain", chain=chance.choice(chains(session)))
    if chance.random() < 0.5:
        run(session, "DELETE FROM journal_sealed")


TAMPERINGS: dict[Callable[[Session, random.Random], None], int] = {
    alter_a_byte: 5000,
    delete_an_entry: 500,
    swap_two_entries: 500,
    reorder_and_recompute: 500,
    change_a_fact_and_recompute: 700,
    drop_an_entry_and_recompute: 500,
    cut_the_tail: 700,
    forget_a_chain: 300,
    cut_everything_after_a_root: 400,
    sign_another_root: 300,
    swap_or_drop_a_root: 300,
    forge_a_head: 200,
    hide_the_seals: 100,
}


def test_there_are_ten_thousand() -> None:
    assert sum(TAMPERINGS.values()) == 10_000


@pytest.fixture(autouse=True, scope="module")
def _signatures_checked_once() -> Iterator[None]:
    """The same key, signature and bytes have the same answer: three roots that nothing touched are checked 10,000
    times, a third of the whole. What a tampering changes is another question, and is asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "_signed", lru_cache(verification._signed))
        yield


@pytest.mark.slow
@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_every_tampering_is_seen(unguarded: Session, tamper: Callable[[Session, random.Random], None]) -> None:
    chance, missed = random.Random(tamper.__name__), 0
    witness = last_root(unguarded)
    assert verify(unguarded, KEYS, witness).ok
    unguarded.rollback()
    for _ in range(TAMPERINGS[tamper]):
        tamper(unguarded, chance)
        report = verify(unguarded, KEYS, witness)
        unguarded.rollback()
        if report.ok or report.first_fault is None or not report.first_fault.where:
            missed += 1
    assert missed == 0
    assert verify(unguarded, KEYS, witness).ok
    unguarded.rollback()


def test_only_a_witness_shows_a_perfect_cut(unguarded: Session) -> None:
    witness = last_root(unguarded)
    cut_everything_after_a_root(unguarded, random.Random(1))
    assert verify(unguarded, KEYS).ok
    fault = verify(unguarded, KEYS, witness).first_fault
    unguarded.rollback()
    assert str(fault) == f"racine {ROUNDS}\u00a0: elle manque, un partenaire en conserve le témoin"


def test_a_witness_that_names_no_root_is_refused(unguarded: Session) -> None:
    assert not verify(unguarded, KEYS, Checkpoint(0, bytes(32))).ok
    assert not verify(unguarded, KEYS, Checkpoint(1, bytes(32))).ok
    unguarded.rollback()


def test_the_fault_says_which_line(unguarded: Session) -> None:
    chain = f"case:{CASES[1]}"
    run(
        unguarded,
        "UPDATE journal_entries SET line = replace(line, 'contact', 'call') WHERE chain = :chain AND position = 2",
        chain=chain,
    )  # fmt: skip
    fault = verify(unguarded, KEYS).first_fault
    unguarded.rollback()
    assert fault is not None
    assert (fault.where, fault.why) == (f"chaîne {chain}, ligne 2", "son empreinte ne correspond pas à son contenu")


# A real file, through the command


@pytest.fixture
def journal_file(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migrated SQLite file with a sealed journal, and the environment that names a copy of it."""
    database, key = Database(sqlite_url), tmp_path / "master.key"
    keyring = Keyring.generate(key)
    with database.transaction() as session:
        fill(session)
        assert seal_roots(session, keyring, NOW) == 0
    database.dispose()
    source = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite3.connect(source) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    monkeypatch.setenv("ARRIMAGE_MODE", "test")
    monkeypatch.setenv("ARRIMAGE_MASTER_KEY_FILE", str(key))
    key.write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")  # KEYRING's, which signed the roots
    return source


def verify_copy(source: Path, content: bytes, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[int, str]:
    copy = source.with_name("copy.sqlite")
    for leftover in source.parent.glob("copy.sqlite*"):
        leftover.unlink()
    copy.write_bytes(content)
    monkeypatch.setenv("ARRIMAGE_DATABASE_URL", f"sqlite:///{copy}")
    result = CliRunner().invoke(app, ["verify", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_one_flipped_byte_in_a_file_is_found_and_placed(journal_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = journal_file.read_bytes()
    status, said = verify_copy(journal_file, content, monkeypatch)
    assert (status, said) == (
        0,
        "Journal intact\u00a0: 12 lignes, 4 chaînes, 3 racines signées (0 lignes attendent la prochaine racine).\n",
    )
    with sqlite3.connect(journal_file) as connection:
        entries = connection.execute("SELECT chain, position, line, hash FROM journal_entries").fetchall()
    connection.close()
    chance = random.Random(7)
    for chain, position, line, digest in chance.sample(entries, 8):
        for stored in (line.encode(), digest):
            place = content.index(stored) + chance.randrange(len(stored))
            flipped = bytearray(content)
            flipped[place] ^= 1 << chance.randrange(8)
            status, said = verify_copy(journal_file, bytes(flipped), monkeypatch)
            assert status == 1, (chain, position, place)
            assert said.startswith("Journal altéré\u00a0— ")
            # Bytes that are no longer text cannot be read: the line before, or none before it, is said instead.
            assert f"{chain}, ligne {position}\u00a0:" in said or said.endswith("contenu illisible.\n")


def test_a_damaged_file_is_said_without_a_stack_trace(journal_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(journal_file.read_bytes())
    content[:16] = b"not a database !"
    status, said = verify_copy(journal_file, bytes(content), monkeypatch)
    assert status == 1
    assert said.startswith("Journal illisible\u00a0: ")
    monkeypatch.setenv("ARRIMAGE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = CliRunner().invoke(app, ["verify"])
    assert (result.exit_code, result.output[:18]) == (1, "Journal illisible\u00a0")


def test_an_index_that_would_hide_lines_is_seen(
    journal_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made empty, then declared whole: a read that goes by it finds no line, and every hash agrees."""
    hidden = tmp_path / "hidden.sqlite"
    hidden.write_bytes(journal_file.read_bytes())
    connection = sqlite3.connect(hidden)
    connection.execute("CREATE INDEX hidden ON journal_entries (at) WHERE position < 0")
    connection.execute("PRAGMA writable_schema = ON")
    whole = "CREATE INDEX hidden ON journal_entries (at)"
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'hidden'", (whole,))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    status, said = verify_copy(journal_file, hidden.read_bytes(), monkeypatch)
    assert (status, said) == (1, "Journal altéré\u00a0— table journal_entries\u00a0: fichier endommagé.\n")


def test_the_witness_option(journal_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = journal_file.read_bytes()
    assert verify_copy(journal_file, content, monkeypatch)[0] == 0
    handed = CliRunner().invoke(app, ["witness"]).output
    option, witness = handed.splitlines()[0].split()
    assert option == "--witness"
    assert f"--key {KEYRING.active_id}={KEYS[KEYRING.active_id].hex()}" in handed
    assert verify_copy(journal_file, content, monkeypatch, "--witness", witness)[0] == 0
    other = witness[:-1] + ("0" if witness[-1] != "0" else "1")
    status, said = verify_copy(journal_file, content, monkeypatch, "--witness", other)
    assert (status, said) == (
        1,
        "Journal altéré\u00a0— racine 3\u00a0: elle diffère du témoin conservé par un partenaire.\n",
    )
    assert verify_copy(journal_file, content, monkeypatch, "--witness", "nonsense")[0] == 1


def test_the_models_and_the_file_agree_on_columns() -> None:
    assert list(JournalEntry.__table__.columns.keys()) == ["chain", "position", "organisation", "at", "line", "hash"]
