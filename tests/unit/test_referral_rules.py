"""The state table, reference codes, and what each side may learn."""

from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.consent.rules import SenderMayLearn
from core.referrals import codes
from core.referrals.rules import vocabulary
from core.referrals.rules.visibility import RECEIVER_KINDS, Parties, SenderStatus, audience, sender_view
from core.referrals.rules.workflow import (
    HELD,
    LABELS,
    LIVE,
    PENDING,
    TABLE,
    TERMINAL,
    Actor,
    Command,
    Standing,
    State,
    allowed_commands,
    diagram,
    fits,
    refusal,
    rule_for,
)

SENDER = Standing(sender=True, may_send=True)
RECEIVER = Standing(receiver=True, may_receive=True)


def test_every_pair_is_either_in_the_table_or_explained():
    """One test of 400 pairs: as many tests of one line would cost pytest a hundred times what the lines do."""
    may_all = [Standing(at_origin, not at_origin, *(True,) * 6) for at_origin in (True, False)]
    for state, command in product(State, Command):
        rule = rule_for(state, command)
        if rule is None:
            assert refusal(state, command).endswith("."), (state, command)
            assert not [who for who in may_all if command in allowed_commands(state, who)], (state, command)
        else:
            assert rule.next is None or rule.next in State, (state, command)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_terminal_states_never_reopen(state):
    assert not [command for command in Command if rule_for(state, command)]


def test_every_state_but_the_terminal_ones_can_be_left():
    for state in set(State) - TERMINAL:
        assert any(rule.next != state for (of, _), rule in TABLE.items() if of is state)


@pytest.mark.parametrize("state", sorted(PENDING))
def test_only_the_receiver_accepts_and_never_the_sender(state):
    assert Command.ACCEPT in allowed_commands(state, RECEIVER)
    assert Command.ACCEPT not in allowed_commands(state, SENDER)
    both = Standing(sender=True, receiver=True, may_send=True, may_receive=True)
    assert Command.ACCEPT not in allowed_commands(state, both)
    assert Command.ACCEPT not in allowed_commands(state, Standing(receiver=True, may_receive=False))


def test_the_sender_retracts_until_acceptance_only():
    for state in State:
        assert (Command.RETRACT in allowed_commands(state, SENDER)) == (state in PENDING)


def test_withdrawal_is_open_to_anyone_with_her_in_every_live_state():
    for state in LIVE | {State.SUSPENDED}:
        assert Command.WITHDRAW in allowed_commands(state, Standing(may_withdraw=True))
        assert rule_for(state, Command.WITHDRAW).next is State.WITHDRAWN


def test_nobody_else_has_a_button():
    for state in State:
        assert allowed_commands(state, Standing()) == frozenset()


def test_release_belongs_to_whoever_took_it():
    rule = rule_for(State.SUBMITTED, Command.RELEASE)
    assert not fits(rule, State.SUBMITTED, RECEIVER)
    assert fits(rule, State.SUBMITTED, Standing(receiver=True, may_receive=True, claimed_by_actor=True))


def test_system_commands_are_nobodys_buttons():
    person = Standing(True, False, True, True, True, True, True, False)
    for (state, command), rule in TABLE.items():
        if rule.actor is Actor.SYSTEM:
            assert command not in allowed_commands(state, person)


def test_the_diagram_names_every_transition_that_changes_the_state():
    drawn = diagram()
    for (state, command), rule in TABLE.items():
        if rule.next is not None and rule.next is not state:
            assert f"{state.value} --> {rule.next.value} : {command.value}" in drawn
    assert set(LABELS) == set(State)


@given(st.randoms(use_true_random=False))
def test_codes_are_well_formed_and_survive_being_read_aloud(random):
    code = codes.new_code(random.choice)
    assert len(code) == 9
    assert code.startswith("R-")
    assert not set(code[2:]) & set("01OILU")
    assert codes.normalise(code.lower().replace("-", " ")) == code
    assert codes.normalise(code[2:]) == code


@given(st.randoms(use_true_random=False), st.integers(0, 5), st.sampled_from(codes.ALPHABET))
def test_one_wrong_symbol_is_told(random, place, symbol):
    code = codes.new_code(random.choice)
    symbols = list(code[2:].replace("-", ""))
    if symbols[place] != symbol:
        symbols[place] = symbol
        assert codes.normalise("".join(symbols)) is None


