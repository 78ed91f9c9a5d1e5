"""What ballots decide: the table of docs/committees.md, then properties that hold for every vote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.committees.rules.amounts import parse_cents
from core.committees.rules.deadlines import deadline_refusal, local_instant, reminder_due
from core.committees.rules.votes import (
    APPROVALS,
    STEPS,
    Cast,
    Choice,
    Method,
    Outcome,
    Result,
    Tally,
    Tie,
    VoteRule,
    approvals_needed,
    decide,
    is_settled,
    quorum_needed,
    supported_amount,
)

Y, N, A = Cast(Choice.YES), Cast(Choice.NO), Cast(Choice.ABSTAIN)
MAJORITY = VoteRule()
CASTING = VoteRule(tie=Tie.CASTING)
ZONE = ZoneInfo("America/Toronto")


def n_of_m(asked: int, **options: object) -> VoteRule:
    return VoteRule(Method.N_OF_M, asked, **options)  # type: ignore[arg-type]


def other(cents: int) -> Cast:
    return Cast(Choice.OTHER, cents)


@pytest.mark.parametrize(
    ("rule", "seats", "ballots", "result"),
    [
        (MAJORITY, 5, [Y, Y, Y], Result.ADOPTED),
        (MAJORITY, 5, [Y, Y, N], Result.ADOPTED),
        (MAJORITY, 5, [Y, N, N], Result.REJECTED),
        (MAJORITY, 5, [Y, Y], Result.NO_QUORUM),
        (MAJORITY, 5, [Y, A, A], Result.REJECTED),  # one approval never decides alone
        (MAJORITY, 5, [Y, Y, A, A, A], Result.ADOPTED),
        (MAJORITY, 4, [Y, Y, N, N], Result.REJECTED),  # a tie is refused unless the rule says otherwise
        (MAJORITY, 3, [A, A, A], Result.REJECTED),
        (MAJORITY, 1, [Y], Result.NO_QUORUM),  # fewer than two seats decide nothing
        (MAJORITY, 0, [], Result.NO_QUORUM),
        (n_of_m(3), 5, [Y, Y, Y], Result.ADOPTED),
        (n_of_m(3), 5, [Y, Y, N, N, N], Result.REJECTED),
        (n_of_m(3), 2, [Y, Y], Result.ADOPTED),  # five seats, three recused: two suffice
        (n_of_m(3), 2, [Y, N], Result.REJECTED),
        (n_of_m(3), 2, [Y], Result.NO_QUORUM),
        (n_of_m(1), 5, [Y, A, A], Result.REJECTED),  # asked for one: still two
        (n_of_m(2), 5, [Y, Y], Result.NO_QUORUM),  # enough approvals, not enough ballots
        (n_of_m(2, quorum=40), 5, [Y, Y], Result.ADOPTED),
        (VoteRule(quorum=100), 3, [Y, Y], Result.NO_QUORUM),
        (VoteRule(quorum=67), 4, [Y, Y], Result.NO_QUORUM),
        (VoteRule(quorum=67), 4, [Y, Y, A], Result.ADOPTED),
    ],
)
def test_results(rule: VoteRule, seats: int, ballots: list[Cast], result: Result) -> None:
    assert decide(rule, Tally(seats), ballots).result is result


@pytest.mark.parametrize(
    ("settling", "result", "step"),
    [
        (Cast(Choice.YES, None, chair=True, counted=False), Result.ADOPTED, "tie_yes"),
        (Cast(Choice.NO, None, chair=True, counted=False), Result.REJECTED, "tie_no"),
        (Cast(Choice.ABSTAIN, None, chair=True, counted=False), Result.REJECTED, "tie_silent"),
        (None, Result.REJECTED, "tie_silent"),
    ],
)
def test_a_chair_without_vote_settles_a_tie_and_nothing_else(settling: Cast | None, result: Result, step: str) -> None:
    extra = [settling] if settling is not None else []
    tied = decide(CASTING, Tally(4), [Y, Y, N, N, *extra])
    assert tied.result is result
    assert step in {one.code for one in tied.steps}
    assert tied.ballots == 4
    assert decide(CASTING, Tally(4), [Y, Y, Y, N, *extra]).result is Result.ADOPTED
    assert decide(CASTING, Tally(4), [Y, N, N, N, *extra]).result is Result.REJECTED
    assert decide(VoteRule(tie=Tie.REFUSED), Tally(4), [Y, Y, N, N, *extra]).result is Result.REJECTED


def test_a_voting_chair_counts_twice_in_a_tie_yet_stays_one_organisation() -> None:
    hers = Cast(Choice.YES, None, chair=True)
    assert decide(CASTING, Tally(4), [hers, Y, N, N]).result is Result.ADOPTED
    # One approval, hers, against one refusal: counted twice, it is still one organisation.
    assert decide(CASTING, Tally(2), [hers, N]).result is Result.REJECTED


def test_the_amount_is_the_highest_that_enough_approvals_support() -> None:
    rule = n_of_m(3, amount=42_000, cap=60_000)
    ballots = [Cast(Choice.YES, 42_000), other(30_000), other(60_000), other(25_000)]
    found = decide(rule, Tally(5), ballots)
    assert (found.result, found.amount) == (Result.ADOPTED, 30_000)
    assert dict(found.steps[-1].values) == {"amount": 30_000, "needed": 3}
    assert decide(rule, Tally(5), [*ballots[:2], N, N]).amount is None
    assert supported_amount([500, 100, 300], 2) == 300


def test_the_arithmetic_says_every_number_of_the_decision() -> None:
    outcome = decide(n_of_m(3), Tally(2, recused=3), [Y, Y])
    said = [(step.code, dict(step.values)) for step in outcome.steps]
    assert said == [
        ("seats", {"all": 5, "recused": 3, "lapsed": 0, "left": 2}),
        ("quorum_met", {"quorum": 2, "ballots": 2}),
        ("count", {"approvals": 2, "refusals": 0, "abstentions": 0}),
        ("needed_fewer", {"asked": 3, "left": 2, "needed": 2}),
        ("reached", {"approvals": 2, "needed": 2}),
    ]
    helped = decide(n_of_m(3), Tally(2, recused=4, called=1, alternates=1), [Y, Y])
    assert [step.code for step in helped.steps][:3] == ["seats", "called", "alternate"]
    assert dict(helped.steps[0].values)["all"] == 5


def test_a_rule_that_means_nothing_is_refused() -> None:
    for wrong in (
        {"quorum": 0},
        {"quorum": 101},
        {"method": Method.N_OF_M},
        {"amount": 0},
        {"amount": 100, "cap": 99},
        {"cap": 5},
    ):
        with pytest.raises(ValueError, match=r"quorum|needs N|amount|cap"):
            VoteRule(**wrong)  # type: ignore[arg-type]


choices = st.sampled_from(list(Choice))
rules = st.builds(
    VoteRule,
    st.sampled_from(Method),
    st.integers(1, 8),
    st.integers(1, 100),
    st.sampled_from(Tie),
    amount=st.sampled_from([None, 20_000]),
)


@st.composite
def votes(draw: st.DrawFn) -> tuple[VoteRule, Tally, list[Cast]]:
    rule = draw(rules)
    seats = draw(st.integers(0, 7))
    said = draw(st.lists(choices, max_size=seats))
    ballots = []
    for choice in said:
        money = rule.amount if choice is Choice.YES else draw(st.integers(1, 20_000))
        ballots.append(Cast(choice, money if choice in APPROVALS and rule.amount else None))
    if ballots and draw(st.booleans()):
        first = ballots[0]
        ballots[0] = Cast(first.choice, first.amount, chair=True)
    return rule, Tally(seats, draw(st.integers(0, 4))), ballots


@settings(max_examples=150, deadline=None)
@given(votes(), st.randoms())
def test_the_order_of_ballots_never_matters(vote: tuple[VoteRule, Tally, list[Cast]], random: object) -> None:
    rule, tally, ballots = vote
    shuffled = list(ballots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(rule, tally, shuffled) == decide(rule, tally, ballots)


@settings(max_examples=200, deadline=None)
@given(votes())
def test_what_every_outcome_respects(vote: tuple[VoteRule, Tally, list[Cast]]) -> None:
    rule, tally, ballots = vote
    found: Outcome = decide(rule, tally, ballots)
    assert all(step.code in STEPS for step in found.steps)
    for step in found.steps:
        assert STEPS[step.code] % dict(step.values)
    if found.result is Result.NO_QUORUM:
        assert tally.available < 2 or len(ballots) < quorum_needed(rule, tally.available)
        return
    assert found.needed >= 2
    approving = [one for one in ballots if one.choice in APPROVALS]
    if rule.method is Method.N_OF_M:
        assert found.needed == max(2, min(rule.asked, tally.available))
        assert (found.result is Result.ADOPTED) == (len(approving) >= found.needed)
    elif found.approvals != found.refusals:
        assert (found.result is Result.ADOPTED) == (found.approvals > found.refusals and found.approvals >= 2)
    if found.result is Result.ADOPTED:
        assert len(approving) >= 2
    if found.amount is not None and rule.method is Method.N_OF_M:
        amounts = [one.amount or 0 for one in approving]
        assert sum(one >= found.amount for one in amounts) >= found.needed
        assert sum(one > found.amount for one in amounts) < found.needed


@settings(max_examples=60, deadline=None)
@given(votes())
def test_settled_means_that_no_ballot_to_come_changes_anything(vote: tuple[VoteRule, Tally, list[Cast]]) -> None:
    """Against every completion, one seat at a time: the rule only tries multisets and extreme amounts."""
    rule, tally, ballots = vote
    left = tally.available - len(ballots)
    if not is_settled(rule, tally, ballots) or left > 3:
        return
    now = decide(rule, tally, ballots)
    said: list[Cast | None] = [None, N, A, Cast(Choice.YES, rule.amount)]
    said += [other(1), other(7_000), other(20_000)] if rule.amount else []
    for more in product(said, repeat=left):
        then = decide(rule, tally, [*ballots, *(one for one in more if one is not None)])
        assert (then.result, then.amount) == (now.result, now.amount)


def test_settled_early_when_the_rest_cannot_matter() -> None:
    assert is_settled(MAJORITY, Tally(5), [N, N, N])
    assert not is_settled(MAJORITY, Tally(5), [Y, Y, N])
    assert is_settled(n_of_m(3), Tally(5), [Y, Y, Y])
    assert not is_settled(n_of_m(3), Tally(5), [Y, Y])
    # Three approvals are in, yet one more could raise the amount.
    assert not is_settled(n_of_m(3, amount=500), Tally(5), [Cast(Choice.YES, 500), other(300), other(200)])
    assert is_settled(n_of_m(3, amount=500), Tally(5), [Cast(Choice.YES, 500)] * 3)
    # Everybody has voted and it is a tie: the chair may still settle it.
    assert not is_settled(CASTING, Tally(4), [Y, Y, N, N])
    assert is_settled(VoteRule(), Tally(4), [Y, Y, N, N])
    assert not is_settled(MAJORITY, Tally(40), [N] * 25)


@pytest.mark.parametrize(
    ("asked", "available", "needed"), [(3, 5, 3), (3, 3, 3), (3, 2, 2), (5, 2, 2), (1, 5, 2), (3, 1, 2), (3, 0, 2)]
)
def test_n_is_never_under_two(asked: int, available: int, needed: int) -> None:
    assert approvals_needed(n_of_m(asked), available) == needed


def test_deadlines_survive_both_changes_of_clocks() -> None:
    # Spring: 2:30 does not exist on 14 March 2027. Autumn: 1:30 comes twice on 1 November 2026, the later one counts.
    found = {
        wall: local_instant(datetime.fromisoformat(wall), ZONE)
        for wall in ("2027-03-14T02:30", "2027-03-14T03:00", "2026-11-01T01:30", "2026-07-01T09:00")
    }
    assert list(found.values()) == [
        None,
        datetime(2027, 3, 14, 7, 0, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
        datetime(2026, 7, 1, 13, 0, tzinfo=UTC),
    ]
    with pytest.raises(ValueError, match="no zone"):
        local_instant(datetime(2026, 7, 1, tzinfo=UTC), ZONE)
    now = datetime(2026, 11, 24, 19, tzinfo=UTC)
    assert deadline_refusal(now + timedelta(minutes=59), now) == "too_soon"
    assert deadline_refusal(now + timedelta(hours=1), now) is None
    assert deadline_refusal(now + timedelta(days=93), now) == "too_late"


def test_reminders_come_once_each_at_half_and_at_nine_tenths() -> None:
    opens = datetime(2026, 11, 24, 19, tzinfo=UTC)
    closes = opens + timedelta(hours=10)

    def due(hours: float, told: int) -> int | None:
        return reminder_due(opens, closes, opens + timedelta(hours=hours), told)

    assert [due(4.9, 0), due(5, 0), due(5, 50), due(8.9, 50), due(9, 50), due(9.5, 90)] == [
        None,
        50,
        None,
        None,
        90,
        None,
    ]
    assert due(9.5, 0) == 90  # both missed: one reminder, not two
    assert due(10, 50) is None


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("420", 42_000),
        ("420,5", 42_050),
        ("1 234,56 $", 123_456),
        ("1\u00a0234.56\u00a0$", 123_456),
        ("$420", 42_000),
        ("0,01", 1),
        ("0", None),
        ("-5", None),
        ("1,123456789012", None),
        ("12 34", None),
        ("1e3", None),
        ("", None),
        ("9999999999", None),
    ],
)
def test_dollars_as_typed(typed: str, cents: int | None) -> None:
    assert parse_cents(typed) == cents
