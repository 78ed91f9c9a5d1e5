"""A referral that goes on: transfer, hand back, sub-referral, asking both, what came by fax."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.access.viewer import Role
from core.consent.models import Consent, ConsentVersion
from core.consent.rules import AgeBand, SenderMayLearn
from core.consent.services import ConsentMissing, Invalid
from core.journal.models import JournalEntry
from core.kernel.errors import Forbidden, Missing
from core.kernel.events import OutboxEvent
from core.referrals import services
from core.referrals.models import BlockSeal, DuplicateKey, EscrowSeal, Referral, ReferralBlock, ReferralDraft
from core.referrals.queries import lists
from core.referrals.rules.visibility import SenderStatus
from core.referrals.rules.vocabulary import Kind
from core.referrals.rules.workflow import Command, State
from core.referrals.services import Onward, send_onward
from core.referrals.services.loading import NotNow
from core.referrals.services.receipt import open_acknowledgement
from core.reports.models import ReportFact
from tests.support.referrals import BLOCKS, CLOCK, NOW, PHONE, WORD, accepted, build, consent, send, submission


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def onward(world, recipient="coup_de_coeur", kind=Kind.TRANSFER, key="onward-aaaaaaaa", **changes):
    given = consent(world, recipient, kind.value, **changes)
    return Onward(key=key, kind=kind, consent=given)


def go_on(session, world, code, what, person="chrysalide"):
    return send_onward(session, world.keyring, world.viewer(person), code, what, clock=CLOCK, now=NOW)


def agreements(session, world):
    """How each organisation's consent stands, by short name."""
    names = {organisation: name for name, organisation in world.organisations.items()}
    current = (ConsentVersion.consent_id == Consent.id) & (ConsentVersion.version == Consent.current_version)
    rows = session.execute(select(Consent.recipient_id, ConsentVersion.status).join(ConsentVersion, current))
    return {names[recipient]: status for recipient, status in rows}


def test_transfer_moves_responsibility_when_the_next_one_accepts(session, world):
    sent = accepted(session, world)
    first, second = world.viewer("chrysalide"), world.viewer("coup_de_coeur")
    moved = go_on(session, world, sent.code, onward(world, sender_may_learn=SenderMayLearn.RECEIVED_ONLY))
    assert go_on(session, world, sent.code, onward(world)).code == moved.code
    with pytest.raises(NotNow):
        go_on(session, world, sent.code, onward(world, key="onward-bbbbbbbb"))
    assert services.open_referral(session, world.keyring, second, moved.code, NOW).blocks == ()
    held = services.open_referral(session, world.keyring, first, sent.code, NOW)
    assert len(held.blocks) == 4
    assert [entry.codes["code"] for entry in held.entries if entry.kind == "onward"] == [moved.code]
    assert lists.case_offers(session, first, sent.code) == ((moved.code, "transfer", "received"),)
    services.accept_referral(session, world.keyring, second, moved.code, NOW)
    page = services.open_referral(session, world.keyring, second, moved.code, NOW)
    assert {block.kind: block.content for block in page.blocks}["contact"]["phone"] == PHONE
    rows = dict(session.execute(select(Referral.code, Referral.responsible)).all())
    assert rows == {sent.code: False, moved.code: True}
    assert set(session.execute(select(Referral.clock_kind)).scalars()) == {"standard"}
    assert agreements(session, world) == {"chrysalide": "replaced", "coup_de_coeur": "active"}
    # She stops it and takes it up again: what another consent replaced does not come back with it.
    services.withdraw_herself(session, world.keyring, sent.code, WORD, NOW)
    assert agreements(session, world) == {"chrysalide": "replaced", "coup_de_coeur": "suspended"}
    services.resume_herself(session, world.keyring, sent.code, WORD, NOW)
    assert agreements(session, world) == {"chrysalide": "replaced", "coup_de_coeur": "active"}
    # Nor does the first one keep anything to open her by, nor to recognise her by.
    for holder in (BlockSeal.organisation_id, DuplicateKey.organisation_id):
        assert set(session.execute(select(holder)).scalars()) == {world.organisations["coup_de_coeur"]}
    left = services.open_referral(session, world.keyring, first, moved.code, NOW)
    assert left.sender_status.status is SenderStatus.RECEIVED
    assert left.blocks == ()
    assert services.open_referral(session, world.keyring, first, sent.code, NOW).blocks == ()
    officer = services.open_referral(session, world.keyring, world.viewer("police"), sent.code, NOW)
    assert officer.sender_status.status is SenderStatus.CLOSED
    with pytest.raises(Missing):
        services.open_referral(session, world.keyring, world.viewer("police"), moved.code, NOW)
    services.withdraw_case(session, world.keyring, world.viewer("police"), sent.code, NOW)
    with pytest.raises(Missing):
        services.open_referral(session, world.keyring, second, moved.code, NOW)


