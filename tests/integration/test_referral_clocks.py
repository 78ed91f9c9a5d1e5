"""Reminders and escalations that happen once, whatever restarts; drafts that go; lists within their budgets."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select, update

from core.access.viewer import Role
from core.accounts.models import User
from core.accounts.services import add_user
from core.consent.services import Invalid
from core.journal.models import JournalEntry
from core.kernel.errors import Forbidden, Missing
from core.kernel.events import OutboxEvent
from core.kernel.mail.outgoing import OutgoingMail
from core.referrals import services
from core.referrals.models import Referral, ReferralCase, ReferralDraft
from core.referrals.queries import lists
from core.referrals.services import clockwork, roster
from core.referrals.services.clockwork import drop_old_drafts, run_clocks
from core.settings import Settings
from tests.support.referrals import CLOCK, NOW, accepted, build, send


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def person(session, world, organisation, role, email):
    return add_user(
        session,
        world.keyring,
        organisation_id=world.organisations[organisation],
        email=email,
        name="Personne fictive",
        roles=frozenset({role}),
        password=None,
        now=NOW,
    )


def run(session, world, hours):
    return [nudge.step.value for nudge in run_clocks(session, world.keyring, CLOCK, NOW + timedelta(hours=hours))]


def heard(session, kind):
    return [
        topic
        for one in session.execute(select(OutboxEvent).where(OutboxEvent.kind == kind)).scalars()
        for topic in one.topics
    ]


def test_the_settings_begin_with_the_delays_of_the_network():
    begun = SimpleNamespace(**{name: field.default for name, field in Settings.model_fields.items()})
    assert services.clock_settings(begun) == CLOCK


def test_each_step_happens_once_and_reaches_the_right_circle(session, world):
    """Whoever took it, whoever is on call at that moment, its own administration, then the network: nobody else."""
    code = send(session, world, urgent=True).code
    claimer, on_call, left, before, after = (
        person(session, world, "chrysalide", Role.WORKER, f"personne{number}@exemple.test") for number in range(5)
    )
    for organisation in ("chrysalide", "coup_de_coeur"):
        person(session, world, organisation, Role.ORGANISATION_ADMIN, f"{organisation}@exemple.test")
    person(session, world, "maison", Role.NETWORK_COORDINATION, "reseau@exemple.test")
    manager = world.viewer("chrysalide", 9, roles=frozenset({Role.ORGANISATION_ADMIN}))
    day, week = timedelta(days=1), timedelta(days=7)
    for who, start, end in (
        (on_call, NOW, NOW + week),
        (left, NOW, NOW + week),
        (before, NOW - week, NOW + day),
        (after, NOW + day + timedelta(minutes=1), NOW + week),
    ):
        roster.add_shift(session, manager, who, start, end)
    session.execute(update(User).where(User.id == left).values(status="disabled"))
    world.people["chrysalide", 7] = claimer
    services.claim_referral(session, world.viewer("chrysalide", 7), code, NOW)
    assert run(session, world, 11) == []
    mailed = []
    for hours, steps in (
        (12, ["remind"]),
        (13, []),
        (24, ["on_call", "tell_sender"]),
        (25, []),
        (30, ["coordination"]),
        (36, ["network"]),
        (500, []),
    ):
        assert run(session, world, hours) == steps, hours
        mailed.append(len(session.execute(select(OutgoingMail.id)).all()))
    assert mailed == [1, 1, 2, 2, 3, 4, 4]
    assert session.execute(select(Referral.state)).scalar_one() == "submitted"
    told = {topic for topic in heard(session, "referral.clock") if topic.startswith("user:")}
    assert told == {f"user:{on_call}"}
    assert heard(session, "referral.status") == [f"user:{world.viewer('police').user_id}"]
    assert heard(session, "referral.escalated") == ["network"]
    lines = session.execute(select(JournalEntry.line).order_by(JournalEntry.position)).scalars()
    noted = [json.loads(line)["facts"]["step"] for line in lines if "referral.clock" in line]
    assert noted == ["remind", "on_call", "tell_sender", "coordination", "network"]


def test_joined_ones_share_the_earliest_clock_and_one_call_ends_both(session, world):
    first, second = (accepted(session, world, urgent=True, at=NOW + timedelta(hours=late)).code for late in (0, 2))
    worker = world.viewer("chrysalide")
    services.log_attempt(session, worker, second, "reached", "phone", NOW + timedelta(hours=3))
    services.join_referrals(session, worker, second, first, NOW + timedelta(hours=3))
    rows = session.execute(select(Referral.clock_due_at, Referral.first_contact_at)).all()
    assert set(map(tuple, rows)) == {(NOW + timedelta(hours=24), NOW + timedelta(hours=3))}
    assert run(session, world, 100) == []
    lines = session.execute(select(JournalEntry.line).where(JournalEntry.line.contains("referral.join"))).scalars()
    assert {json.loads(line)["facts"]["other"] for line in lines} == {first, second}


def test_a_call_noted_while_the_clock_waited_stops_its_step(session, world, monkeypatch):
    code = accepted(session, world, urgent=True).code

    def note_meanwhile(*_):
        services.log_attempt(session, world.viewer("chrysalide"), code, "missed", "phone", NOW + timedelta(hours=1))

    monkeypatch.setattr(clockwork, "lock_case", note_meanwhile)
    assert run(session, world, 24) == []


def test_nobody_on_call_goes_to_coordination_at_once(session, world):
    """Nor anybody whose account was closed since: no message leaves for her either."""
    code = send(session, world, urgent=True).code
    gone = person(session, world, "chrysalide", Role.WORKER, "partie@exemple.test")
    manager = world.viewer("chrysalide", 9, roles=frozenset({Role.ORGANISATION_ADMIN}))
    roster.add_shift(session, manager, gone, NOW, NOW + timedelta(days=7))
    world.people["chrysalide", 7] = gone
    services.claim_referral(session, world.viewer("chrysalide", 7), code, NOW)
    session.execute(update(User).where(User.id == gone).values(status="disabled"))
    assert run(session, world, 12) == ["remind"]
    assert session.execute(select(OutgoingMail.id)).all() == []
    assert run(session, world, 24) == ["tell_sender", "coordination"]


def test_an_attempt_or_an_end_stops_the_steps(session, world):
    sent = accepted(session, world, urgent=True)
    services.log_attempt(session, world.viewer("chrysalide"), sent.code, "missed", "phone", NOW + timedelta(hours=1))
    other = send(session, world, urgent=True)
    services.retract_referral(session, world.viewer("police"), other.code, NOW)
    assert run(session, world, 100) == []


def test_after_acceptance_the_sender_is_not_told_of_a_late_call(session, world):
    accepted(session, world, urgent=True)
    before = len(heard(session, "referral.status"))
    run(session, world, 24)
    assert len(heard(session, "referral.status")) == before


def test_a_shift_is_for_ones_own_people(session, world):
    outsider = person(session, world, "maison", Role.WORKER, "autre@exemple.test")
    manager = world.viewer("chrysalide", 9, roles=frozenset({Role.ORGANISATION_ADMIN}))
    with pytest.raises(Invalid):
        roster.add_shift(session, manager, outsider, NOW, NOW + timedelta(days=1))
    with pytest.raises(Forbidden):
        roster.add_shift(session, world.viewer("chrysalide"), outsider, NOW, NOW + timedelta(days=1))
    own = person(session, world, "chrysalide", Role.WORKER, "nous@exemple.test")
    shift = roster.add_shift(session, manager, own, NOW, NOW + timedelta(days=1))
    stranger = world.viewer("coup_de_coeur", 9, roles=frozenset({Role.ORGANISATION_ADMIN}))
    with pytest.raises(Missing):
        roster.remove_shift(session, stranger, shift.id)
    roster.remove_shift(session, manager, shift.id)
    assert roster.upcoming_shifts(session, manager, NOW) == ()


def test_old_drafts_go_with_their_empty_case(session, world):
    services.save_draft(session, world.keyring, world.viewer("police"), "form-zzzzzzzz", {"a": "b"}, NOW)
    assert drop_old_drafts(session, NOW + timedelta(days=6)) == 0
    assert drop_old_drafts(session, NOW + timedelta(days=7)) == 1
    for model in (ReferralDraft.referral_id, Referral.id, ReferralCase.id):
        assert session.execute(select(model)).all() == []


@pytest.fixture
def statements(session):
    counted = []
    bind = session.get_bind()
    engine = getattr(bind, "engine", bind)

    def count(connection, cursor, statement, parameters, context, executemany):
        if not statement.startswith(("SAVEPOINT", "RELEASE")):
            counted.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    yield counted
    event.remove(engine, "before_cursor_execute", count)


def test_lists_and_pages_stay_within_their_budgets(session, world, statements):
    codes = [send(session, world).code for _ in range(6)]
    worker, police = world.viewer("chrysalide"), world.viewer("police")
    for code in codes[:3]:
        services.accept_referral(session, world.keyring, worker, code, NOW)
    for read, budget in (
        (lambda: lists.queue(session, worker, NOW), 2),
        (lambda: lists.sent(session, police, NOW), 2),
        (lambda: lists.counts(session, worker, NOW), 1),
        (lambda: services.open_referral(session, world.keyring, worker, codes[0], NOW), 10),
        (lambda: services.open_referral(session, world.keyring, worker, codes[4], NOW), 10),
        (lambda: services.open_referral(session, world.keyring, police, codes[4], NOW), 10),
    ):
        statements.clear()
        read()
        assert len(statements) <= budget, statements


def test_the_queue_is_in_order_and_paged(session, world):
    calm = [send(session, world, at=NOW + timedelta(minutes=n)).code for n in range(lists.PAGE_SIZE)]
    urgent = send(session, world, urgent=True, at=NOW + timedelta(hours=1)).code
    first = lists.queue(session, world.viewer("chrysalide"), NOW, 1)
    second = lists.queue(session, world.viewer("chrysalide"), NOW, 2)
    assert [row.code for row in first.rows] == [urgent, *calm[:-1]]
    assert [row.code for row in second.rows] == [calm[-1]]
    assert (first.total, first.pages) == (21, 2)
    assert lists.queue(session, world.viewer("chrysalide"), NOW, 99).number == 2
    assert "Maïka" not in str(first)
    assert lists.queue(session, world.viewer("maison"), NOW).rows == ()
