"""Priority codes, first-contact clock and routing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.referrals.rules import clocks, vocabulary
from core.referrals.rules.clocks import ClockKind, ClockSettings, ClockState, ClockStep
from core.referrals.rules.priority import (
    exploitation_priority,
    override_allowed,
    suggest_priority,
)
from core.referrals.rules.routing import Candidate, explain, route

START = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
SETTINGS = ClockSettings()


@pytest.mark.parametrize(
    "fact",
    [
        "assault_under_year",
        "post_traumatic_signs",
        "high_distress",
        "suicidal_thoughts",
        "basic_needs_unmet",
        "violence_ongoing",
    ],
)
def test_any_one_fact_makes_code_1(fact):
    assert suggest_priority([fact, "distress_stable"], "25_34").code == 1
    assert suggest_priority([fact], "25_34").reasons == (fact,)


def test_code_2_needs_its_three_facts():
    facts = ["no_earlier_step", "distress_stable", "network_present"]
    assert suggest_priority(facts, "25_34").code == 2
    for missing in facts:
        assert suggest_priority([fact for fact in facts if fact != missing], "25_34").code is None
    # A second request is not a first step: it never makes code 2.
    assert suggest_priority([*facts, "second_request"], "25_34").code == 3


def test_code_3_is_never_an_adolescents():
    facts = ["second_request", "network_present"]
    assert suggest_priority(facts, "25_34").code == 3
    assert suggest_priority([*facts, "network_inadequate"], "25_34").code is None
    for band in ("12_13", "14_17"):
        suggestion = suggest_priority(facts, band)
        assert suggestion.code is None
        assert "adolescent_never_3" in suggestion.reasons
        assert override_allowed(3, band, "clinical_judgement")


@given(st.sets(st.sampled_from(sorted(vocabulary.FACTS))), st.sampled_from(sorted(vocabulary.AGE_BANDS)))
def test_no_set_of_facts_makes_an_adolescent_code_3(facts, band):
    suggestion = suggest_priority(facts, band)
    assert suggestion.reasons
    assert not (suggestion.code == 3 and band in ("12_13", "14_17"))
    assert suggestion == suggest_priority(sorted(facts), band)


def test_override_needs_a_reason_and_a_real_code():
    assert override_allowed(1, "25_34", None)
    assert override_allowed(7, "25_34", "clinical_judgement")
    assert override_allowed(None, "25_34", "clinical_judgement") is None


def test_exploitation_is_a_priority_by_any_criterion_and_never_asks_that_she_want_out():
    assert not exploitation_priority([], "staying_out", "25_34").priority
    assert exploitation_priority([], "still_in", "25_34").reasons == ("still_in",)
    assert exploitation_priority(["ambivalent"], "prefers_not_to_say", "25_34").priority
    assert exploitation_priority([], "prefers_not_to_say", "14_17").reasons == ("adolescent",)
    assert not exploitation_priority(["no_services"], "not_concerned", "14_17").priority


def test_the_delay_that_applies():
    urgent = clocks.plan_clock(SETTINGS, START, urgent=True, from_designated_centre=True)
    assert (urgent.kind, urgent.due - START) == (ClockKind.URGENT, timedelta(hours=24))
    hospital = clocks.plan_clock(SETTINGS, START, urgent=False, from_designated_centre=True)
    assert (hospital.kind, hospital.due - START) == (ClockKind.DESIGNATED_CENTRE, timedelta(hours=48))
    usual = clocks.plan_clock(SETTINGS, START, urgent=False, from_designated_centre=False)
    assert usual.due - START == timedelta(days=5)
    assert usual.at(0.5) == START + timedelta(hours=60)


def read(hours, **changes):
    values = {"first_contact": None, "attempted": False, "ended": False} | changes
    return clocks.read_clock(START, START + timedelta(hours=24), START + timedelta(hours=hours), **values)


def test_the_clock_in_its_states():
    assert read(11).state is ClockState.RUNNING
    assert read(12).state is ClockState.HALF
    assert read(13, attempted=True).state is ClockState.ATTEMPTED
    assert read(24).state is ClockState.LATE
    assert read(30).remaining == timedelta(hours=-6)
    assert read(30, first_contact=START + timedelta(hours=20)).state is ClockState.MET
    assert read(30, ended=True).state is ClockState.STOPPED
    assert read(25, attempted=True).state is ClockState.LATE, "a call without an answer does not hide a late one"


def steps(hours, done=(), on_call=True):
    return clocks.due_steps(
        SETTINGS, START, START + timedelta(hours=24), START + timedelta(hours=hours), done, on_call=on_call
    )


def test_reminder_at_half_then_escalation_in_widening_circles():
    assert steps(11.9) == ()
    assert steps(12) == (ClockStep.REMIND,)
    assert steps(13, {"remind"}) == ()
    assert steps(24, {"remind"}) == (ClockStep.ON_CALL, ClockStep.TELL_SENDER)
    assert steps(30, {"remind", "on_call", "tell_sender"}) == (ClockStep.COORDINATION,)
    assert steps(36, {"remind", "on_call", "tell_sender", "coordination"}) == (ClockStep.NETWORK,)
    assert steps(500, {step.value for step in ClockStep}) == ()


def test_nobody_on_call_means_coordination_at_once():
    assert steps(24, {"remind"}, on_call=False) == (ClockStep.TELL_SENDER, ClockStep.COORDINATION)


def test_after_a_long_stop_nothing_is_lost_and_no_late_reminder_is_sent():
    assert steps(100) == (ClockStep.ON_CALL, ClockStep.TELL_SENDER, ClockStep.COORDINATION, ClockStep.NETWORK)


A, B, C = (UUID(int=number) for number in (1, 2, 3))


def calacs(identifier, name, **more):
    return Candidate(identifier, name, **more)


def test_the_municipality_rule_decides_first():
    answer = route(
        "Repentigny",
        [B],
        [calacs(A, "Coup de cœur", capacity="open"), calacs(B, "La Chrysalide", capacity="full")],
        territory_known=True,
    )
    assert answer.recipients == (B,)
    assert answer.others == (A,)
    assert "desservi par La Chrysalide" in explain(answer.explanation[0])
    assert any(reason.code == "all_full" for reason in answer.explanation)


def test_an_unknown_territory_asks_both_without_identity():
    answer = route(
        "Saint-Jacques", [A, B], [calacs(A, "Coup de cœur"), calacs(B, "La Chrysalide")], territory_known=False
    )
    assert answer.ask_both
    assert set(answer.recipients) == {A, B}
    assert "sans identité" in explain(answer.explanation[0])


def test_capacity_then_rotation():
    answer = route(
        "X", [A, B], [calacs(A, "a", capacity="full"), calacs(B, "b", capacity="open")], territory_known=True
    )
    assert answer.recipients == (B,)
    turn = route(
        "X",
        [A, B],
        [
            calacs(A, "a", capacity="open", last_received=START),
            calacs(B, "b", capacity="open", last_received=START - timedelta(days=2)),
        ],
        territory_known=True,
    )
    assert turn.recipients == (B,)
    assert any(reason.code == "rotation" for reason in turn.explanation)


def test_who_never_received_comes_first_and_age_is_looked_at():
    both = {"territory_known": True}
    turn = route("X", [A, B], [calacs(A, "a", last_received=START), calacs(B, "b")], **both)
    assert turn.recipients == (B,)
    young = route("X", [A, B], [calacs(A, "a", age_min=14), calacs(B, "b", age_min=12)], age=12, **both)
    assert (young.recipients, young.others) == ((B,), ())


def test_an_excluded_organisation_is_never_proposed():
    answer = route("X", [A], [calacs(A, "a"), calacs(B, "b")], territory_known=True, excluded=frozenset({A}))
    assert A not in answer.recipients
    assert A not in answer.others
    assert any(reason.code == "restricted" for reason in answer.explanation)


def test_nobody_fits_is_said_and_not_silent():
    answer = route("X", [A], [calacs(A, "a", audiences=frozenset({"women"}))], territory_known=True, audience="men")
    assert answer.recipients == ()
    assert answer.explanation[-1].code == "nobody"


def test_every_explanation_can_be_put_in_words():
    answer = route(
        "X", [A, B], [calacs(A, "a", capacity="waitlist"), calacs(B, "b", capacity="full")], territory_known=False
    )
    assert all(explain(reason) for reason in answer.explanation)
