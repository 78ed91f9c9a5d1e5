"""Send, take, ask, answer, accept, follow up, close: on both engines."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.consent.rules import AgeBand
from core.consent.services import ConsentMissing, Invalid, Stopped
from core.directory.models import Organisation
from core.journal.models import JournalEntry
from core.kernel.crypto import Unreadable, unseal
from core.kernel.errors import Forbidden, Missing, Stale
from core.kernel.events import OutboxEvent
from core.referrals import services
from core.referrals.models import BlockSeal, Referral, ReferralBlock, ReferralPreview
from core.referrals.rules.visibility import SenderStatus
from core.referrals.rules.workflow import Command, State
from core.referrals.services.drafts import DraftTooLarge
from core.referrals.services.loading import NotNow
from core.referrals.services.receipt import keep_receipt, open_receipt
from core.reports.models import ReportFact
from tests.support.referrals import CLOCK, NOW, PHONE, WORD, accepted, build, consent, send, submission


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def test_the_whole_story(session, world):
    police, worker = world.viewer("police"), world.viewer("chrysalide")
    sent = send(session, world, urgent=True)
    seen = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert seen.blocks == ()
    assert (seen.preview.age_band, seen.preview.area_label) == ("25_34", "L’Assomption")
    assert (seen.suggestion.code, seen.suggestion.reasons) == (1, ("high_distress",))
    assert seen.clock_due_at == NOW + timedelta(hours=24)
    taken = services.claim_referral(session, worker, sent.code, NOW, seen.version)
    asked = services.ask_sender(session, world.keyring, worker, sent.code, "safe_moment", "Le soir convient ?", NOW)
    assert asked.state is State.QUESTION
    assert asked.version == taken.version + 1
    mine = services.open_referral(session, world.keyring, police, sent.code, NOW)
    assert mine.sender_status.question
    assert [entry.text for entry in mine.entries] == ["Le soir convient ?"]
    services.answer_receiver(session, world.keyring, police, sent.code, "Oui, après 19 h.", NOW)
    services.accept_referral(session, world.keyring, worker, sent.code, NOW)
    opened = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert opened.state is State.ACCEPTED
    assert opened.first_step
    assert {block.kind: block.content for block in opened.blocks}["contact"]["phone"] == PHONE
    assert "Oui, après 19 h." in [entry.text for entry in opened.entries]
    status = services.open_referral(session, world.keyring, police, sent.code, NOW)
    assert status.sender_status.status is SenderStatus.TAKEN
    assert (status.blocks, status.entries, status.preview, status.state) == ((), (), None, None)
    services.reconfirm_with_her(session, worker, sent.code, NOW)
    services.log_attempt(session, worker, sent.code, "missed", "phone", NOW)
    reached = services.log_attempt(session, worker, sent.code, "reached", "phone", NOW + timedelta(hours=1))
    assert reached.state is State.IN_PROGRESS
    later = services.open_referral(session, world.keyring, worker, sent.code, NOW + timedelta(hours=2))
    assert (later.clock.state.value, later.first_step) == ("met", False)
    services.set_priority(session, worker, sent.code, 2, "clinical_judgement", NOW)
    text = services.copy_for_our_record(session, world.keyring, worker, sent.code, NOW)
    assert PHONE in text
    assert "Maïka" in text
    services.close_referral(session, worker, sent.code, "served", NOW)
    fact = session.execute(select(ReportFact)).scalar_one()
    assert (fact.outcome, fact.reached, fact.contact_minutes, fact.ended_quarter) == ("served", True, 60, "2026T3")
    assert sent.code not in str(vars(fact))


def test_before_acceptance_the_receivers_key_opens_nothing_personal(session, world):
    sent = send(session, world)
    rows = session.execute(
        select(ReferralBlock.kind, BlockSeal.sealed_key, BlockSeal.organisation_id).join(
            BlockSeal, BlockSeal.block_id == ReferralBlock.id
        )
    ).all()
    key = world.private_key("chrysalide")
    opened = set()
    for row in rows:
        try:
            unseal(row.sealed_key, key)
            opened.add(row.kind)
        except Unreadable:
            assert row.kind != "thread" or row.organisation_id == world.organisations["police"]
    assert opened == {"thread"}
    assert {row.kind for row in rows if row.organisation_id == world.organisations["chrysalide"]} == {"thread"}
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    holders = set(session.execute(select(BlockSeal.organisation_id)).scalars())
    assert holders == {world.organisations["chrysalide"]}


def test_only_the_blocks_she_agreed_to_open(session, world):
    blocks = {"identity": {"first_name": "Maïka"}, "contact": {"phone": PHONE}}
    sent = send(session, world, blocks=blocks, consents=(consent(world, blocks=frozenset({"identity", "contact"})),))
    worker = world.viewer("chrysalide")
    services.accept_referral(session, world.keyring, worker, sent.code, NOW)
    page = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert {block.kind for block in page.blocks} == {"identity", "contact"}


def test_the_same_form_sent_twice_makes_one_referral(session, world):
    first = send(session, world, key="form-aaaaaaaa")
    again = send(session, world, key="form-aaaaaaaa")
    assert (again.code, again.created) == (first.code, False)
    assert len(session.execute(select(Referral.id)).all()) == 1


def test_a_third_organisation_finds_nothing(session, world):
    sent = send(session, world)
    for stranger in (world.viewer("maison"), world.viewer("coup_de_coeur"), world.viewer("police", 1)):
        with pytest.raises(Missing):
            services.open_referral(session, world.keyring, stranger, sent.code, NOW)
        with pytest.raises(Missing):
            services.accept_referral(session, world.keyring, stranger, sent.code, NOW)
    with pytest.raises(Missing):
        services.open_referral(session, world.keyring, world.viewer("police"), "R-2222-22", NOW)


def test_the_sender_cannot_accept_nor_the_receiver_retract(session, world):
    sent = send(session, world)
    with pytest.raises(Forbidden):
        services.accept_referral(session, world.keyring, world.viewer("police"), sent.code, NOW)
    with pytest.raises(Forbidden):
        services.retract_referral(session, world.viewer("chrysalide"), sent.code, NOW)


def test_declining_says_why_and_where_else_and_erases_the_preview(session, world):
    sent = send(session, world)
    with pytest.raises(Invalid):
        services.decline_referral(session, world.viewer("chrysalide"), sent.code, "because", NOW)
    services.decline_referral(session, world.viewer("chrysalide"), sent.code, "full", NOW)
    told = services.open_referral(session, world.keyring, world.viewer("police"), sent.code, NOW)
    assert (told.sender_status.not_received, told.end_reason) == (True, "full")
    assert session.execute(select(ReferralPreview.referral_id)).all() == []
    assert session.execute(select(ReferralBlock.id)).all() == []


def test_retracting_ends_it_for_both(session, world):
    sent = send(session, world)
    services.retract_referral(session, world.viewer("police"), sent.code, NOW)
    with pytest.raises(NotNow):
        services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert session.execute(select(BlockSeal.block_id)).all() == []


def test_every_end_before_acceptance_is_told_to_both_sides(session, world):
    police, chrysalide, other = (world.viewer(name) for name in ("police", "chrysalide", "coup_de_coeur"))
    both = tuple(consent(world, name, "ask_both") for name in ("chrysalide", "coup_de_coeur"))
    asked = send(session, world, municipality_code="63013", consents=both)

    def accept(code):
        services.accept_referral(session, world.keyring, chrysalide, code, NOW)

    for code, end, receiver in (
        (send(session, world).code, lambda code: services.decline_referral(session, chrysalide, code, "full", NOW), 0),
        (send(session, world).code, lambda code: services.retract_referral(session, police, code, NOW), 0),
        (asked.codes[1], lambda _: accept(asked.codes[0]), other.organisation_id),
    ):
        end(code)
        events = session.execute(select(OutboxEvent).where(OutboxEvent.ref == code)).scalars()
        told = {(event.kind, *event.topics) for event in events if event.kind != "referral.submitted"}
        centre, officer = f"org:{receiver or chrysalide.organisation_id}", f"user:{police.user_id}"
        assert told == {("referral.closed", centre), ("referral.status", officer)}


def test_taken_by_a_colleague_then_released(session, world):
    sent = send(session, world)
    first, second = world.viewer("chrysalide", 0), world.viewer("chrysalide", 1)
    services.claim_referral(session, first, sent.code, NOW)
    with pytest.raises(Forbidden):
        services.claim_referral(session, second, sent.code, NOW)
    with pytest.raises(Forbidden):
        services.release_referral(session, second, sent.code, NOW)
    services.release_referral(session, first, sent.code, NOW)
    services.claim_referral(session, second, sent.code, NOW)


def test_a_stale_version_is_told(session, world):
    sent = send(session, world)
    worker = world.viewer("chrysalide")
    page = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    services.claim_referral(session, world.viewer("chrysalide", 1), sent.code, NOW)
    with pytest.raises(Stale):
        services.accept_referral(session, world.keyring, worker, sent.code, NOW, page.version)


def test_reading_does_not_spoil_accepting(session, world):
    sent = send(session, world)
    worker = world.viewer("chrysalide")
    page = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    for person in range(10):
        services.open_referral(session, world.keyring, world.viewer("chrysalide", person), sent.code, NOW)
    services.accept_referral(session, world.keyring, worker, sent.code, NOW, page.version)


def test_consent_expired_before_acceptance(session, world):
    sent = send(session, world)
    with pytest.raises(ConsentMissing) as refused:
        services.accept_referral(
            session, world.keyring, world.viewer("chrysalide"), sent.code, NOW + timedelta(days=91)
        )
    assert refused.value.reason == "expired"


def test_an_expired_consent_closes_the_blocks_it_had_opened(session, world):
    """And what was said about her: nobody reads, asks or answers on an agreement that ended."""
    sent, (officer, worker) = send(session, world), map(world.viewer, ("police", "chrysalide"))
    services.ask_sender(session, world.keyring, worker, sent.code, "safe_moment", "Le soir ?", NOW)
    late = NOW + timedelta(days=91)

    def words(at):
        pages = [services.open_referral(session, world.keyring, who, sent.code, at) for who in (officer, worker)]
        return [[entry.text for entry in page.entries if entry.text] for page in pages]

    assert words(NOW) == [["Le soir ?"], ["Le soir ?"]]
    assert words(late) == [[], []]
    with pytest.raises(ConsentMissing):
        services.answer_receiver(session, world.keyring, officer, sent.code, "Oui.", late)
    for text in ("", " ", "a" * 4001):
        with pytest.raises(Invalid):
            services.answer_receiver(session, world.keyring, officer, sent.code, text, NOW)
    services.answer_receiver(session, world.keyring, officer, sent.code, "Oui.", NOW)
    with pytest.raises(ConsentMissing):
        services.ask_sender(session, world.keyring, worker, sent.code, "safe_moment", "", late)
    with pytest.raises(Invalid):
        services.ask_sender(session, world.keyring, worker, sent.code, "zz", "", NOW)
    services.accept_referral(session, world.keyring, worker, sent.code, NOW)
    page = services.open_referral(session, world.keyring, worker, sent.code, late)
    assert (page.blocks, [entry.text for entry in page.entries if entry.text]) == ((), [])
    assert page.consent.problem == "expired"


def test_what_the_sender_may_learn_is_hers_to_say(session, world):
    from core.consent.rules import SenderMayLearn

    for learn, expected in (
        (SenderMayLearn.STAGES, (SenderStatus.TAKEN, None)),
        (SenderMayLearn.REACHED, (SenderStatus.TAKEN, True)),
        (SenderMayLearn.RECEIVED_ONLY, (SenderStatus.RECEIVED, None)),
    ):
        sent = accepted(session, world, consents=(consent(world, sender_may_learn=learn),))
        services.log_attempt(session, world.viewer("chrysalide"), sent.code, "reached", "phone", NOW)
        status = services.open_referral(session, world.keyring, world.viewer("police"), sent.code, NOW).sender_status
        assert (status.status, status.reached) == expected


def test_events_carry_a_kind_and_a_code_and_go_to_the_two_sides_only(session, world):
    accepted(session, world)
    allowed = {f"org:{world.organisations['chrysalide']}", f"user:{world.viewer('police').user_id}"}
    events = session.execute(select(OutboxEvent.kind, OutboxEvent.ref, OutboxEvent.topics)).all()
    assert {topic for event in events for topic in event.topics} <= allowed
    kinds = {event.kind for event in events if event.topics == [f"user:{world.viewer('police').user_id}"]}
    assert kinds == {"referral.status"}
    assert PHONE not in str(events)
    assert WORD not in str(events)


def test_under_fourteen_without_a_safe_consent_nothing_is_kept(session, world):
    police = world.viewer("police")
    services.save_draft(session, world.keyring, police, "form-bbbbbbbb", {"note": "…"}, NOW)
    with pytest.raises(Stopped) as stopped:
        send(
            session,
            world,
            key="form-bbbbbbbb",
            age_band=AgeBand.FROM_12_TO_13.value,
            consents=(consent(world, age_band=AgeBand.FROM_12_TO_13),),
        )
    assert {one.value for one in stopped.value.help} >= {"911", "dpj", "consultation"}
    assert session.execute(select(Referral.id)).all() == []
    assert services.open_draft(session, world.keyring, police, "form-bbbbbbbb", NOW) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"municipality_code": "00000"}, "municipality"),
        ({"needs": frozenset({"<script>"})}, "needs"),
        ({"needs": frozenset()}, "needs"),
        ({"facts": frozenset({"zz"})}, "facts"),
        ({"age_band": "99"}, "age_band"),
        ({"blocks": {"diary": {"a": "b"}}}, "blocks"),
        ({"blocks": {"situation": {"note": "a" * 5000}}}, "situation"),
        ({"blocks": {"situation": {f"note{number}": "a" for number in range(41)}}}, "situation"),
        ({"language": "xx"}, "language"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(session, world, changes, field):
    with pytest.raises(Invalid) as refused:
        send(session, world, **changes)
    assert refused.value.field == field
    assert refused.value.status == 422
    assert session.execute(select(Referral.id)).all() == []


def test_consent_bad_input(session, world):
    with pytest.raises(ConsentMissing) as refused:
        send(session, world, consents=(consent(world, blocks=frozenset({"identity"})),))
    assert refused.value.reason == "block"
    with pytest.raises(ConsentMissing) as refused:
        send(session, world, consents=(consent(world, valid_until=NOW - timedelta(minutes=1)),))
    assert refused.value.reason == "expired"
    for changes, name in (
        ({"attestation": frozenset({"alone"})}, "attestation"),
        ({"obtained_at": NOW + timedelta(hours=1)}, "obtained_at"),
        ({"recipient_id": world.organisations["maison"]}, "recipient"),
        ({"age_band": AgeBand.FROM_18_TO_24}, "age_band"),
    ):
        with pytest.raises(Invalid) as wrong:
            send(session, world, consents=(consent(world, **changes),))
        assert wrong.value.field == name
    with pytest.raises(Stale):
        send(session, world, consents=(consent(world, wording_sha256="0" * 64),))
    chrysalide = update(Organisation).where(Organisation.id == world.organisations["chrysalide"])
    session.execute(chrysalide.values(status="suspended"))
    with pytest.raises(Invalid) as suspended:
        send(session, world)
    assert suspended.value.field == "recipient"
    session.execute(chrysalide.values(status="admitted"))
    own = world.viewer("chrysalide")
    with pytest.raises(Invalid) as oneself:
        services.submit_referral(session, world.keyring, own, submission(world), clock=CLOCK, now=NOW)
    assert oneself.value.field == "recipient"


def test_after_acceptance_every_choice_is_of_a_closed_list_and_written_down(session, world):
    """An adolescent is never code 3; the first attempt and the first contact stay the first ones."""
    given = consent(world, age_band=AgeBand.FROM_14_TO_17)
    code = accepted(session, world, age_band=AgeBand.FROM_14_TO_17.value, consents=(given,)).code
    worker, hour = world.viewer("chrysalide"), timedelta(hours=1)
    for act, choices, field in (
        (services.set_priority, (3, "clinical_judgement"), "priority"),
        (services.set_priority, (2, ""), "priority"),
        (services.set_priority, (2, "zz"), "reason"),
        (services.log_attempt, ("zz", "phone"), "result"),
        (services.log_attempt, ("missed", "zz"), "channel"),
        (services.close_referral, ("zz",), "outcome"),
    ):
        with pytest.raises(Invalid) as refused:
            act(session, worker, code, *choices, NOW)
        assert refused.value.field == field, (act, choices)
    services.set_priority(session, worker, code, 2, "clinical_judgement", NOW)
    for hours, result in enumerate(("missed", "missed", "reached", "reached"), 1):
        services.log_attempt(session, worker, code, result, "phone", NOW + hours * hour)
        row = session.execute(select(Referral.first_attempt_at, Referral.first_contact_at)).one()
        assert tuple(row) == (NOW + hour, NOW + 3 * hour if hours > 2 else None)
    services.copy_for_our_record(session, world.keyring, worker, code, NOW)
    late = NOW + timedelta(days=91)
    with pytest.raises(ConsentMissing):  # nobody calls her on an agreement that ended; she may always call
        services.log_attempt(session, worker, code, "missed", "phone", late)
    services.log_attempt(session, worker, code, "she_called", "phone", late)
    lines = session.execute(select(JournalEntry.line).order_by(JournalEntry.position)).scalars().all()
    noted = [json.loads(line)["action"].removeprefix("referral.") for line in lines]
    assert noted[-7:] == ["priority", *["attempt"] * 4, "copy", "attempt"]
    assert session.execute(select(ReferralPreview.referral_id)).all() != []
    services.close_referral(session, worker, code, "served", late)
    assert session.execute(select(ReferralPreview.referral_id)).all() == []


def test_her_word_is_shown_to_its_author_alone_and_that_is_journaled(session, world):
    author, colleague = world.viewer("hopital"), world.viewer("hopital", 1)
    sent = services.submit_referral(session, world.keyring, author, submission(world), clock=CLOCK, now=NOW)
    keep_receipt(session, author, sent.code, WORD)
    shown = [open_receipt(session, world.keyring, who, sent.code, NOW).word for who in (colleague, author)]
    assert shown == ["", WORD]
    lines = session.execute(select(JournalEntry.line)).scalars()
    assert [json.loads(line)["action"] for line in lines].count("referral.receipt_read") == 1


def test_a_draft_is_its_authors_and_expires(session, world):
    police = world.viewer("police")
    services.save_draft(session, world.keyring, police, "form-cccccccc", {"first_name": "Maïka"}, NOW)
    saved = services.save_draft(session, world.keyring, police, "form-cccccccc", {"first_name": "M."}, NOW)
    assert saved.version == 2
    assert services.open_draft(session, world.keyring, police, "form-cccccccc", NOW).content == {"first_name": "M."}
    assert services.latest_draft(session, world.keyring, police, NOW).key == "form-cccccccc"
    assert services.open_draft(session, world.keyring, world.viewer("police", 1), "form-cccccccc", NOW) is None
    assert services.open_draft(session, world.keyring, police, "form-cccccccc", NOW + timedelta(days=7)) is None
    services.discard_draft(session, world.viewer("police", 1), "form-cccccccc", NOW)
    with pytest.raises(DraftTooLarge):
        services.save_draft(session, world.keyring, police, "form-cccccccc", {"note": "a" * 65_536}, NOW)
    for key in ("court", "avec une espace", "é" * 12):
        with pytest.raises(Invalid):
            services.save_draft(session, world.keyring, police, key, {}, NOW)
    assert services.open_draft(session, world.keyring, police, "form-cccccccc", NOW).content == {"first_name": "M."}
    sent = send(session, world, key="form-cccccccc")
    assert services.open_draft(session, world.keyring, police, "form-cccccccc", NOW) is None
    with pytest.raises(Invalid):
        services.save_draft(session, world.keyring, police, "form-cccccccc", {"first_name": "M."}, NOW)
    assert sent.created


def test_the_buttons_come_from_the_table(session, world):
    sent = send(session, world)
    page = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert {Command.ACCEPT, Command.ASK, Command.DECLINE, Command.CLAIM, Command.WITHDRAW} <= page.commands
    assert not page.commands & {Command.RETRACT, Command.CLOSE, Command.TRANSFER}
