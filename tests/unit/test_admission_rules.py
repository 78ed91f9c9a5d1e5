"""Admission, invitations and passwords as pure rules: every order, every reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from core.accounts.rules import is_common
from core.accounts.rules.admission import (
    ALREADY_ORGANISATION,
    ALREADY_PERSON,
    NOT_ADMITTED,
    NOT_PENDING,
    NUMBER_GIVEN,
    OWN_ORGANISATION,
    STEPS_FIRST,
    AdmissionFacts,
    ApplicationState,
    Approved,
    Approver,
    CallBack,
    Step,
    admission_state,
    call_back_allowed,
    may_approve,
    may_readmit,
    may_suspend,
)
from core.accounts.rules.invitations import (
    ALPHABET,
    INVITATION_LASTS,
    LENGTH,
    InvitationState,
    invitation_state,
    shown_code,
    typed_code,
)
from core.accounts.services.telephone import normal_number, numbers_in

NOW = datetime(2026, 11, 24, 19, tzinfo=UTC)
NEW, ONE, TWO, THREE = (UUID(int=n) for n in range(1, 5))
ANNE, BEA, CHLOE, DORIS = (UUID(int=n) for n in range(11, 15))
CALL = CallBack("+14505550199", ANNE, NOW)
READY = AdmissionFacts(ApplicationState.PROBATION, NEW, frozenset({"+14505550142"}), CALL, True, True, True, True, ())
UNDONE = {
    Step.CALL_BACK: {"call_back": None},
    Step.AGREEMENT: {"agreement_signed": False},
    Step.OFFICER: {"officer_named": False},
    Step.REGIME: {"regime_set": False},
    Step.ADMIN: {"admin_named": False},
}


def with_approvals(*approvals: Approved) -> AdmissionFacts:
    return replace(READY, approvals=approvals)


@pytest.mark.parametrize("step", UNDONE)
def test_each_step_is_asked_before_any_approval(step: Step) -> None:
    facts = replace(with_approvals(Approved(ANNE, ONE), Approved(BEA, TWO)), **UNDONE[step])
    state = admission_state(facts)
    assert not state.decision.allowed
    assert state.decision.reason == STEPS_FIRST
    assert state.missing == (step,)
    assert may_approve(facts, Approver(CHLOE, THREE, True)).reason == STEPS_FIRST


def test_two_others_admit_and_fewer_do_not() -> None:
    both = (Approved(ANNE, ONE), Approved(BEA, TWO))
    assert admission_state(with_approvals(*both)).decision.allowed
    for approvals in ((), both[:1], both[1:]):
        assert admission_state(with_approvals(*approvals)).missing == (Step.APPROVALS,)


def test_what_counts_whatever_the_order() -> None:
    """One's own organisation, the same one twice, the same person, a suspended one: in no order do they add."""
    counting = Approved(ANNE, ONE)
    worthless = (Approved(BEA, NEW), Approved(CHLOE, ONE), Approved(ANNE, TWO), Approved(DORIS, THREE, admitted=False))
    for order in permutations((counting, *worthless[:2], worthless[3])):
        assert Step.APPROVALS in admission_state(with_approvals(*order)).missing
    for one in worthless:
        assert Step.APPROVALS in admission_state(with_approvals(counting, one)).missing


def test_who_may_approve() -> None:
    given = with_approvals(Approved(ANNE, ONE))
    assert may_approve(given, Approver(BEA, TWO, True)).allowed
    refused = {
        ALREADY_PERSON: Approver(ANNE, TWO, True),
        ALREADY_ORGANISATION: Approver(CHLOE, ONE, True),
        OWN_ORGANISATION: Approver(DORIS, NEW, True),
        NOT_ADMITTED: Approver(BEA, TWO, False),
    }
    for reason, approver in refused.items():
        assert may_approve(given, approver).reason == reason
    for state in ApplicationState:
        if state is not ApplicationState.PROBATION:
            assert may_approve(replace(given, state=state), Approver(BEA, TWO, True)).reason == NOT_PENDING
            assert (
                admission_state(
                    replace(with_approvals(Approved(ANNE, ONE), Approved(BEA, TWO)), state=state)
                ).decision.reason
                == NOT_PENDING
            )


@pytest.mark.parametrize("typed", ["450 555-0142", "(450) 555 0142", "+1 450-555-0142", "4505550142", "1-450-555-0142"])
def test_a_call_back_to_the_number_given_proves_nothing(typed: str) -> None:
    number = normal_number(typed)
    assert number is not None
    given = numbers_in("Écrivez-nous, ou appelez Sacha au 450.555.0142 le matin")
    assert call_back_allowed(number, given).reason == NUMBER_GIVEN
    assert not admission_state(replace(READY, call_back=CallBack(number, ANNE, NOW))).decision.allowed
    assert call_back_allowed(normal_number("450 555-0199"), given).allowed


def test_no_way_round_the_approvals_by_a_suspension() -> None:
    assert may_suspend("admitted", own=False).allowed
    assert not may_suspend("probation", own=False).allowed
    assert not may_suspend("admitted", own=True).allowed
    assert may_readmit("suspended", own=False, was_admitted=True).allowed
    assert not may_readmit("suspended", own=False, was_admitted=False).allowed
    assert not may_readmit("probation", own=False, was_admitted=True).allowed
    assert not may_readmit("suspended", own=True, was_admitted=True).allowed


def test_an_invitation_lasts_72_hours_once() -> None:
    end = NOW + INVITATION_LASTS
    just_before = end - timedelta(seconds=1)
    assert invitation_state(end, None, None, just_before) is InvitationState.PENDING
    assert invitation_state(end, None, None, end) is InvitationState.EXPIRED
    assert invitation_state(end, NOW, None, NOW) is InvitationState.USED
    assert invitation_state(end, None, NOW, NOW) is InvitationState.REVOKED


def test_a_code_is_read_aloud_and_typed_any_way() -> None:
    symbols = ALPHABET[:LENGTH]
    assert shown_code(symbols) == f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"
    for typed in (shown_code(symbols), symbols.lower(), f" {symbols[:4]} {symbols[4:]} "):
        assert typed_code(typed) == symbols
    for wrong in ("", symbols[:-1], symbols + "2", symbols[:-1] + "0", "O" * LENGTH):
        assert typed_code(wrong) is None


def test_passwords_tried_first_are_refused_and_others_are_not() -> None:
    for common in ("motdepasse2026!", "Password123456", "123456789012", "azertyuiop12", "aaaaaaaaaaaa", "Québec2026!!"):
        assert is_common(common), common
    assert is_common("camille.essai1", about=("camille.essai",))
    for fine in ("grenouille-rivière-12", "corridor lune papier", "camille aime les chiens bleus"):
        assert not is_common(fine, about=("camille.essai",)), fine
