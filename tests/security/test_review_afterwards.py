"""What stays, and who is told, once a part is over: receipts, journals, corrections, streams, the coordination."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import false, func, select, update

from core.access.registry import registry
from core.access.viewer import Role
from core.accounts.models import User
from core.accounts.services import add_user
from core.home.queries import queue_size, tasks
from core.journal.models import JournalEntry
from core.kernel.events import OutboxEvent
from core.kernel.ids import new_id
from core.kernel.live.connection import LiveViewer, State
from core.kernel.live.hub import Hub
from core.kernel.live.stream import StreamEvent
from core.kernel.mail.outgoing import OutgoingMail
from core.referrals import services
from core.referrals.models import ReferralDraft, ReferralEntry
from core.referrals.queries.network import late_offers
from core.referrals.services.clockwork import run_clocks
from core.referrals.services.receipt import keep_receipt, open_receipt
from core.testing import in_loop
from tests.support.held import POLICE, RECEIVER
from tests.support.referrals import CLOCK, NOW, WORD, build, consent, send


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def journaled_for(session, organisation_id):
    rows = session.execute(select(JournalEntry.line).where(JournalEntry.organisation == str(organisation_id))).scalars()
    return [json.loads(line) for line in rows]


def told(session, kind, ref):
    rows = session.execute(select(OutboxEvent.topics).where(OutboxEvent.kind == kind, OutboxEvent.ref == ref)).scalars()
    return {topic for topics in rows for topic in topics}


def test_her_receipt_does_not_tell_the_sender_that_her_agreement_was_renewed_elsewhere(session, world):
    sent = send(session, world)
    keep_receipt(session, world.viewer("police"), sent.code, WORD)
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    later = NOW + timedelta(days=20)

    def shown():
        return open_receipt(session, world.keyring, world.viewer("police"), sent.code, later).consent

    before = shown()
    given = consent(world, blocks=frozenset({"contact"}), obtained_at=later)
    services.renew_with_her(session, world.viewer("chrysalide"), sent.code, given, later)
    assert shown() == before
    services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, later)
    assert shown() == before


def test_whoever_said_no_is_not_told_that_she_withdrew_elsewhere(session, world):
    """Asked both; one declines, the other receives her. Her withdrawal is the second one's to know, by its own code."""
    consents = tuple(consent(world, name, "ask_both") for name in ("chrysalide", "coup_de_coeur"))
    sent = send(session, world, municipality_code="63013", consents=consents)
    first, second = sent.codes
    services.decline_referral(session, world.viewer("chrysalide"), first, "full", NOW)
    services.accept_referral(session, world.keyring, world.viewer("coup_de_coeur"), second, NOW)
    session.execute(update(OutboxEvent).values(ref="earlier"))
    services.withdraw_case(session, world.keyring, world.viewer("maison"), first, NOW)
    told_no = journaled_for(session, world.organisations["chrysalide"])
    assert not [line for line in told_no if line["action"] == "referral.withdraw"]
    assert told(session, "referral.closed", first) == set()
    held = journaled_for(session, world.organisations["coup_de_coeur"])
    lines = [line for line in held if line["action"] == "referral.withdraw"]
    assert [(line["subject"], line["facts"]) for line in lines] == [(f"referral:{second}", {})]
    assert told(session, "referral.closed", second) == {f"org:{world.organisations['coup_de_coeur']}"}


def test_a_withdrawal_that_finds_nothing_left_is_still_proved(session, world):
    sent = send(session, world)
    services.decline_referral(session, world.viewer("chrysalide"), sent.code, "full", NOW)
    services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, NOW)
    lines = [json.loads(line) for line in session.execute(select(JournalEntry.line)).scalars()]
    assert [line["organisation"] for line in lines if line["action"] == "referral.withdraw"] == [""]


def test_the_other_organisation_asked_does_not_read_who_accepted(session, world):
    consents = tuple(consent(world, name, "ask_both") for name in ("chrysalide", "coup_de_coeur"))
    sent = send(session, world, municipality_code="63013", consents=consents)
    services.accept_referral(session, world.keyring, world.viewer("coup_de_coeur"), sent.codes[1], NOW)
    lines = journaled_for(session, world.organisations["chrysalide"])
    ended = [line for line in lines if line["action"] == "referral.end"]
    assert [line["actor"] for line in ended] == [{"organisation": "", "roles": [], "user": ""}]


@pytest.mark.parametrize("end", ["decline", "withdraw"])
def test_a_correction_leaves_no_codes_once_the_preview_is_erased(session, world, end):
    sent = send(session, world)
    services.amend_preview(session, world.viewer("police"), sent.code, {"needs": ["legal"]}, "correction", NOW)
    if end == "decline":
        services.decline_referral(session, world.viewer("chrysalide"), sent.code, "full", NOW)
    else:
        services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, NOW)
    kept = session.execute(select(ReferralEntry.codes).where(ReferralEntry.kind == "amended")).scalars().all()
    assert kept == [{"field": "needs", "reason": "correction"}]