def test_a_transfer_needs_a_consent_that_names_the_next_one(session, world):
    sent = accepted(session, world)
    wrong = onward(world, recipient="chrysalide")
    with pytest.raises(Invalid):
        go_on(session, world, sent.code, wrong)
    other_age = onward(world, age_band=AgeBand.FROM_18_TO_24)
    with pytest.raises(Invalid) as older:
        go_on(session, world, sent.code, other_age)
    assert older.value.field == "age_band"
    expired = onward(world, valid_until=NOW - timedelta(minutes=1))
    with pytest.raises(ConsentMissing):
        go_on(session, world, sent.code, expired)
    fewer = Onward(
        key="onward-cccccccc",
        kind=Kind.TRANSFER,
        consent=consent(world, "coup_de_coeur", "transfer", blocks=frozenset({"contact"})),
        blocks={"identity": {"first_name": "Maïka"}},
    )
    with pytest.raises(ConsentMissing) as refused:
        go_on(session, world, sent.code, fewer)
    assert refused.value.reason == "block"


def test_declined_transfer_changes_nothing_for_the_holder(session, world):
    sent = accepted(session, world)
    moved = go_on(session, world, sent.code, onward(world))
    services.decline_referral(session, world.viewer("coup_de_coeur"), moved.code, "outside_territory", NOW)
    held = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert (held.state, len(held.blocks)) == (State.ACCEPTED, 4)


def test_hand_back_is_an_offer_the_other_way(session, world):
    sent = accepted(session, world)
    with pytest.raises(Invalid):
        go_on(session, world, sent.code, onward(world, "coup_de_coeur", Kind.HAND_BACK))
    back = go_on(session, world, sent.code, onward(world, "police", Kind.HAND_BACK, key="onward-dddddddd"))
    services.accept_referral(session, world.keyring, world.viewer("police"), back.code, NOW)
    states = dict(session.execute(select(Referral.code, Referral.state)).all())
    assert states == {sent.code: State.HANDED_BACK.value, back.code: State.ACCEPTED.value}


def test_sub_referral_leaves_responsibility_where_it_is(session, world):
    sent = accepted(session, world)
    going = onward(world, kind=Kind.REFERENCE, key="onward-eeeeeeee")
    other = go_on(session, world, sent.code, replace(going, urgent=True))
    services.accept_referral(session, world.keyring, world.viewer("coup_de_coeur"), other.code, NOW)
    rows = session.execute(select(Referral.code, Referral.responsible, Referral.clock_kind)).all()
    assert set(map(tuple, rows)) == {(sent.code, True, "standard"), (other.code, False, "urgent")}
    # Sent back to who holds her already: of the same case, she is not somebody who looks like her.
    back = onward(world, "chrysalide", Kind.REFERENCE, key="onward-gggggggg")
    back = go_on(session, world, other.code, back, "coup_de_coeur")
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), back.code, NOW)
    held = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert (len(held.blocks), held.duplicates) == (4, ())


def ask_both(session, world):
    consents = tuple(consent(world, name, "ask_both") for name in ("chrysalide", "coup_de_coeur"))
    return send(session, world, municipality_code="63013", consents=consents)


