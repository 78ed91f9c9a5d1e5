"""Consent taken back: by a partner with her, by herself, while others read; and what is left."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.access.viewer import Role
from core.consent.models import Consent, ConsentVersion
from core.consent.services import Invalid
from core.journal.models import JournalEntry
from core.kernel.errors import Forbidden, Missing
from core.kernel.events import OutboxEvent
from core.referrals import services
from core.referrals.models import (
    BlockSeal,
    DuplicateKey,
    EscrowSeal,
    Referral,
    ReferralBlock,
    ReferralCase,
    ReferralEntry,
    ReferralPreview,
)
from core.referrals.queries import lists
from core.referrals.rules.visibility import SenderStatus
from core.referrals.rules.workflow import State
from core.referrals.services.clockwork import finish_withdrawals
from core.reports.models import ReportFact
from tests.support.referrals import NOW, PHONE, WORD, accepted, build, send


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def count(session, model):
    return session.execute(select(func.count()).select_from(model)).scalar_one()


def acts(session):
    """What the journal says was done, in order."""
    lines = session.execute(select(JournalEntry.line).order_by(JournalEntry.position)).scalars()
    return [json.loads(line)["action"].removeprefix("referral.") for line in lines]


def heard(session, kind):
    return len(session.execute(select(OutboxEvent.id).where(OutboxEvent.kind == f"referral.{kind}")).all())


def test_any_partner_with_her_withdraws_the_whole_case(session, world):
    sent = accepted(session, world)
    worker = world.viewer("chrysalide")
    services.amend_block(session, world.keyring, worker, sent.code, "contact", {"phone": PHONE}, "safer", NOW)
    told = session.execute(select(ReferralEntry.kind, ReferralEntry.ciphertext).order_by(ReferralEntry.id)).all()
    assert any(words is not None for _, words in told)
    services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, NOW)
    assert count(session, BlockSeal) == count(session, ReferralBlock) == count(session, ReferralPreview) == 0
    left = session.execute(select(ReferralEntry.kind, ReferralEntry.ciphertext).order_by(ReferralEntry.id)).all()
    assert left[: len(told)] == [(kind, None) for kind, _ in told], "what was done stays, without a word"
    assert count(session, DuplicateKey) == 0
    ended = session.execute(select(Referral.end_reason, Referral.claimed_by, Referral.responsible)).one()
    assert tuple(ended) == (None, None, False)
    assert (heard(session, "closed"), heard(session, "withdrawn")) == (1, 1)  # screens, then what plugins keep
    assert session.execute(select(ReportFact.outcome)).scalars().all() == ["withdrawn"]
    with pytest.raises(Missing):
        services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    status = services.open_referral(session, world.keyring, world.viewer("police"), sent.code, NOW)
    assert status.sender_status.status is SenderStatus.CLOSED
    row = lists.queue(session, world.viewer("chrysalide"), NOW, which="closed").rows[0]
    assert (row.state, row.needs, row.age_band) == (State.CLOSED, (), "")
    assert count(session, JournalEntry) == 4
    statuses = set(
        session.execute(
            select(ConsentVersion.status)
            .join(Consent, Consent.id == ConsentVersion.consent_id)
            .where(ConsentVersion.version == Consent.current_version)
        ).scalars()
    )
    assert statuses == {"withdrawn"}


def test_a_closing_and_a_withdrawal_leave_the_same_list_and_the_same_events(session, world):
    closed, withdrawn = accepted(session, world), accepted(session, world)
    for sent in (closed, withdrawn):
        services.log_attempt(session, world.viewer("chrysalide"), sent.code, "reached", "phone", NOW)
    before = set(session.execute(select(OutboxEvent.id)).scalars())
    services.close_referral(session, world.viewer("chrysalide"), closed.code, "served", NOW)
    services.withdraw_case(session, world.keyring, world.viewer("police"), withdrawn.code, NOW)
    told = {closed.code: set(), withdrawn.code: set()}
    for event in session.execute(select(OutboxEvent)).scalars():
        heard = [topic for topic in event.topics if not topic.endswith("0000-0000-000000000000")]
        if event.id not in before and heard:
            told[event.ref].add((event.kind, tuple(heard)))
    assert told[closed.code] == told[withdrawn.code] != set()
    rows = {row.code: row for row in lists.sent(session, world.viewer("police"), NOW).rows}
    assert rows[closed.code].view == rows[withdrawn.code].view
    received = {row.code: row for row in lists.queue(session, world.viewer("chrysalide"), NOW, which="closed").rows}
    hidden = ("code", "submitted_at", "version", "claimed")
    seen = [{k: v for k, v in vars(received[one.code]).items() if k not in hidden} for one in (closed, withdrawn)]
    assert seen[0] == seen[1]


def test_withdrawing_twice_or_when_closed_is_never_refused(session, world):
    sent = accepted(session, world)
    services.close_referral(session, world.viewer("chrysalide"), sent.code, "served", NOW)
    assert count(session, ReferralBlock) > 0
    assert services.follow(session, world.keyring, sent.code, WORD, NOW).can_withdraw
    for _ in range(2):
        services.withdraw_case(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert count(session, ReferralBlock) == 0


def test_withdrawal_needs_someone_on_the_front_line(session, world):
    sent = accepted(session, world)
    admin = world.viewer("maison", roles=frozenset({Role.ORGANISATION_ADMIN}))
    with pytest.raises(Forbidden):
        services.withdraw_case(session, world.keyring, admin, sent.code, NOW)


def test_herself_cuts_at_once_and_may_undo_for_72_hours(session, world):
    sent = accepted(session, world)
    worker = world.viewer("chrysalide")
    assert services.follow(session, world.keyring, sent.code, WORD, NOW).status == "will_be_reached"
    stopped = services.withdraw_herself(session, world.keyring, sent.code, " Tournesol ", NOW)
    assert (stopped.status, stopped.can_resume) == ("stopped", True)
    assert count(session, BlockSeal) == count(session, DuplicateKey) == 0
    assert count(session, EscrowSeal) > 0
    assert heard(session, "closed") == 1
    # Again, or another way to reach her meanwhile: nothing changes, and her 72 hours are not counted anew.
    again = services.withdraw_herself(session, world.keyring, sent.code, WORD, NOW + timedelta(hours=1))
    assert again == stopped
    assert services.change_contact(session, world.keyring, sent.code, WORD, {"phone": PHONE}, NOW) == stopped
    with pytest.raises(Missing):
        services.open_referral(session, world.keyring, worker, sent.code, NOW)
    assert lists.queue(session, worker, NOW).rows == ()
    back = services.resume_herself(session, world.keyring, sent.code, WORD, NOW + timedelta(hours=71))
    assert back.status == "will_be_reached"
    assert count(session, EscrowSeal) == 0
    assert session.execute(select(ReferralCase.final_at)).scalar_one() is None
    assert heard(session, "consent") == 1
    assert acts(session)[-2:] == ["suspend", "resume"]
    page = services.open_referral(session, world.keyring, worker, sent.code, NOW + timedelta(hours=71))
    assert {block.kind: block.content for block in page.blocks}["contact"]["phone"] == PHONE


def test_after_72_hours_it_is_final(session, world):
    sent = accepted(session, world)
    services.withdraw_herself(session, world.keyring, sent.code, WORD, NOW)
    assert finish_withdrawals(session, NOW + timedelta(hours=71)) == 0
    late = services.resume_herself(session, world.keyring, sent.code, WORD, NOW + timedelta(hours=72))
    assert late.status == "closed"
    assert finish_withdrawals(session, NOW + timedelta(hours=72)) == 1
    assert finish_withdrawals(session, NOW + timedelta(hours=73)) == 0
    assert count(session, EscrowSeal) == count(session, ReferralBlock) == 0
    assert session.execute(select(ReferralCase.escrow_wrapped)).scalar_one() is None
    assert session.execute(select(Referral.state)).scalar_one() == State.WITHDRAWN.value


def test_before_acceptance_too_and_back_to_the_queue(session, world):
    sent = send(session, world)
    services.withdraw_herself(session, world.keyring, sent.code, WORD, NOW)
    police = services.open_referral(session, world.keyring, world.viewer("police"), sent.code, NOW)
    assert (police.blocks, police.preview) == ((), None)
    services.resume_herself(session, world.keyring, sent.code, WORD, NOW)
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    page = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert len(page.blocks) == 4


@pytest.mark.parametrize(("code", "word"), [("R-2222-22", WORD), ("", ""), ("x" * 300, WORD), ("OK", "autre")])
def test_wrong_codes_and_words_answer_alike(session, world, code, word):
    sent = send(session, world)
    for act in (services.follow, services.withdraw_herself, services.resume_herself, services.stop_calls):
        assert act(session, world.keyring, code if code != "OK" else sent.code, word, NOW) is None
    assert services.change_contact(session, world.keyring, code, word, {"phone": "1"}, NOW) is None


def test_without_a_word_nobody_follows(session, world):
    sent = send(session, world, follow_word="")
    assert services.follow(session, world.keyring, sent.code, "", NOW) is None


def test_she_changes_her_safe_contact_before_and_after_acceptance(session, world):
    sent = send(session, world)
    services.change_contact(session, world.keyring, sent.code, WORD, {"way": "will_call"}, NOW)
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    services.change_contact(session, world.keyring, sent.code, WORD, {"phone": "450 555-0177"}, NOW)
    page = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    contact = next(block for block in page.blocks if block.kind == "contact")
    assert (contact.content, contact.version) == ({"phone": "450 555-0177"}, 3)
    amended = [entry for entry in page.entries if entry.kind == "amended"]
    assert [entry.old for entry in amended][-1] == {"way": "will_call"}
    assert {entry.side for entry in amended} == {"herself"}
    with pytest.raises(Invalid):
        services.change_contact(session, world.keyring, sent.code, WORD, {"phone": "4" * 4001}, NOW)
    assert (heard(session, "amended"), acts(session).count("contact_changed")) == (2, 2)


def test_no_more_calls_is_shown_and_the_place_kept(session, world):
    sent = accepted(session, world)
    view = services.stop_calls(session, world.keyring, sent.code, WORD, NOW)
    assert (view.calls_stopped, view.can_withdraw) == (True, True)
    assert (heard(session, "amended"), acts(session)[-1]) == (1, "no_calls")
    assert services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW).no_calls


def test_the_senders_journal_shows_no_withdrawal_once_its_part_is_over(session, world):
    sent = accepted(session, world)
    services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, NOW)
    rows = session.execute(select(JournalEntry.organisation, JournalEntry.line)).all()
    proof = {row.organisation for row in rows if "referral.withdraw" in row.line}
    assert proof == {str(world.organisations["chrysalide"])}