@given(st.randoms(use_true_random=False), st.integers(0, 4))
def test_two_swapped_neighbours_are_told(random, place):
    symbols = list(codes.new_code(random.choice)[2:].replace("-", ""))
    if symbols[place] != symbols[place + 1]:
        symbols[place], symbols[place + 1] = symbols[place + 1], symbols[place]
        assert codes.normalise("".join(symbols)) is None


@pytest.mark.parametrize("text", ["", "R-", "R-7K3M", "R-7K3M-9Q9", "O0I1-LU", "é" * 6, "\x00"])
def test_nonsense_is_no_code(text):
    assert codes.normalise(text) is None


@pytest.mark.parametrize("grant", list(SenderMayLearn))
def test_a_withdrawal_looks_like_any_closing(grant):
    closed = sender_view(State.CLOSED, grant, reached=True)
    for state in (State.WITHDRAWN, State.SUSPENDED, State.HANDED_BACK, State.EXPIRED):
        assert sender_view(state, grant, reached=False) == closed


def test_the_sender_learns_only_what_she_granted():
    assert sender_view(State.IN_PROGRESS, SenderMayLearn.STAGES, reached=True).reached is None
    assert sender_view(State.IN_PROGRESS, SenderMayLearn.REACHED, reached=True).reached is True
    assert sender_view(State.IN_PROGRESS, SenderMayLearn.RECEIVED_ONLY).status is SenderStatus.RECEIVED
    assert sender_view(State.QUESTION, SenderMayLearn.STAGES).question
    assert sender_view(State.NOT_RECEIVED, SenderMayLearn.RECEIVED_ONLY).not_received


ORG_A, ORG_B, ORG_C = (UUID(int=number) for number in (1, 2, 3))


def told(kind, before, after, **changes):
    parties = Parties(**({"sender": ORG_A, "recipient": ORG_B, "grant": SenderMayLearn.STAGES} | changes))
    views = [sender_view(state, parties.grant) if state else None for state in (before, after)]
    return audience(kind, parties, *views)


def test_the_sender_hears_of_questions_and_of_nothing_done_inside():
    assert told("referral.question", State.SUBMITTED, State.QUESTION) == {"referral.question": {ORG_A, ORG_B}}
    assert told("referral.claimed", State.SUBMITTED, State.SUBMITTED) == {"referral.claimed": {ORG_B}}
    assert told("referral.attempt", State.ACCEPTED, State.ACCEPTED) == {"referral.attempt": {ORG_B}}
    assert told("referral.accepted", State.SUBMITTED, State.ACCEPTED) == {
        "referral.accepted": {ORG_B},
        "referral.status": {ORG_A},
    }


@pytest.mark.parametrize("state", sorted(set(State) - PENDING - {State.DRAFT}))
@pytest.mark.parametrize("grant", list(SenderMayLearn))
def test_nothing_done_inside_is_heard_outside_once_accepted(state, grant):
    for kind in RECEIVER_KINDS:
        heard = told(kind, state, state, grant=grant)
        assert not any(ORG_A in organisations for organisations in heard.values()), kind


def test_closing_and_withdrawal_send_the_same():
    closing = told("referral.closed", State.IN_PROGRESS, State.CLOSED)
    assert told("referral.closed", State.IN_PROGRESS, State.WITHDRAWN) == closing
    assert "withdrawn" not in str(closing)


@pytest.mark.parametrize("kind", ["referral.submitted", "referral.accepted", "referral.closed", "referral.clock"])
def test_a_restricted_organisation_hears_nothing(kind):
    for restricted in (ORG_A, ORG_B):
        heard = told(kind, State.SUBMITTED, State.ACCEPTED, restricted=frozenset({restricted}))
        assert not any(restricted in organisations for organisations in heard.values())


def test_only_the_two_sides_are_ever_told():
    for state in State:
        for after in State:
            for kind in ("referral.closed", "referral.clock", "referral.consent", "referral.withdrawn"):
                heard = told(kind, state, after)
                assert not any(ORG_C in organisations for organisations in heard.values())
                assert all(organisations <= {ORG_A, ORG_B} for organisations in heard.values())


def test_every_held_state_is_in_hand():
    assert {State.ACCEPTED, State.IN_PROGRESS} == HELD


def test_forged_codes_are_named():
    assert vocabulary.unknown_codes(["housing", "zzz", "<script>"], vocabulary.NEEDS) == ("<script>", "zzz")
