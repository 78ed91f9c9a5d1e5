"""The export and its stand-alone verifier, which partners run without any of our code."""

import ast
import importlib.util
import io
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from core.access.viewer import Role, Viewer
from core.journal import Checkpoint, export, last_root, record, seal_roots, verify
from core.journal.cli import app
from core.kernel.crypto import Keyring
from core.kernel.db import Database

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_journal.py"
NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
READER = Viewer(UUID(int=3), UUID(int=2), "", "calacs", frozenset({Role.WORKER}), "")
KEYRING = Keyring.from_bytes(bytes(range(32)))
KEYS = KEYRING.journal_public_keys()
KEY_OPTION = f"{KEYRING.active_id}={KEYS[KEYRING.active_id].hex()}"


def fill(session: Session, keyring: Keyring = KEYRING) -> None:
    for turn in range(3):
        for case in (UUID(int=1), UUID(int=2), None):
            record(
                session, case_id=case, organisation_id=READER.organisation_id, actor=READER, action="referral.read",
                subject="referral:R-7K2M", facts={"turn": turn, "urgent": False, "blocks": ["contact"]},
                now=NOW + timedelta(minutes=turn),
            )  # fmt: skip
        seal_roots(session, keyring, NOW + timedelta(minutes=turn))


def exported(session: Session, keyring: Keyring = KEYRING) -> str:
    out = io.StringIO()
    assert export(session, keyring.journal_public_keys(), out) == 9
    return out.getvalue()