def test_both_are_asked_without_identity_and_the_first_to_accept_receives(session, world):
    sent = ask_both(session, world)
    first, second = sent.codes
    for name, code in (("chrysalide", first), ("coup_de_coeur", second)):
        page = services.open_referral(session, world.keyring, world.viewer(name), code, NOW)
        assert page.blocks == ()
        assert page.preview.area_label == "Montcalm"
    services.accept_referral(session, world.keyring, world.viewer("coup_de_coeur"), second, NOW)
    with pytest.raises(NotNow):
        services.accept_referral(session, world.keyring, world.viewer("chrysalide"), first, NOW)
    page = services.open_referral(session, world.keyring, world.viewer("coup_de_coeur"), second, NOW)
    assert len(page.blocks) == 4
    assert agreements(session, world) == {"chrysalide": "replaced", "coup_de_coeur": "active"}
    assert set(session.execute(select(ReferralBlock.referral_id)).scalars()) == {
        session.execute(select(Referral.id).where(Referral.code == second)).scalar_one()
    }
    view = services.follow(session, world.keyring, sent.code, WORD, NOW)
    assert view.status == "will_be_reached"


def test_one_declines_the_other_still_may_accept(session, world):
    first, second = ask_both(session, world).codes
    services.decline_referral(session, world.viewer("chrysalide"), first, "outside_territory", NOW)
    services.accept_referral(session, world.keyring, world.viewer("coup_de_coeur"), second, NOW)


def intake(session, world, **changes):
    filled = submission(world, consents=(consent(world, on_paper=True),), **changes)
    return services.enter_received(
        session,
        world.keyring,
        world.viewer("chrysalide"),
        filled,
        channel="fax",
        sender_id=world.organisations["hopital"],
        clock=CLOCK,
        now=NOW,
    )


def test_a_fax_from_the_hospital_has_its_clock_and_stays_closed_until_taken(session, world):
    sent = intake(session, world)
    row = session.execute(select(Referral)).scalar_one()
    assert (row.clock_kind, row.clock_due_at - NOW) == ("designated_centre", timedelta(hours=48))
    worker = world.viewer("chrysalide", 1)
    page = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert (page.blocks, page.channel, page.sender_name) == ((), "fax", "Hopital")
    holders = session.execute(
        select(ReferralBlock.kind, BlockSeal.organisation_id).join(BlockSeal, BlockSeal.block_id == ReferralBlock.id)
    ).all()
    assert [row.kind for row in holders] == ["thread"]
    partner = services.open_referral(session, world.keyring, world.viewer("hopital"), sent.code, NOW)
    assert (partner.blocks, partner.state) == ((), State.SUBMITTED)
    with pytest.raises(Invalid, match="appelez-le"):
        services.ask_sender(session, world.keyring, worker, sent.code, "safe_moment", "", NOW)
    services.accept_referral(session, world.keyring, worker, sent.code, NOW)
    opened = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert {block.kind for block in opened.blocks} == set(BLOCKS)
    assert session.execute(select(EscrowSeal.id)).all() == []
    # The word sent back is the intake's own, and only for what it typed.
    assert open_acknowledgement(session, worker, sent.code).sender_name == "Hopital"
    sent_on = go_on(session, world, sent.code, onward(world)).code
    for who, code in (("hopital", sent.code), ("chrysalide", send(session, world).code), ("chrysalide", sent_on)):
        with pytest.raises(Missing):
            open_acknowledgement(session, world.viewer(who), code)


def test_she_came_by_herself(session, world):
    filled = submission(world)
    sent = services.enter_received(
        session,
        world.keyring,
        world.viewer("chrysalide"),
        filled,
        channel="phone",
        sender_id=None,
        clock=CLOCK,
        now=NOW,
        received_at=NOW - timedelta(hours=3),
    )
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    services.log_attempt(session, world.viewer("chrysalide"), sent.code, "reached", "phone", NOW)
    services.close_referral(session, world.viewer("chrysalide"), sent.code, "served", NOW)
    fact = session.execute(select(ReportFact.origin_type, ReportFact.contact_minutes)).one()
    assert tuple(fact) == ("herself", 180), "she waited since she called, not since somebody typed it"