def test_a_coordination_set_aside_never_hears_of_the_case(session, world):
    """Restricted: her ex works there. Neither its list, its count, its mail nor its stream says that it is late."""
    for name, email in (("maison", "une@exemple.test"), ("hopital", "autre@exemple.test")):
        add_user(
            session,
            world.keyring,
            organisation_id=world.organisations[name],
            email=email,
            name="Personne fictive",
            roles={Role.NETWORK_COORDINATION},
            now=NOW,
        )
    sent = send(session, world, urgent=True, restricted=frozenset({world.organisations["maison"]}))
    late = NOW + timedelta(days=3)
    run_clocks(session, world.keyring, CLOCK, late)
    people = {row.organisation_id: row.id for row in session.execute(select(User.organisation_id, User.id))}
    assert told(session, "referral.escalated", sent.code) == {f"user:{people[world.organisations['hopital']]}"}
    assert len(session.execute(select(OutgoingMail.id)).all()) == 1
    held = frozenset({"network_oversee"})
    for name, seen in (("maison", 0), ("hopital", 1)):
        viewer = world.viewer(name, 7, roles=frozenset({Role.NETWORK_COORDINATION}))
        assert len(late_offers(session, viewer.organisation_id, late)) == seen
        assert len(tasks(session, viewer, late, held)) == seen


def test_the_count_beside_the_queue_is_the_queues(session, world, monkeypatch):
    send(session, world)
    worker = world.viewer("chrysalide")
    assert queue_size(session, worker) == 1
    monkeypatch.setitem(registry.restriction_twins, "referral.read", [lambda _viewer: false()])
    assert queue_size(session, worker) == 0, "what a restriction hides is not counted either"


# Streams


async def _always() -> bool:
    return True


def _viewer(*topics: str, deaf: tuple[str, ...] = ()) -> LiveViewer:
    return LiveViewer(frozenset(topics), None, None, None, _always, deaf)


def test_roles_without_references_hear_no_code_of_their_organisation() -> None:
    """An administrator, a privacy officer, a committee member: same organisation, no reference, live or replayed."""

    async def scenario() -> None:
        hub = Hub(bytes(32))
        heard: dict[str, list[bytes]] = {"worker": [], "admin": []}

        def listen(name: str, who: LiveViewer) -> None:
            async def take(message):
                heard[name].append(message.get("body", b""))

            connection = hub.attach(who, take)
            assert connection is not None
            connection.state = State.LIVE

        admin = _viewer("org:a", "user:b", deaf=("referral.",))
        listen("worker", _viewer("org:a", "user:c"))
        listen("admin", admin)
        events = [
            StreamEvent(1, "referral.submitted", "R-1", ("org:a",)),
            StreamEvent(2, "directory.edit_proposed", "x", ("org:a",)),
            StreamEvent(3, "referral.clock", "R-3", ("org:a", "user:b")),
        ]
        await hub.feed(events)
        assert [len(heard[name]) for name in ("worker", "admin")] == [3, 2]
        assert b"R-1" not in b"".join(heard["admin"])
        assert [hub.may_hear(admin, event) for event in events] == [False, True, True]

    asyncio.run(scenario())


def test_another_role_or_organisation_ends_the_right_to_listen(network):
    """The stream opened as one thing does not go on once she is another."""
    app = network.app()
    token = network.token(RECEIVER)
    scope = {"type": "http", "headers": [(b"cookie", f"arrimage={token}".encode())]}

    async def scenario() -> None:
        worker = await app.live.authenticate(scope)
        assert worker is not None
        assert worker.deaf == ()
        assert await worker.recheck()
        with network.database.transaction() as session:
            session.execute(update(User).where(User.demo_key == RECEIVER).values(roles=["privacy_officer"]))
        assert not await worker.recheck()
        officer = await app.live.authenticate(scope)
        assert officer is not None
        assert officer.deaf == ("referral.",)
        with network.database.transaction() as session:
            session.execute(
                update(User)
                .where(User.demo_key == RECEIVER)
                .values(organisation_id=network.organisation("police-repentigny"))
            )
        assert not await officer.recheck()

    in_loop(app.state.house.database, scenario)


# Forms


def test_a_second_step_left_open_does_not_bring_back_a_form_that_stopped(visitor):
    """Danger said in one tab; the other tab's autosave keeps nothing of her."""
    key = new_id()
    visitor.become(POLICE)
    base = f"/references/brouillons/{key}"
    situation = {"municipality": "Repentigny", "age_band": "25_34", "needs": ["support"]}
    visitor.post(f"{base}/situation", situation)
    visitor.post(f"{base}/situation", situation | {"danger": "true"})
    answer = visitor.post(f"{base}/contact/brouillon", {"phone": "450 555-0142", "first_name": "Maïka"})
    assert answer.json() == {"saved_at": None}
    with visitor.network.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(ReferralDraft)) == 0


def test_a_date_outside_the_calendar_in_the_journals_address_is_no_error(visitor):
    visitor.become("confidentialite-chrysalide")
    assert visitor.get("/journal?avant=0001-01-01T00:00:00%2B23:59").status_code == 200