@pytest.fixture(scope="module")
def alone() -> ModuleType:
    """The verifier's own module, loaded from its file."""
    spec = importlib.util.spec_from_file_location("verify_journal", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(path: Path, *options: str) -> tuple[int, str, str]:
    """Run it as a partner would: another process, isolated from this project."""
    command = [sys.executable, "-I", str(VERIFIER), str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    return done.returncode, done.stdout, done.stderr


def test_it_is_short_and_imports_nothing_of_ours() -> None:
    source = VERIFIER.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 200
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | {"cryptography"}


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(values)
def test_its_canonical_json_is_rfc_8785(alone: ModuleType, value: object) -> None:
    assert alone.canonical(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_it_agrees_on_an_intact_journal(session: Session, tmp_path: Path) -> None:
    fill(session)
    path = tmp_path / "journal.jsonl"
    path.write_text(exported(session), encoding="utf-8")
    root = last_root(session)
    assert verify(session, KEYS, root).ok
    status, said, warned = check(path, "--key", KEY_OPTION, "--witness", str(root))
    assert (status, said, warned) == (0, "Intact: 9 entries, 3 chains, 3 signed roots.\n", "")
    status, _said, warned = check(path)
    assert status == 0
    assert "Warning: no --key" in warned


def test_it_says_where(session: Session, tmp_path: Path) -> None:
    fill(session)
    path = tmp_path / "journal.jsonl"
    changed = exported(session).splitlines()
    place = next(n for n, line in enumerate(changed) if f'"case:{UUID(int=2)}"' in line and '"turn": 1' in line)
    changed[place] = changed[place].replace('"urgent": false', '"urgent": true')
    path.write_text("\n".join(changed), encoding="utf-8")
    status, _said, why = check(path, "--key", KEY_OPTION)
    assert status == 1
    chain = f"case:{UUID(int=2)}"
    assert why == f"ALTERED, line {place + 1}. chain {chain}, entry 2: its hash does not match its content\n"


def test_a_forged_export_fails_with_the_key_one_holds(session: Session, tmp_path: Path) -> None:
    """Everything rewritten and signed by another key: only the partner's own key tells."""
    forger = Keyring.generate()
    fill(session, forger)
    path = tmp_path / "journal.jsonl"
    path.write_text(exported(session, forger), encoding="utf-8")
    assert check(path)[0] == 0
    status, _said, why = check(path, "--key", KEY_OPTION)
    assert (status, "signed by a key you do not hold" in why) == (1, True)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--witness", "4:" + "0" * 64], 1),
        (["--witness", "0:" + "0" * 64], 1),
        (["--witness", "1:" + "0" * 64], 1),
        (["--witness", "nonsense"], 2),
        (["--key", "nonsense"], 2),
    ],
)
def test_witnesses_and_options_are_checked(session: Session, tmp_path: Path, options: list[str], status: int) -> None:
    fill(session)
    path = tmp_path / "journal.jsonl"
    path.write_text(exported(session), encoding="utf-8")
    assert check(path, *options)[0] == status


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    assert check(tmp_path / "missing")[0] == 2
    (tmp_path / "empty").write_text("")
    assert check(tmp_path / "empty")[0] == 1


def accepted(alone: ModuleType, lines: list[str], witness: Checkpoint) -> bool:
    try:
        journal = alone.Journal(
            {KEYRING.active_id: KEYS[KEYRING.active_id].hex()}, {witness.position: witness.hash.hex()}
        )
        for line in lines:
            journal.read(json.loads(line))
        journal.finish()
    except (alone.Altered, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def meaning(lines: list[str]) -> list[object]:
    """What the lines say, but for the keys, which a partner brings."""
    read = [json.loads(line) for line in lines]
    return [line for line in read if line["kind"] not in ("key", "format")]


@pytest.mark.parametrize("session", ["sqlite"], indirect=True)  # one text, altered: the engines write the same
def test_two_thousand_altered_exports_are_refused(session: Session, alone: ModuleType) -> None:
    fill(session)
    original, witness, chance = exported(session).splitlines(), last_root(session), random.Random(5)
    assert witness is not None
    assert accepted(alone, original, witness)
    refused = 0
    while refused < 2000:
        lines = original[:]
        match chance.randrange(4):
            case 0:
                del lines[chance.randrange(2, len(lines))]
            case 1:
                one, other = chance.sample(range(2, len(lines)), 2)
                lines[one], lines[other] = lines[other], lines[one]
            case 2:
                lines.insert(chance.randrange(2, len(lines)), chance.choice(original[2:]))
            case _:
                which = chance.randrange(2, len(lines))
                place = chance.randrange(len(lines[which]))
                letter = chr(ord(lines[which][place]) ^ 1 << chance.randrange(7))
                lines[which] = lines[which][:place] + letter + lines[which][place + 1 :]
                try:
                    if meaning(lines) == meaning(original) or lines[which].lower() == original[which].lower():
                        continue  # a space beside a comma, a hexadecimal letter in capitals
                except (ValueError, KeyError):
                    pass
        assert not accepted(alone, lines, witness), lines
        refused += 1


def test_the_command_writes_what_the_verifier_reads(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, path = tmp_path / "master.key", tmp_path / "journal.jsonl"
    keyring = Keyring.generate(key)
    with database.transaction() as session:
        fill(session, keyring)
    monkeypatch.setenv("ARRIMAGE_MODE", "test")
    monkeypatch.setenv("ARRIMAGE_MASTER_KEY_FILE", str(key))
    monkeypatch.setenv("ARRIMAGE_DATABASE_URL", database_url)
    done = CliRunner().invoke(app, ["export", str(path)])
    assert (done.exit_code, "9 lignes" in done.output) == (0, True)
    assert CliRunner().invoke(app, ["export", str(path)]).exit_code == 1
    assert CliRunner().invoke(app, ["verify"]).exit_code == 0
    handed = CliRunner().invoke(app, ["witness"]).output.split()
    assert check(path, *handed) == (0, "Intact: 9 entries, 3 chains, 3 signed roots.\n", "")


def test_services_journal_and_verify_in_the_server_too(database: Database) -> None:
    """The same functions through `Database.run`: asyncpg on PostgreSQL, the writer thread on SQLite."""
    from core.testing import in_loop

    async def main() -> bool:
        await database.run(fill, "write")
        report = await database.run(lambda session: verify(session, KEYS, last_root(session)), "write")
        return report.ok and report.entries == 9

    assert in_loop(database, main)
