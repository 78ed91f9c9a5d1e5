"""Consents: append-only versions, the exact wording kept, refusals, renewals, and what never enters."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.consent import rules, wordings
from core.consent.models import Consent, ConsentVersion, ConsentWording
from core.consent.queries import consent_facts, consent_page, facts_of_case
from core.consent.rules import AgeBand, Block, ConsentStatus, GivenBy, Interpreter, Modality
from core.consent.services import (
    ConsentInput,
    ConsentMissing,
    Invalid,
    Stopped,
    check_consent,
    end_consents,
    refuse_consent,
    renew_consent,
    resume_consents,
)
from core.kernel.errors import Stale
from core.referrals import services
from core.referrals.models import Referral
from core.referrals.services.clockwork import mark_expired_consents
from tests.support.referrals import NOW, accepted, build, consent, send


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def consent_of(session, code):
    return session.execute(select(Referral.consent_id).where(Referral.code == code)).scalar_one()


def test_a_consent_keeps_the_exact_text_it_was_given_on(session, world):
    sent = send(session, world)
    page = consent_page(session, consent_of(session, sent.code))
    stored = session.execute(select(ConsentWording)).scalar_one()
    assert (page.wording_text, page.wording_sha256) == (stored.text, stored.sha256)
    assert page.wording_sha256 == wordings.current_wording("reference", "fr").sha256
    assert (page.discloser_name, page.recipient_name) == ("Police", "Chrysalide")
    assert page.expires_at - page.granted_at == timedelta(days=90)
    assert set(page.attestation) == {item.value for item in rules.Attestation}


def test_a_changed_word_is_another_wording():
    first = wordings.Wording("reference", "2026-11", "fr", "J’accepte.")
    assert first.sha256 != wordings.Wording("reference", "2026-11", "fr", "J’accepte !").sha256
    assert first.sha256 != wordings.Wording("reference", "2026-12", "fr", "J’accepte.").sha256
    for purpose in ("reference", "transfer", "hand_back", "ask_both"):
        french, english = (wordings.current_wording(purpose, locale) for locale in ("fr", "en"))
        assert french.text != english.text
        assert wordings.is_current(purpose, french.sha256)
        assert wordings.is_current(purpose, english.sha256)
        assert not wordings.is_current("none", french.sha256)


def test_a_consent_begins_no_later_than_now_lasts_ninety_days_at_most_and_asks_for_blocks_of_its_purpose():
    given = ConsentInput(
        UUID(int=1),
        frozenset({"contact"}),
        AgeBand.ADULT,
        wordings.current_wording("reference", "fr").sha256,
        frozenset(item.value for item in rules.Attestation),
    )
    week, year = timedelta(days=7), timedelta(days=365)
    for changes, days in (({}, 90), ({"valid_until": NOW + year}, 90), ({"valid_until": NOW + week}, 7)):
        assert check_consent("reference", replace(given, **changes), NOW) == (NOW, NOW + timedelta(days=days))
    # The clock of a phone that was off may be ahead of ours: nothing is granted from tomorrow for that.
    ahead = replace(given, obtained_at=NOW + timedelta(minutes=3))
    assert check_consent("reference", ahead, NOW) == (NOW, NOW + timedelta(days=90))
    for passed in ({"obtained_at": NOW - timedelta(days=91)}, {"obtained_at": NOW - week, "valid_until": NOW}):
        with pytest.raises(ConsentMissing) as refused:
            check_consent("reference", replace(given, **passed), NOW)
        assert refused.value.reason == "expired"
    for purpose, blocks, field in (
        ("reference", {"contact", Block.THREAD.value}, "blocks"),
        ("none", {"contact"}, "purpose"),
    ):
        with pytest.raises(Invalid) as wrong:
            check_consent(purpose, replace(given, blocks=frozenset(blocks)), NOW)
        assert wrong.value.field == field


def test_every_change_is_a_new_version(session, world):
    sent = accepted(session, world)
    consent_id = consent_of(session, sent.code)
    services.reconfirm_with_her(session, world.viewer("chrysalide"), sent.code, NOW)
    later = NOW + timedelta(days=100)
    with pytest.raises(ConsentMissing):
        services.reconfirm_with_her(session, world.viewer("chrysalide"), sent.code, later)
    renewed = renew_consent(session, world.viewer("chrysalide"), consent_id, consent(world, obtained_at=later), later)
    assert (renewed.version, renewed.expires_at) == (3, later + timedelta(days=90))
    case_id = session.execute(select(Consent.case_id)).scalar_one()
    end_consents(session, case_id, ConsentStatus.SUSPENDED, later)
    resume_consents(session, case_id, later)
    end_consents(session, case_id, ConsentStatus.WITHDRAWN, later)
    history = session.execute(
        select(ConsentVersion.version, ConsentVersion.status).order_by(ConsentVersion.version)
    ).all()
    assert [tuple(row) for row in history] == [
        (1, "active"),
        (2, "active"),
        (3, "active"),
        (4, "suspended"),
        (5, "active"),
        (6, "withdrawn"),
    ]
    with pytest.raises(ConsentMissing):
        renew_consent(session, world.viewer("chrysalide"), consent_id, consent(world, obtained_at=later), later)


def test_a_renewal_says_everything_again_the_age_rules_in_force_included(session, world, monkeypatch):
    """Only her reconfirmation stays from before: a version is read without the one it follows."""
    sent = accepted(session, world)
    services.reconfirm_with_her(session, world.viewer("chrysalide"), sent.code, NOW)
    monkeypatch.setattr(rules, "AGE_RULES", replace(rules.AGE_RULES, version="2099-01"))
    later = NOW + timedelta(days=1)
    how = {"modality": Modality.WRITTEN, "interpreter": Interpreter.PROFESSIONAL, "on_paper": True, "language": "en"}
    again = consent(world, blocks=frozenset({"contact"}), obtained_at=later, **how)
    renew_consent(session, world.viewer("chrysalide", 3), consent_of(session, sent.code), again, later)
    first, *_, last = session.execute(select(ConsentVersion.__table__).order_by(ConsentVersion.version)).all()
    changed = {name for name, value in last._mapping.items() if value != getattr(first, name)}
    assert changed == {
        "version",
        "blocks",
        "age_rules",
        "language",
        "interpreter",
        "modality",
        "on_paper",
        "attested_by",
        "attested_in",
        "granted_at",
        "expires_at",
        "recorded_at",
        "reconfirmed_at",
    }
    assert (last.age_rules, last.blocks, last.attested_by) == (
        "2099-01",
        ["contact"],
        world.viewer("chrysalide", 3).user_id,
    )
    assert (last.modality, last.interpreter) == ("written", "professional")


def test_a_renewal_cannot_change_the_recipient(session, world):
    sent = accepted(session, world)
    with pytest.raises(ConsentMissing) as refused:
        renew_consent(
            session,
            world.viewer("chrysalide"),
            consent_of(session, sent.code),
            consent(world, "coup_de_coeur"),
            NOW,
        )
    assert refused.value.reason == "recipient"


def test_saying_no_is_recorded_without_anything_about_her(session, world):
    facts = refuse_consent(
        session, world.keyring, world.viewer("police"), purpose="reference", given=consent(world), now=NOW
    )
    stored = consent_facts(session, facts.id)
    assert (stored.status, stored.blocks) == (ConsentStatus.REFUSED, frozenset())
    decision = rules.may_share([stored], "reference", stored.recipient, ["contact"], NOW)
    assert (decision.allowed, decision.reason) == (False, "refused")
    assert session.execute(select(Referral.id)).all() == []
    other = consent(world, wording_sha256="0" * 64)
    with pytest.raises(Stale):
        refuse_consent(session, world.keyring, world.viewer("police"), purpose="reference", given=other, now=NOW)


def test_a_relative_is_refused_by_the_form_and_by_the_database(session, world):
    with pytest.raises(Invalid) as refused:
        send(session, world, consents=(consent(world, interpreter=Interpreter.RELATIVE),))
    assert refused.value.field == "interpreter"
    send(session, world)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(ConsentVersion).values(interpreter="relative"))


@pytest.mark.parametrize(
    ("band", "giver", "suspected"),
    [
        (AgeBand.UNDER_12, GivenBy.PARENTAL_AUTHORITY, False),
        (AgeBand.FROM_12_TO_13, GivenBy.HERSELF, False),
        (AgeBand.FROM_12_TO_13, GivenBy.PARENTAL_AUTHORITY, True),
    ],
)
def test_the_form_stops_and_the_database_stays_empty(session, world, band, giver, suspected):
    given = consent(world, age_band=band, given_by=giver, giver_suspected=suspected)
    danger = consent(world, immediate_danger=True)
    for who, stopped in ((band, given), (danger.age_band, danger)):
        with pytest.raises(Stopped):
            send(session, world, age_band=who.value, consents=(stopped,))
    for model in (Consent.id, ConsentVersion.consent_id, Referral.id):
        assert session.execute(select(model)).all() == []


def test_from_fourteen_a_parent_is_not_enough(session, world):
    given = consent(world, age_band=AgeBand.FROM_14_TO_17, given_by=GivenBy.PARENTAL_AUTHORITY)
    with pytest.raises(Invalid) as refused:
        send(session, world, age_band="14_17", consents=(given,))
    assert refused.value.field == "given_by"
    send(session, world, age_band="14_17", consents=(consent(world, age_band=AgeBand.FROM_14_TO_17),))


def test_a_text_that_changed_since_the_form_was_drawn_is_told(session, world):
    english = wordings.current_wording("reference", "en").sha256
    send(session, world, consents=(consent(world, wording_sha256=english, language="en"),))
    with pytest.raises(Stale):
        send(session, world, consents=(consent(world, purpose="transfer"),))


def test_one_consent_per_recipient(session, world):
    sent = send(session, world)
    case_id = session.execute(select(Referral.case_id).where(Referral.code == sent.code)).scalar_one()
    (facts,) = facts_of_case(session, case_id)
    for other in ("coup_de_coeur", "maison", "police"):
        assert not rules.may_share([facts], "reference", world.organisations[other], ["contact"], NOW).allowed


def test_a_consent_that_ended_by_itself_says_so_and_can_be_renewed(session, world):
    sent = accepted(session, world)
    consent_id = consent_of(session, sent.code)
    assert mark_expired_consents(session, NOW + timedelta(days=89)) == 0
    end = NOW + timedelta(days=90)
    assert mark_expired_consents(session, end) == 1
    assert mark_expired_consents(session, end) == 0
    assert consent_facts(session, consent_id).status is ConsentStatus.EXPIRED
    services.renew_with_her(session, world.viewer("chrysalide"), sent.code, consent(world, obtained_at=end), end)
    page = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, end)
    assert len(page.blocks) == 4
    # One that had ended by itself is withdrawn like any other: nobody may renew it afterwards.
    mark_expired_consents(session, end + timedelta(days=90))
    services.withdraw_case(session, world.keyring, world.viewer("maison"), sent.code, end + timedelta(days=91))
    assert consent_facts(session, consent_id).status is ConsentStatus.WITHDRAWN
