"""Two clicks, many readers, one withdrawal: on committed databases, with real threads, on both engines."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.consent.services import ConsentMissing
from core.kernel.errors import DomainError, Missing
from core.referrals import services
from core.referrals.models import BlockSeal, Referral
from core.referrals.queries import lists
from core.referrals.services.clockwork import run_clocks
from core.referrals.services.loading import NotNow
from core.testing import in_loop
from tests.support.referrals import CLOCK, NOW, PHONE, WORD, accepted, build, send


@pytest.fixture
def world(database, keyring):
    with database.transaction() as session:
        return build(session, keyring)


def all_at_once(*works):
    """Run every function in its own thread, started together; results or exceptions, in order."""
    gate = threading.Barrier(len(works))

    def run(work):
        gate.wait()
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def doing(database, fn):
    def work():
        with database.transaction() as session:
            return fn(session)

    return work


def committed(database, fn):
    with database.transaction() as session:
        return fn(session)


def test_two_workers_accept_at_once_and_one_wins(database, world):
    sent = committed(database, lambda session: send(session, world))
    results = all_at_once(
        *(
            doing(
                database,
                lambda session, who=person: services.accept_referral(
                    session, world.keyring, world.viewer("chrysalide", who), sent.code, NOW
                ),
            )
            for person in range(4)
        )
    )
    assert sum(isinstance(result, services.Done) for result in results) == 1
    assert all(isinstance(result, services.Done | DomainError) for result in results), results
    seals = committed(database, lambda session: session.execute(select(func.count()).select_from(BlockSeal)).scalar())
    assert seals == 5


def test_accepting_while_ten_others_read(database, world):
    sent = committed(database, lambda session: send(session, world))

    def read(session, who):
        return services.open_referral(session, world.keyring, world.viewer("chrysalide", who), sent.code, NOW)

    page = committed(database, lambda session: read(session, 0))
    results = all_at_once(
        doing(
            database,
            lambda session: services.accept_referral(
                session, world.keyring, world.viewer("chrysalide"), sent.code, NOW, page.version
            ),
        ),
        *(doing(database, lambda session, who=who: read(session, who)) for who in range(1, 11)),
    )
    assert not [result for result in results if isinstance(result, Exception)], results


def test_the_same_form_sent_from_two_tabs_at_once(database, world):
    results = all_at_once(
        *(doing(database, lambda session: send(session, world, key="form-twice-twice")) for _ in range(4))
    )
    assert not [result for result in results if isinstance(result, Exception)], results
    assert len({result.code for result in results}) == 1
    assert sum(result.created for result in results) == 1
    rows = committed(database, lambda session: session.execute(select(func.count()).select_from(Referral)).scalar())
    assert rows == 1


def test_asked_both_and_both_accept_at_once(database, world):
    from tests.support.referrals import consent

    consents = tuple(consent(world, name, "ask_both") for name in ("chrysalide", "coup_de_coeur"))
    sent = committed(database, lambda session: send(session, world, municipality_code="63013", consents=consents))
    results = all_at_once(
        *(
            doing(
                database,
                lambda session, who=name, code=code: services.accept_referral(
                    session, world.keyring, world.viewer(who), code, NOW
                ),
            )
            for name, code in zip(("chrysalide", "coup_de_coeur"), sent.codes, strict=True)
        )
    )
    assert sum(isinstance(result, services.Done) for result in results) == 1
    assert sum(isinstance(result, NotNow) for result in results) == 1, results


@pytest.mark.parametrize("round_", range(5))
def test_nothing_is_read_or_accepted_after_a_withdrawal(database, world, round_):
    sent = committed(database, lambda session: (accepted if round_ % 2 else send)(session, world))
    worker = world.viewer("chrysalide")

    def read(session):
        return services.open_referral(session, world.keyring, worker, sent.code, NOW)

    works = [
        doing(
            database,
            lambda session: services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, NOW),
        ),
        *(doing(database, read) for _ in range(4)),
        doing(database, lambda session: services.accept_referral(session, world.keyring, worker, sent.code, NOW)),
        doing(database, lambda session: services.copy_for_our_record(session, world.keyring, worker, sent.code, NOW)),
    ]
    results = all_at_once(*works)
    assert results[0] is None
    for result in results[1:]:
        assert not isinstance(result, Exception) or isinstance(result, DomainError), result
    with pytest.raises(Missing):
        committed(database, read)
    with pytest.raises((NotNow, ConsentMissing)):
        committed(database, lambda session: services.accept_referral(session, world.keyring, worker, sent.code, NOW))
    assert (
        committed(database, lambda session: session.execute(select(func.count()).select_from(BlockSeal)).scalar()) == 0
    )


def test_a_read_and_a_withdrawal_are_ordered_in_the_journal(database, world):
    from core.journal.models import JournalEntry

    sent = committed(database, lambda session: accepted(session, world))
    worker = world.viewer("chrysalide")
    all_at_once(
        doing(database, lambda session: services.open_referral(session, world.keyring, worker, sent.code, NOW)),
        doing(
            database,
            lambda session: services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, NOW),
        ),
    )
    lines = committed(
        database,
        lambda session: session.execute(select(JournalEntry.line).order_by(JournalEntry.position)).scalars().all(),
    )
    kinds = ["withdraw" if "referral.withdraw" in line else "read" if "referral.read" in line else "" for line in lines]
    assert "withdraw" in kinds
    assert "read" not in kinds[kinds.index("withdraw") :]
    assert not [line for line in lines if PHONE in line or "Maïka" in line]


def test_the_same_services_run_as_the_server_runs_them(database, world):
    """On PostgreSQL through asyncpg, on SQLite on the writer thread: same functions, same answers."""
    worker, police = world.viewer("chrysalide"), world.viewer("police")
    keyring = world.keyring

    async def story():
        sent = await database.run(lambda session: send(session, world), "write")
        await database.run(
            lambda session: services.ask_sender(session, keyring, worker, sent.code, "need", "Et ?", NOW), "write"
        )
        await database.run(
            lambda session: services.answer_receiver(session, keyring, police, sent.code, "Voilà.", NOW), "write"
        )
        await database.run(lambda session: services.accept_referral(session, keyring, worker, sent.code, NOW), "write")
        opened = await database.run(
            lambda session: services.open_referral(session, keyring, worker, sent.code, NOW), "write"
        )
        assert len(opened.blocks) == 4
        await database.run(
            lambda session: services.log_attempt(session, worker, sent.code, "reached", "phone", NOW), "write"
        )
        await database.run(lambda session: services.withdraw_herself(session, keyring, sent.code, WORD, NOW), "write")
        await database.run(lambda session: services.resume_herself(session, keyring, sent.code, WORD, NOW), "write")
        assert (await database.run(lambda session: lists.queue(session, worker, NOW))).total == 1
        assert (await database.run(lambda session: lists.sent(session, police, NOW))).total == 1
        assert (await database.run(lambda session: lists.counts(session, worker, NOW))).mine == 1
        await database.run(lambda session: run_clocks(session, keyring, CLOCK, NOW + timedelta(days=9)), "write")
        await database.run(lambda session: services.withdraw_case(session, keyring, police, sent.code, NOW), "write")
        assert (await database.run(lambda session: lists.queue(session, worker, NOW))).total == 0

    in_loop(database, story)