def test_intake_is_for_ones_own_organisation_from_another_by_paper_or_voice_and_not_from_tomorrow(session, world):
    own, later = world.organisations["chrysalide"], NOW + timedelta(minutes=1)
    for changes, field in (
        ({"viewer": world.viewer("coup_de_coeur")}, "recipient"),
        ({"channel": "platform"}, "channel"),
        ({"sender_id": own}, "sender"),
        ({"received_at": later}, "received_on"),
    ):
        how = {"viewer": world.viewer("chrysalide"), "channel": "fax", "sender_id": None, **changes}
        viewer = how.pop("viewer")
        with pytest.raises(Invalid) as refused:
            services.enter_received(session, world.keyring, viewer, submission(world), clock=CLOCK, now=NOW, **how)
        assert refused.value.field == field
    committee = world.viewer("chrysalide", roles=frozenset({Role.COMMITTEE_MEMBER}))
    with pytest.raises(Forbidden):
        services.enter_received(
            session, world.keyring, committee, submission(world), channel="fax", sender_id=None, clock=CLOCK, now=NOW
        )
    assert session.execute(select(Referral.id)).all() == []


def test_nothing_is_corrected_under_an_expired_consent(session, world):
    sent = send(session, world)
    late = NOW + timedelta(days=91)
    with pytest.raises(ConsentMissing):
        services.amend_preview(session, world.viewer("police"), sent.code, {"needs": ["housing"]}, "correction", late)


def told_and_noted(session, kind, action):
    """How many events of that kind were emitted, and how many lines of the journal say that it was done."""
    events = session.execute(select(OutboxEvent.id).where(OutboxEvent.kind == kind)).all()
    lines = session.execute(select(JournalEntry.line)).scalars()
    return len(events), sum(json.loads(line)["action"] == action for line in lines)


def test_corrections_keep_old_new_and_reason(session, world):
    sent = send(session, world)
    police, worker = world.viewer("police"), world.viewer("chrysalide")
    services.amend_preview(session, police, sent.code, {"needs": ["housing"]}, "correction", NOW)
    services.amend_block(session, world.keyring, police, sent.code, "contact", {"phone": "450 555-0100"}, "safer", NOW)
    with pytest.raises(Forbidden):
        services.amend_preview(session, worker, sent.code, {"needs": ["housing"]}, "correction", NOW)
    for changes in ({}, {"urgent": "yes"}, {"needs": ["zz"]}, {"needs": []}, {"area_code": "x"}):
        with pytest.raises(Invalid):
            services.amend_preview(session, police, sent.code, changes, "correction", NOW)
    page = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert page.preview.needs == ("housing",)
    entry = next(entry for entry in page.entries if "field" in entry.codes)
    assert (entry.codes["old"], entry.codes["new"], entry.codes["reason"]) == (
        ["housing", "support"],
        ["housing"],
        "correction",
    )
    assert [entry.old for entry in page.entries if entry.codes.get("block")] == [None]
    services.accept_referral(session, world.keyring, worker, sent.code, NOW)
    services.amend_block(
        session, world.keyring, worker, sent.code, "contact", {"phone": "450 555-0101"}, "she_asked", NOW
    )
    opened = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    olds = [entry.old for entry in opened.entries if entry.codes.get("block")]
    assert olds == [BLOCKS["contact"], {"phone": "450 555-0100"}]
    assert told_and_noted(session, "referral.amended", "referral.amend") == (3, 3)


