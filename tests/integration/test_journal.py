"""Recording: chains, locks, what may be written, what refuses to be rewritten. On both engines."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role, Viewer
from core.journal import (
    access_history,
    last_root,
    lock_case,
    organisation_history,
    record,
    record_each,
    seal_roots,
    verify,
)
from core.journal.models import AppendOnly, JournalEntry, JournalHead, JournalRoot, JournalSealed
from core.kernel.crypto import Keyring
from core.kernel.db import Base, Database
from core.testing.statements import counted_statements

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
CASE, HOLDER = UUID(int=1), UUID(int=2)
READER = Viewer(UUID(int=3), HOLDER, "Centre", "calacs", frozenset({Role.WORKER, Role.INTAKE}), "Personne fictive")


def write(session: Session, number: int = 0, case: UUID | None = CASE, **facts: object) -> None:
    record(
        session,
        case_id=case,
        organisation_id=HOLDER,
        actor=READER,
        action="referral.read",
        subject="referral:R-7K2M",
        facts=facts or {"number": number},
        now=NOW + timedelta(seconds=number),
    )


def test_what_is_recorded_is_read_back(session: Session) -> None:
    write(session, 1, blocks=("identity", "contact"), urgent=True, version=3, consent=UUID(int=9))
    write(session, 2)
    first, second = access_history(session, CASE)
    assert (first.position, second.position) == (1, 2)
    assert first.at == NOW + timedelta(seconds=1)
    assert (first.case_id, first.organisation_id) == (CASE, HOLDER)
    assert (first.actor_user_id, first.actor_organisation_id) == (READER.user_id, HOLDER)
    assert first.actor_roles == ("intake", "worker")
    assert (first.action, first.subject) == ("referral.read", "referral:R-7K2M")
    assert first.facts == {
        "blocks": ["identity", "contact"],
        "urgent": True,
        "version": 3,
        "consent": str(UUID(int=9)),
    }


def test_one_act_seen_by_many_holders_is_written_at_once(session: Session, keyring: Keyring) -> None:
    holders = [UUID(int=number) for number in range(100, 120)]
    write(session, 1, case=None)
    for round_, most in ((0, 5), (1, 3)):
        facts = {one: {"people": number + round_} for number, one in enumerate([*holders, HOLDER])}
        with counted_statements() as sent:
            record_each(session, facts, actor=READER, action="list.read", subject="learners", now=NOW)
        assert len(sent) <= most, sent
        session.commit()
    for number, one in enumerate([*holders, HOLDER]):
        lines = [line for line in organisation_history(session, one) if line.action == "list.read"]
        assert sorted((line.position, line.facts["people"]) for line in lines) == (
            [(2, number), (3, number + 1)] if one == HOLDER else [(1, number), (2, number + 1)]
        )
    seal_roots(session, keyring, NOW)
    report = verify(session, keyring.journal_public_keys(), None)
    assert (report.entries, report.first_fault) == (43, None)
    # After it, the same chain goes on one line at a time, in the same transaction.
    record_each(session, {HOLDER: {}}, actor=READER, action="list.read", subject="learners", now=NOW)
    write(session, 9, case=None)
    assert verify(session, keyring.journal_public_keys(), None).first_fault is None
    with pytest.raises(ValueError, match="people"):
        record_each(session, {HOLDER: {"people": "Ève"}}, actor=READER, action="list.read", subject="x", now=NOW)


def test_a_name_never_enters_the_journal(session: Session) -> None:
    write(session)
    line = session.scalars(select(JournalEntry.line)).one()
    assert READER.display_name not in line
    assert READER.organisation_name not in line


def test_rows_without_a_case_go_to_the_organisation_then_the_network(session: Session) -> None:
    write(session, 1, case=None)
    for case, organisation in ((None, None), (uuid4(), None)):
        record(
            session, case_id=case, organisation_id=organisation, actor=ANONYMOUS, action="follow.withdraw",
            subject="consent", facts={}, now=NOW,
        )  # fmt: skip
    chains = set(session.scalars(select(JournalHead.chain)))
    assert {f"organisation:{HOLDER}", "network"} < chains
    assert len(chains) == 3
    [line] = organisation_history(session, HOLDER)
    assert (line.case_id, line.organisation_id) == (None, HOLDER)


def test_an_organisation_sees_what_it_holds_latest_first(session: Session) -> None:
    for number in range(4):
        write(session, number, case=UUID(int=100 + number % 2))
    lines = organisation_history(session, HOLDER, limit=3)
    assert [line.facts["number"] for line in lines] == [3, 2, 1]
    older = organisation_history(session, HOLDER, before="2026-11-24T19:00:02.000000Z")
    assert [line.facts["number"] for line in older] == [1, 0]
    assert organisation_history(session, uuid4()) == ()
    assert access_history(session, uuid4()) == ()


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Julie Tremblay"},
        {"name": "Élodie"},
        {"mail": "julie@example.org"},
        {"phone": "450-555-0123"},
        {"phone": "450.555.0123"},
        {"phone": "p4505550123"},
        {"phone": "4505550123"},
        {"phone": 4505550123},
        {"place": "12 rue Saint-Viateur"},
        {"place": "J6E 3Z1"},
        {"note": "x" * 65},
        {"note": ""},
        {"note": None},
        {"weight": 1.5},
        {"nested": {"a": "b"}},
        {"list": ["ok", "Pas un code"]},
        {"list": ["ok", 1]},
        {"list": [["ok"]]},
        {"list": ["ok"] * 65},
        {"Une clé": 1},
        {"when": NOW},
        {"raw": b"bytes"},
    ],
)
def test_words_about_a_person_are_refused_and_not_repeated(session: Session, facts: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:
        write(session, **facts)
    for value in facts.values():
        assert not isinstance(value, str) or len(value) < 2 or value not in str(caught.value)
    assert session.scalar(select(func.count()).select_from(JournalEntry)) == 0


@pytest.mark.parametrize(
    "value",
    [
        "not_reached",
        "18-24",
        "calacs.intake",
        "referral:R-7K2M",
        f"user:{UUID(int=4)}",
        "a" * 64,
        "2026-11-24",
        "R-2026-AB12",
    ],
)
def test_codes_references_and_identifiers_are_accepted(session: Session, value: str) -> None:
    write(session, code=value, several=[value, value])
    assert access_history(session, CASE)[0].facts == {"code": value, "several": [value, value]}


@pytest.mark.parametrize("wrong", [{"action": "Lire"}, {"subject": "Julie Tremblay"}, {"now": datetime(2026, 1, 1)}])  # noqa: DTZ001
def test_action_subject_and_time_are_checked(session: Session, wrong: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"action": "referral.read", "subject": "referral", "now": NOW}
    with pytest.raises(ValueError):
        record(session, case_id=CASE, organisation_id=None, actor=READER, facts={}, **(plain | wrong))


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entries SET at = at",
        "DELETE FROM journal_entries",
        "UPDATE journal_roots SET line = line",
        "DELETE FROM journal_roots",
        "DELETE FROM journal_heads",
        "UPDATE journal_heads SET position = position - 1",
        "UPDATE journal_heads SET hash = hash",
        "DELETE FROM journal_sealed",
        "UPDATE journal_sealed SET position = 0",
    ],
)
def test_the_database_refuses_to_rewrite_the_journal(database: Database, keyring: Keyring, statement: str) -> None:
    with database.transaction() as session:
        write(session)
        seal_roots(session, keyring, NOW)
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(statement))
    with database.transaction(write=False) as session:
        assert verify(session, keyring.journal_public_keys()).ok


def test_a_row_cannot_be_replaced_nor_tables_emptied(database: Database) -> None:
    with database.transaction() as session:
        write(session)
    statements = {
        "sqlite": "INSERT OR REPLACE INTO journal_entries SELECT * FROM journal_entries",
        "postgresql": "TRUNCATE journal_entries",
    }
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(statements[database.dialect]))


@pytest.mark.parametrize("model", [JournalEntry, JournalRoot])
def test_the_models_refuse_before_the_database_does(session: Session, keyring: Keyring, model: Any) -> None:
    write(session)
    seal_roots(session, keyring, NOW)
    for statement in (update(model).values(line="x"), delete(model)):
        with pytest.raises(AppendOnly):
            session.execute(statement)
    row = session.scalars(select(model)).one()
    row.line = "changed"
    with pytest.raises(AppendOnly):
        session.flush()
    session.rollback()


@pytest.mark.parametrize("model", [JournalEntry, JournalRoot])
def test_the_models_refuse_to_be_deleted(session: Session, keyring: Keyring, model: Any) -> None:
    write(session)
    seal_roots(session, keyring, NOW)
    session.delete(session.scalars(select(model)).one())
    with pytest.raises(AppendOnly):
        session.flush()
    session.rollback()


# Chains under concurrency


def test_threads_on_one_case_leave_one_unbroken_chain(database: Database, keyring: Keyring) -> None:
    threads, each, failures = 8, 12, []
    start = threading.Barrier(threads)

    def append(number: int) -> None:
        try:
            start.wait()  # together, so that several meet a chain that has no head yet
            for turn in range(each):
                with database.transaction() as session:
                    lock_case(session, CASE)
                    write(session, number * each + turn)
        except Exception as error:
            failures.append(error)

    workers = [threading.Thread(target=append, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    with database.transaction() as session:
        seal_roots(session, keyring, NOW)
        report = verify(session, keyring.journal_public_keys())
        assert (report.ok, report.chains, report.entries, report.unsealed) == (True, 1, threads * each, 0)
        assert len({line.facts["number"] for line in access_history(session, CASE)}) == threads * each


def test_the_lock_holds_until_commit(pg_url: str) -> None:
    database, order = Database(pg_url), []
    locked, went_on = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction() as session:
            lock_case(session, CASE)
            locked.set()
            assert went_on.wait(60), "another case waited"
            time.sleep(0.2)  # for the next one to come, and wait
            order.append("first")

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(60)
    with database.transaction() as session:
        lock_case(session, uuid4())  # another case never waits
        order.append("other")
    went_on.set()
    with database.transaction() as session:
        lock_case(session, CASE)
        order.append("second")
    holder.join()
    database.dispose()
    assert order == ["other", "first", "second"]


def test_a_rolled_back_entry_leaves_no_gap(database: Database, keyring: Keyring) -> None:
    with database.transaction() as session:
        write(session, 1)
    with pytest.raises(ValueError), database.transaction() as session:  # noqa: PT012
        write(session, 2)
        write(session, note="Pas un code")
    with database.transaction() as session:
        write(session, 3)
        assert [line.position for line in access_history(session, CASE)] == [1, 2]
        assert verify(session, keyring.journal_public_keys()).ok


def test_a_head_is_read_again_once_its_lock_is_gone(sqlite_url: str, keyring: Keyring) -> None:
    """What a transaction knows of a head dies with it, committed or not, and with a savepoint that is undone: a plugin
    that recorded and failed leaves no hole before what the page records after it."""
    database = Database(sqlite_url)
    with Session(database.engine) as session:
        for number, end in enumerate((session.commit, session.rollback, session.commit)):
            write(session, 10 * number)
            end()
            with database.transaction() as other:
                write(other, 10 * number + 1)
        undone = session.begin_nested()
        write(session, 40)
        undone.rollback()
        write(session, 41)
        session.commit()
        report = verify(session, keyring.journal_public_keys())
        kept = [line.facts["number"] for line in access_history(session, CASE)]
    database.dispose()
    assert report.ok, report.first_fault
    assert sorted(kept) == [0, 1, 11, 20, 21, 41]


def test_recording_costs_three_statements(database: Database, count_statements: list[str]) -> None:
    with database.transaction() as session:
        write(session, 1)
    with database.transaction() as session:
        count_statements.clear()
        write(session, 2)
        assert len([s for s in count_statements if not s.startswith("BEGIN")]) == 3


@pytest.fixture
def count_statements(database: Database) -> list[str]:
    from sqlalchemy import event

    seen: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: seen.append(statement))
    return seen


# Roots


def test_roots_seal_what_moved_and_chain_together(session: Session, keyring: Keyring) -> None:
    assert last_root(session) is None
    assert seal_roots(session, keyring, NOW) == 0
    write(session, 1)
    write(session, 2, case=UUID(int=50))
    lock_case(session, UUID(int=51))  # locked, nothing recorded: nothing to seal
    assert seal_roots(session, keyring, NOW) == 2
    assert seal_roots(session, keyring, NOW + timedelta(minutes=1)) == 0
    write(session, 3)
    assert seal_roots(session, keyring, NOW + timedelta(minutes=2)) == 1
    write(session, 4)
    report = verify(session, keyring.journal_public_keys(), last_root(session))
    assert (report.ok, report.chains, report.entries, report.roots, report.unsealed) == (True, 2, 4, 2, 1)
    assert session.scalar(select(func.count()).select_from(JournalSealed)) == 2


def test_roots_of_a_retired_master_key_still_hold(session: Session) -> None:
    old, new = bytes(32), bytes(range(32))
    write(session, 1)
    seal_roots(session, Keyring.from_bytes(old), NOW)
    write(session, 2)
    rotated = Keyring.from_bytes(new, old)
    seal_roots(session, rotated, NOW)
    assert verify(session, rotated.journal_public_keys()).ok
    fault = verify(session, Keyring.from_bytes(new).journal_public_keys()).first_fault
    assert fault is not None
    assert str(fault) == "racine 1\u00a0: elle est signée par une clé inconnue"


def test_a_job_seals_every_minute(session: Session, keyring: Keyring) -> None:
    from core.journal.jobs import jobs

    class House:
        def __init__(self) -> None:
            self.keyring = keyring

    [job] = jobs
    assert (job.name, job.every) == ("journal.seal", timedelta(minutes=1))
    write(session)
    job.run(session, House(), NOW)  # type: ignore[arg-type]
    root = last_root(session)
    assert root is not None
    assert root.position == 1


def test_the_journal_has_no_personal_column() -> None:
    for name in ("journal_entries", "journal_heads", "journal_roots", "journal_sealed"):
        assert {column.info["class"] for column in Base.metadata.tables[name].columns} == {"internal"}
