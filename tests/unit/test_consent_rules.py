"""What a consent lets be shared, and who may give one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.consent import rules
from core.consent.rules import AgeBand, ConsentFacts, ConsentStatus, GivenBy, Help, may_share, who_may_consent

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
POLICE, CHRYSALIDE, COUP_DE_COEUR = (UUID(int=number) for number in (1, 2, 3))


def consent(**changes):
    values = {
        "id": UUID(int=10),
        "purpose": rules.REFERENCE,
        "discloser": POLICE,
        "recipient": CHRYSALIDE,
        "blocks": frozenset({"identity", "contact"}),
        "status": ConsentStatus.ACTIVE,
        "granted_at": NOW - timedelta(hours=1),
        "expires_at": NOW + timedelta(days=90),
    }
    return ConsentFacts(**(values | changes))


def test_nothing_is_shared_without_a_consent():
    decision = may_share([], rules.REFERENCE, CHRYSALIDE, {"identity"}, NOW)
    assert (decision.allowed, decision.permitted_blocks, decision.reason) == (False, frozenset(), "no_consent")


def test_what_was_agreed_is_shared():
    decision = may_share([consent()], rules.REFERENCE, CHRYSALIDE, {"identity", "contact"}, NOW)
    assert decision.allowed
    assert decision.permitted_blocks == {"identity", "contact"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"recipient": COUP_DE_COEUR}, "recipient"),
        ({"purpose": rules.TRANSFER}, "purpose"),
        ({"expires_at": NOW}, "expired"),
        ({"granted_at": NOW + timedelta(seconds=1)}, "not_yet"),
        ({"status": ConsentStatus.WITHDRAWN}, "withdrawn"),
        ({"status": ConsentStatus.SUSPENDED}, "suspended"),
        ({"status": ConsentStatus.REFUSED}, "refused"),
        ({"status": ConsentStatus.REPLACED}, "replaced"),
    ],
)
def test_a_consent_that_does_not_fit_shares_nothing(changes, reason):
    decision = may_share([consent(**changes)], rules.REFERENCE, CHRYSALIDE, {"identity"}, NOW)
    assert (decision.allowed, decision.permitted_blocks, decision.reason) == (False, frozenset(), reason)


def test_a_block_not_agreed_to_stays_closed_and_the_others_are_named():
    decision = may_share([consent()], rules.REFERENCE, CHRYSALIDE, {"identity", "judicial"}, NOW)
    assert (decision.allowed, decision.permitted_blocks, decision.reason) == (False, {"identity"}, "block")


blocks = st.frozensets(st.sampled_from([block.value for block in rules.CONSENT_BLOCKS]))
consents = st.lists(
    st.builds(
        consent,
        id=st.uuids(),
        purpose=st.sampled_from(sorted(rules.purposes())),
        recipient=st.sampled_from([CHRYSALIDE, COUP_DE_COEUR, POLICE]),
        blocks=blocks,
        status=st.sampled_from(ConsentStatus),
        granted_at=st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours)),
        expires_at=st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours)),
    ),
    max_size=6,
)


@given(consents, st.sampled_from(sorted(rules.purposes())), blocks)
def test_every_shared_block_is_backed_by_one_consent_in_force(given_consents, purpose, asked):
    decision = may_share(given_consents, purpose, CHRYSALIDE, asked, NOW)
    in_force = [
        one
        for one in given_consents
        if one.recipient == CHRYSALIDE
        and one.purpose == purpose
        and one.status is ConsentStatus.ACTIVE
        and one.granted_at <= NOW < one.expires_at
    ]
    assert decision.permitted_blocks <= asked
    assert any(decision.permitted_blocks <= one.blocks for one in in_force) or not decision.permitted_blocks
    assert decision.allowed == (decision.reason == "ok")
    if decision.allowed:
        assert decision.permitted_blocks == asked
        assert in_force
    if not in_force:
        assert not decision.allowed


@pytest.mark.parametrize("giver", list(GivenBy))
def test_under_twelve_the_form_stops_and_names_who_can_help(giver):
    decision = who_may_consent(AgeBand.UNDER_12, giver)
    assert (decision.allowed, decision.stop) == (False, True)
    assert {Help.EMERGENCY, Help.YOUTH_PROTECTION, Help.DIRECTORY} <= set(decision.help)


def test_under_fourteen_a_parent_or_tutor_consents_unless_suspected():
    assert who_may_consent(AgeBand.FROM_12_TO_13, GivenBy.PARENTAL_AUTHORITY).allowed
    assert who_may_consent(AgeBand.FROM_12_TO_13, GivenBy.TUTOR).allowed
    alone = who_may_consent(AgeBand.FROM_12_TO_13, GivenBy.HERSELF)
    assert alone.stop
    assert Help.YOUTH_PROTECTION in alone.help
    assert Help.NO_IDENTITY_CONSULTATION in alone.help
    assert who_may_consent(AgeBand.FROM_12_TO_13, GivenBy.PARENTAL_AUTHORITY, giver_suspected=True).stop


def test_from_fourteen_her_own_consent_is_required():
    assert who_may_consent(AgeBand.FROM_14_TO_17, GivenBy.HERSELF).allowed
    parent = who_may_consent(AgeBand.FROM_14_TO_17, GivenBy.PARENTAL_AUTHORITY)
    assert not parent.allowed
    assert not parent.stop
    assert "elle" in parent.reason


CALLS = (Help.EMERGENCY, Help.YOUTH_PROTECTION, Help.NO_IDENTITY_CONSULTATION)
YOUNG = {
    AgeBand.UNDER_12: (frozenset(), True, (*CALLS, Help.DIRECTORY)),
    AgeBand.FROM_12_TO_13: (frozenset({GivenBy.PARENTAL_AUTHORITY, GivenBy.TUTOR}), True, CALLS),
    AgeBand.FROM_14_TO_17: (frozenset({GivenBy.HERSELF}), False, (Help.NO_IDENTITY_CONSULTATION,)),
}
ADULT = (frozenset({GivenBy.HERSELF, GivenBy.TUTOR}), False, ())


@pytest.mark.parametrize("band", list(AgeBand))
def test_who_consents_at_each_age_and_what_a_refusal_shows(band):
    """Network rules §4, whole. Whoever may be implicated never consents; nobody suspects her of herself."""
    may, stops, shown = YOUNG.get(band, ADULT)
    for giver in GivenBy:
        answer = who_may_consent(band, giver)
        told = (False, ()) if giver in may else (stops, shown)
        assert (answer.allowed, answer.stop, answer.help) == (giver in may, *told), giver
        suspected = who_may_consent(band, giver, giver_suspected=True)
        assert suspected.allowed == (giver is GivenBy.HERSELF and giver in may), giver


def test_the_age_rules_are_data_with_a_version():
    """Counsel has still to confirm them: other rules decide otherwise, and a decision says by which it was made."""
    hers = replace(rules.AGE_RULES.rules[2], bands=frozenset(AgeBand))
    other = rules.AgeRules("essai", (hers,))
    for giver in GivenBy:
        decision = who_may_consent(AgeBand.FROM_25_TO_34, giver, rules=other)
        assert (decision.allowed, decision.rules_version) == (giver is GivenBy.HERSELF, "essai")
    assert who_may_consent(AgeBand.UNDER_12, GivenBy.TUTOR).rules_version == rules.AGE_RULES.version


@pytest.mark.parametrize("band", list(AgeBand))
def test_immediate_danger_stops_at_every_age(band):
    decision = who_may_consent(band, GivenBy.HERSELF, immediate_danger=True)
    assert decision.stop
    assert decision.help[0] is Help.EMERGENCY


def test_every_band_has_exactly_one_rule():
    for band in AgeBand:
        assert sum(band in rule.bands for rule in rules.AGE_RULES.rules) == 1


def test_attestation_names_what_is_missing():
    everything = {item.value for item in rules.Attestation}
    assert rules.attestation_missing(everything) == ()
    assert rules.attestation_missing(everything - {"alone"}) == (rules.Attestation.ALONE,)


def test_a_relative_never_translates():
    assert not rules.interpreter_allowed(rules.Interpreter.RELATIVE)
    assert rules.interpreter_allowed(rules.Interpreter.PROFESSIONAL)


def test_a_plugin_purpose_may_not_ask_for_unknown_blocks():
    with pytest.raises(ValueError):
        rules.register_purpose(rules.PurposeRule("essai.but", "But", frozenset({"diary"})))
    with pytest.raises(ValueError):
        rules.register_purpose(rules.PurposeRule(rules.REFERENCE, "Autre", frozenset()))