def test_a_renewal_with_fewer_blocks_closes_them_at_once(session, world):
    sent = accepted(session, world)
    worker = world.viewer("chrysalide")
    later = NOW + timedelta(days=89)
    narrower = consent(world, blocks=frozenset({"contact", "safety"}), obtained_at=later)
    services.renew_with_her(session, worker, sent.code, narrower, later)
    page = services.open_referral(session, world.keyring, worker, sent.code, later + timedelta(days=30))
    assert {block.kind for block in page.blocks} == {"contact", "safety"}
    assert page.consent.problem is None
    with pytest.raises(ConsentMissing) as closed:
        services.amend_block(session, world.keyring, worker, sent.code, "identity", {"a": "b"}, "correction", later)
    assert closed.value.reason == "block"
    assert told_and_noted(session, "referral.consent", "referral.renew") == (1, 1)


def test_what_she_took_back_before_acceptance_is_destroyed_by_it(session, world):
    sent = send(session, world)
    narrower = consent(world, blocks=frozenset({"contact", "safety"}))
    services.renew_with_her(session, world.viewer("police"), sent.code, narrower, NOW)
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert set(session.execute(select(ReferralBlock.kind)).scalars()) == {"contact", "safety", "thread"}


def test_a_restricted_organisation_never_learns_of_it(session, world):
    sent = accepted(session, world)
    worker = world.viewer("chrysalide")
    services.restrict_organisation(session, worker, sent.code, world.organisations["coup_de_coeur"], "safety", NOW)
    with pytest.raises(Invalid):
        go_on(session, world, sent.code, onward(world))
    with pytest.raises(Invalid):
        services.restrict_organisation(session, worker, sent.code, world.organisations["chrysalide"], "safety", NOW)
    services.restrict_organisation(session, worker, sent.code, world.organisations["police"], "conflict", NOW)
    with pytest.raises(Invalid):
        go_on(session, world, sent.code, onward(world, "police", Kind.HAND_BACK))
    with pytest.raises(Missing):
        services.open_referral(session, world.keyring, world.viewer("police"), sent.code, NOW)
    assert lists.sent(session, world.viewer("police"), NOW).rows == ()
    before = len(session.execute(select(OutboxEvent.id)).all())
    services.close_referral(session, worker, sent.code, "served", NOW)
    topics = [
        topic
        for event in session.execute(select(OutboxEvent).order_by(OutboxEvent.id)).scalars().all()[before:]
        for topic in event.topics
    ]
    assert topics == [f"org:{world.organisations['chrysalide']}"]


def test_perhaps_the_same_person_is_only_for_who_accepted_both(session, world):
    first = accepted(session, world)
    second = send(session, world, blocks={**BLOCKS, "identity": {"first_name": "M."}})
    worker = world.viewer("chrysalide")
    assert services.open_referral(session, world.keyring, worker, first.code, NOW).duplicates == ()
    services.accept_referral(session, world.keyring, worker, second.code, NOW + timedelta(hours=1))
    page = services.open_referral(session, world.keyring, worker, second.code, NOW)
    assert page.duplicates == ((first.code, False),)
    services.join_referrals(session, worker, second.code, first.code, NOW)
    services.log_attempt(session, worker, second.code, "reached", "phone", NOW + timedelta(hours=2))
    joined = services.open_referral(session, world.keyring, worker, first.code, NOW)
    assert (joined.clock.state.value, joined.duplicates) == ("met", ((second.code, True),))
    officer = services.open_referral(session, world.keyring, world.viewer("police"), first.code, NOW)
    assert officer.duplicates == ()
    # The other centre's, the same case sent on, and what is closed: none of them is one she is looked for in.
    elsewhere = send(session, world, "coup_de_coeur")
    other = world.viewer("coup_de_coeur")
    services.accept_referral(session, world.keyring, other, elsewhere.code, NOW)
    assert services.open_referral(session, world.keyring, other, elsewhere.code, NOW).duplicates == ()
    services.close_referral(session, worker, second.code, "served", NOW)
    ended = [services.open_referral(session, world.keyring, worker, one.code, NOW) for one in (first, second)]
    assert [page.duplicates for page in ended] == [(), ()]


