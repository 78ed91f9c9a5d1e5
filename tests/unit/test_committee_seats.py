"""Who sits, who stands aside, who is called: seats of committees and of votes."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.committees.rules.seats import (
    Recusals,
    Standing,
    VoteSeat,
    ballot_refusal,
    presiding,
    seat_of,
    seating,
)
from core.committees.rules.terms import TERM_REFUSALS, SeatRole, Term, is_current, overlaps, refusal

APRIL, JUNE, DECEMBER = date(2026, 4, 1), date(2026, 6, 30), date(2026, 12, 31)


def term(role: SeatRole = SeatRole.MEMBER, start: date = APRIL, end: date | None = None, **more: object) -> Term:
    return Term(uuid4(), more.pop("organisation", None) or uuid4(), role, start, end, **more)  # type: ignore[arg-type]


def seat(role: SeatRole = SeatRole.MEMBER, **more: object) -> VoteSeat:
    given_ = {"person": uuid4(), "substitute": None, **more}
    return VoteSeat(uuid4(), uuid4(), role, **given_)  # type: ignore[arg-type]


NOBODY = Recusals()
FIVE = tuple(seat(substitute=uuid4()) for _ in range(5))


def organisations(*seats: VoteSeat) -> Recusals:
    return Recusals(organisations=frozenset(one.organisation_id for one in seats))


def persons(*seats: VoteSeat) -> Recusals:
    return Recusals(people=frozenset(one.person for one in seats if one.person is not None))


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ((APRIL, JUNE), (JUNE, None), True),
        ((APRIL, JUNE), (date(2026, 7, 1), None), False),
        ((APRIL, None), (DECEMBER, None), True),
        ((DECEMBER, None), (APRIL, JUNE), False),
        ((APRIL, DECEMBER), (JUNE, JUNE), True),
    ],
)
def test_terms_share_a_day_both_ends_included(
    first: tuple[date, date | None], second: tuple[date, date | None], shared: bool
) -> None:
    one, other = term(start=first[0], end=first[1]), term(start=second[0], end=second[1])
    assert overlaps(one, other) is shared
    assert overlaps(other, one) is shared


def test_what_a_new_seat_may_not_do() -> None:
    chair, vice = term(SeatRole.CHAIR), term(SeatRole.VICE_CHAIR)
    assert refusal(term(), [chair, vice]) is None
    assert refusal(term(SeatRole.CHAIR), [chair, vice]) == "chair"
    assert refusal(term(SeatRole.VICE_CHAIR), [chair, vice]) == "vice_chair"
    assert refusal(term(organisation=chair.organisation_id), [chair]) == "organisation"
    assert refusal(term(start=JUNE, end=APRIL), []) == "backwards"
    who = uuid4()
    assert refusal(term(person=who, substitute=who), []) == "same_person"
    assert refusal(term(substitute=who), []) == "nobody"
    # The one being changed is not beside itself; one ended by hand holds no day.
    assert refusal(chair, [chair]) is None
    assert refusal(term(SeatRole.CHAIR), [term(SeatRole.CHAIR, over=True)]) is None
    assert {"backwards", "organisation", "chair", "vice_chair", "same_person", "nobody"} == set(TERM_REFUSALS)


def test_a_seat_sits_from_its_first_day_to_its_last() -> None:
    one = term(start=APRIL, end=JUNE)
    assert [is_current(one, day) for day in (date(2026, 3, 31), APRIL, JUNE, date(2026, 7, 1))] == [
        False,
        True,
        True,
        False,
    ]
    assert not is_current(term(over=True), JUNE)


def test_five_seats_of_which_three_are_recused_leave_two() -> None:
    found = seating(FIVE, organisations(*FIVE[:3]))
    assert (found.available, found.needs_alternate) == (2, False)
    assert found.count(Standing.RECUSED) == 3
    # Substitutes of recused people are not called while two seats are left.
    assert seating(FIVE, persons(*FIVE[:3])).count(Standing.CALLED) == 0


def test_below_two_substitutes_are_called_then_an_alternate() -> None:
    called = seating(FIVE, persons(*FIVE[:4]))
    assert (called.available, called.count(Standing.CALLED), called.needs_alternate) == (5, 4, False)
    alone = seating(FIVE, organisations(*FIVE[:4]))
    assert (alone.available, alone.needs_alternate) == (1, True)
    named = seat(alternate=True)
    assert not seating((*FIVE, named), organisations(*FIVE[:4])).needs_alternate
    nobody_free = Recusals(frozenset(one for each in FIVE for one in (each.person, each.substitute) if one))
    assert seating(FIVE, nobody_free).available == 0


def test_vacant_and_lapsed_seats_leave_the_count_unless_their_ballot_is_in() -> None:
    vacant, lapsed, without = seat(person=None), seat(current=False), seat(voting=False)
    found = seating((*FIVE, vacant, lapsed, without), Recusals())
    assert [found.standing[one.id] for one in (vacant, lapsed, without)] == [
        Standing.VACANT,
        Standing.LAPSED,
        Standing.WITHOUT_VOTE,
    ]
    assert found.available == 5
    assert seating((*FIVE, lapsed), Recusals(), {lapsed.organisation_id}).available == 6
    # A recusal takes the ballot away with the seat, lapsed or not.
    assert seating((*FIVE, lapsed), organisations(lapsed), {lapsed.organisation_id}).available == 5


def test_a_recused_chair_gives_way_to_the_vice_chair() -> None:
    chair, vice = seat(SeatRole.CHAIR), seat(SeatRole.VICE_CHAIR)
    seats = (chair, vice, *FIVE)
    assert presiding(seats, Recusals()) is chair
    assert presiding(seats, persons(chair)) is vice
    assert presiding(seats, organisations(chair)) is vice
    assert presiding(seats, organisations(chair, vice)) is None
    gone = VoteSeat(chair.id, chair.organisation_id, SeatRole.CHAIR, chair.person, current=False)
    assert presiding((gone, vice), Recusals()) is vice
    assert presiding((seat(SeatRole.CHAIR, person=None, substitute=uuid4()), vice), Recusals()) is vice


def test_why_a_ballot_is_not_received() -> None:
    first, stranger = FIVE[0], uuid4()
    assert first.person is not None
    assert first.substitute is not None

    def why(user: UUID, recusals: Recusals = NOBODY, seats: tuple[VoteSeat, ...] = FIVE, **more: bool) -> object:
        return ballot_refusal(seats, recusals, user, casting=more.get("casting", False))

    assert why(first.person) is None
    assert why(first.substitute) is None
    assert why(stranger) == "no_seat"
    assert why(first.person, persons(first)) == "recused_person"
    assert why(first.substitute, persons(first)) == "not_called"
    assert why(first.substitute, persons(*FIVE[:4])) is None
    assert why(first.person, persons(*FIVE[:4])) == "recused_person"
    assert why(first.substitute, organisations(first)) == "recused_organisation"
    lapsed = seat(current=False)
    assert lapsed.person is not None
    assert why(lapsed.person, seats=(lapsed, *FIVE)) == "lapsed"
    chair = seat(SeatRole.CHAIR, voting=False, substitute=uuid4())
    assert chair.person is not None
    assert chair.substitute is not None
    assert why(chair.person, seats=(chair, *FIVE)) == "without_vote"
    assert why(chair.person, seats=(chair, *FIVE), casting=True) is None
    assert why(chair.substitute, seats=(chair, *FIVE), casting=True) == "without_vote"
    again = seat(person=lapsed.person)
    assert seat_of((lapsed, again), lapsed.person) is again


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(*(st.booleans() for _ in range(6))), max_size=7),
)
def test_recusals_only_take_away_and_someone_is_always_asked(drawn: list[tuple[bool, ...]]) -> None:
    seats, people, whole = [], set(), set()
    for holder, stand_in, voting, current, person_aside, organisation_aside in drawn:
        one = seat(
            person=uuid4() if holder else None, substitute=uuid4() if stand_in else None, voting=voting, current=current
        )
        seats.append(one)
        if person_aside and one.person is not None:
            people.add(one.person)
        if organisation_aside:
            whole.add(one.organisation_id)
    recusals = Recusals(frozenset(people), frozenset(whole))
    found, free = seating(seats, recusals), seating(seats, Recusals())
    assert found.available <= free.available
    assert found.needs_alternate == (found.available < 2)
    assert len(found.standing) == len(seats)
    for one in seats:
        counts = found.standing[one.id] in (Standing.COUNTED, Standing.CALLED)
        able = [
            user
            for user in (one.person, one.substitute)
            if user is not None and ballot_refusal(seats, recusals, user, casting=False) is None
        ]
        # A seat counts exactly when somebody may put its ballot in.
        assert counts == bool(able)
        assert not (counts and one.organisation_id in whole)
