"""Reminders and escalations that happen once, whatever restarts; drafts that go; lists within their budgets."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from core.access.viewer import Role
from core.accounts.services import add_user
from core.consent.services import Invalid
from core.kernel.errors import Forbidden, Missing
from core.kernel.events import OutboxEvent
from core.kernel.mail.outgoing import OutgoingMail
from core.referrals import services
from core.referrals.models import Referral, ReferralCase, ReferralDraft
from core.referrals.queries import lists
from core.referrals.services import roster
from core.referrals.services.clockwork import drop_old_drafts, run_clocks
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


def test_each_step_happens_once_and_reaches_the_right_circle(session, world):
    send(session, world, urgent=True)
    on_call = person(session, world, "chrysalide", Role.WORKER, "garde@exemple.test")
    person(session, world, "chrysalide", Role.ORGANISATION_ADMIN, "admin@exemple.test")
    person(session, world, "maison", Role.NETWORK_COORDINATION, "reseau@exemple.test")
    manager = world.viewer("chrysalide", 9, roles=frozenset({Role.ORGANISATION_ADMIN}))
    roster.add_shift(session, manager, on_call, NOW, NOW + timedelta(days=7))
    assert run(session, world, 11) == []
    assert run(session, world, 12) == ["remind"]
    assert run(session, world, 13) == []
    assert run(session, world, 24) == ["on_call", "tell_sender"]
    assert run(session, world, 25) == []
    assert run(session, world, 30) == ["coordination"]
    assert run(session, world, 36) == ["network"]
    assert run(session, world, 500) == []
    assert session.execute(select(Referral.state)).scalar_one() == "submitted"
    assert f"user:{on_call}" in heard(session, "referral.clock")
    assert heard(session, "referral.status") == [f"user:{world.viewer('police').user_id}"]
    assert heard(session, "referral.escalated") == ["network"]
    assert len(session.execute(select(OutgoingMail.id)).all()) == 3


def test_nobody_on_call_goes_to_coordination_at_once(session, world):
    send(session, world, urgent=True)
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