def test_what_does_not_look_alike_cannot_be_joined_until_a_correction_makes_it(session, world):
    """Whoever corrects it, herself too; and it is found again once she has taken up what she had stopped."""
    first = accepted(session, world)
    second = accepted(session, world, blocks={"contact": {"phone": "450 555-0199"}})
    worker, word = world.viewer("chrysalide"), (world.keyring, second.code, WORD)

    def alike():
        return services.open_referral(session, world.keyring, worker, first.code, NOW).duplicates

    with pytest.raises(Invalid):
        services.join_referrals(session, worker, first.code, second.code, NOW)
    services.change_contact(session, *word, {"phone": PHONE}, NOW)
    assert alike() == ((second.code, False),)
    services.withdraw_herself(session, *word, NOW)
    assert alike() == ()
    services.resume_herself(session, *word, NOW)
    assert alike() == ((second.code, False),)
    other = {"phone": "450 555-0198"}
    services.amend_block(session, world.keyring, worker, second.code, "contact", other, "correction", NOW)
    assert alike() == ()


def test_the_button_of_a_transfer_is_the_holders(session, world):
    sent = accepted(session, world)
    page = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert {Command.TRANSFER, Command.HAND_BACK, Command.SUB_REFER, Command.COPY} <= page.commands
    officer = services.open_referral(session, world.keyring, world.viewer("police"), sent.code, NOW)
    assert officer.commands <= {Command.WITHDRAW}


def test_she_changes_her_contact_while_a_fax_waits(session, world):
    sent = intake(session, world)
    services.change_contact(session, world.keyring, sent.code, WORD, {"phone": "450 555-0188"}, NOW)
    worker = world.viewer("chrysalide")
    services.accept_referral(session, world.keyring, worker, sent.code, NOW)
    page = services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert {block.kind: block.content for block in page.blocks}["contact"] == {"phone": "450 555-0188"}


def test_without_a_shared_contact_she_is_told_that_nothing_changed(session, world):
    blocks = {"identity": {"first_name": "Maïka"}}
    sent = send(session, world, blocks=blocks, consents=(consent(world, blocks=frozenset(blocks)),))
    with pytest.raises(Invalid):
        services.change_contact(session, world.keyring, sent.code, WORD, {"phone": "450 555-0188"}, NOW)


def drafted(session, world, key, person):
    """A colleague's half-filled form under that key, and its row as it stands."""
    services.save_draft(session, world.keyring, world.viewer("chrysalide", person), key, {"a": "b"}, NOW)
    return session.execute(select(Referral.__table__).where(Referral.idempotency_key == key)).one()


@pytest.mark.parametrize("person", [0, 1], ids=["one's own", "a colleague's"])
def test_the_key_of_a_draft_sends_nothing_on_and_takes_no_draft_over(session, world, person):
    sent = accepted(session, world)
    before = drafted(session, world, "draft-ffffffff", person)
    with pytest.raises(Invalid) as refused, session.begin_nested():
        go_on(session, world, sent.code, onward(world, key="draft-ffffffff"))
    assert refused.value.field == "key"
    assert session.execute(select(Referral.__table__).where(Referral.id == before.id)).one() == before
    assert session.execute(select(ReferralDraft.referral_id)).scalar_one() == before.id


def test_a_colleagues_draft_is_not_sent_as_a_received_request(session, world):
    before = drafted(session, world, "draft-gggggggg", 1)
    with pytest.raises(Invalid) as refused, session.begin_nested():
        intake(session, world, key="draft-gggggggg")
    assert refused.value.field == "key"
    assert session.execute(select(Referral.__table__).where(Referral.id == before.id)).one() == before
    assert session.execute(select(ReferralDraft.referral_id)).scalar_one() == before.id


def test_one_key_goes_on_once_from_one_referral(session, world):
    """The key of an offer made from another referral is refused, not answered with that other one."""
    first, second = accepted(session, world), accepted(session, world)
    moved = go_on(session, world, first.code, onward(world))
    with pytest.raises(Invalid) as refused, session.begin_nested():
        go_on(session, world, second.code, onward(world))
    assert refused.value.field == "key"
    assert go_on(session, world, first.code, onward(world)).code == moved.code
