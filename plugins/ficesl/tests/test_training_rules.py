"""Rules of the catalogue, blocks, seats, names, lists and series."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from uuid import UUID, uuid4

import pytest

from core.api import TORONTO

from ..rules.blocks import Stretch, block_refusal, stretch
from ..rules.catalogue import ModuleFacts, loops, moved, publish_problems
from ..rules.lists import UnreadableList, code_of, read_people, repeated, table_of
from ..rules.names import folded, is_mailbox, tidy
from ..rules.seats import Room, Waiting, promoted
from ..rules.series import Capsule, CellState, Facts, Row, cell, proposals, summed
from ..services.likeness import Index

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
A, B, C = (uuid4() for _ in range(3))


@pytest.mark.parametrize(
    ("day", "starts", "ends", "expected"),
    [
        # Clocks go back on 1 November 2026 at 2 h, forward on 14 March 2027 at 2 h (Toronto)
        (date(2026, 12, 1), "09:00", "12:00", 180),
        (date(2026, 12, 1), "22:00", "01:00", "midnight"),
        (date(2026, 12, 1), "09:00", "09:00", "midnight"),
        (date(2026, 12, 1), "00:00", "23:59", "too_long"),
        (date(2027, 3, 14), "02:30", "04:00", "missing_hour"),
        (date(2027, 3, 14), "01:00", "04:00", "clock_change"),
        (date(2027, 3, 14), "03:00", "04:00", 60),
        (date(2026, 11, 1), "01:30", "04:00", "twice"),
        (date(2026, 11, 1), "00:30", "03:00", "clock_change"),
        (date(2026, 11, 1), "02:00", "03:00", 60),
    ],
)
def test_a_block_stays_in_a_day_whose_clock_does_not_move(day: date, starts: str, ends: str, expected: object) -> None:
    found = stretch(day, time.fromisoformat(starts), time.fromisoformat(ends), TORONTO)
    assert (found if isinstance(found, str) else found.minutes) == expected


def test_blocks_of_a_session_do_not_overlap_and_are_not_too_far() -> None:
    morning = stretch(date(2026, 12, 1), time(9), time(12), TORONTO)
    beside = stretch(date(2026, 12, 1), time(12), time(13), TORONTO)
    over = stretch(date(2026, 12, 1), time(11), time(13), TORONTO)
    assert isinstance(morning, Stretch)
    assert isinstance(beside, Stretch)
    assert isinstance(over, Stretch)
    assert block_refusal(beside, [morning], NOW) is None
    assert block_refusal(over, [morning], NOW) == "overlap"
    assert block_refusal(morning, [], datetime(2020, 1, 1, tzinfo=UTC)) == "too_far"


def test_seats_are_given_in_order_and_kept_seats_are_respected() -> None:
    room = Room(capacity=3, kept={A: 1})
    assert (room.fits(A), room.fits(B)) == (True, True)
    full = room.with_one(B).with_one(B)
    # Two shared seats are taken: the third is A's alone
    assert (full.fits(B), full.fits(A), full.left) == (False, True, 1)
    waiting = [Waiting("b1", B), Waiting("c1", C), Waiting("a1", A), Waiting("a2", A)]
    assert promoted(full, waiting) == ("a1",)
    assert promoted(Room(4, {A: 1}, {B: 2}), waiting) == ("b1", "a1")
    assert promoted(Room(2, {}, {A: 2}), waiting) == ()
    # A seat kept for A and taken by A frees nothing for B; A may take a shared seat too
    assert Room(2, {A: 1}, {A: 1}).fits(A) is True
    assert Room(2, {A: 1}, {A: 2}).fits(B) is False


def test_any_order_of_arrivals_never_gives_more_seats_than_there_are() -> None:
    draw = random.Random(6)
    for _ in range(300):
        capacity = draw.randint(1, 12)
        kept = {A: draw.randint(0, capacity // 2), B: draw.randint(0, capacity // 2)}
        room = Room(capacity, kept)
        asked = [draw.choice((A, B, C)) for _ in range(draw.randint(0, 30))]
        for organisation in asked:
            if room.fits(organisation):
                room = room.with_one(organisation)
        assert sum(room.taken.values()) <= capacity
        for one, seats in kept.items():
            # Whoever has seats kept and asked for them got them, whoever came before
            assert room.taken.get(one, 0) >= min(seats, asked.count(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marie-Ève TREMBLAY", "Tremblay, Marie Eve"),
        ("Œuvrard  Léa", "lea oeuvrard"),
        ("D’Amours, Noé", "Noe D'Amours"),
    ],
)
def test_two_spellings_fold_to_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_alike_names_are_found_and_others_are_not() -> None:
    index: Index[int] = Index()
    for number, name in enumerate(("Catherine Lavoie", "Jean Roy", "Marie Roy", "Mohamed El Amrani")):
        index.add(number, folded(name))
    assert index.alike(folded("Katherine Lavoie")) == 0
    assert index.alike(folded("Cathrine Lavoi")) == 0
    assert index.alike(folded("Mohammed El-Amrani")) == 3
    assert index.alike(folded("Lucie Roy")) is None
    assert index.alike(folded("Zoé Untel")) is None
    assert index.same(folded("ROY, Jean")) == [1]
    assert tidy("Ève\x07 \u2028 Untel") == "Ève Untel"
    assert [is_mailbox(one) for one in ("a@b.ca", "a@b", "a b@c.ca", "a@b.ca,c@d.ca", "a@b.ca\nBcc: x@y.ca")] == [
        True,
        *[False] * 4,
    ]


def test_a_list_is_read_however_it_is_pasted() -> None:
    for pasted in (
        "Nom;Courriel;Unité\nÈve Untel;eve@exemple.invalid;Unité 1",
        "Prénom\tNom de famille\tCourriel\tÉquipe\nÈve\tUntel\teve@exemple.invalid\tUnité 1",
        "Ève Untel, eve@exemple.invalid, Unité 1",
    ):
        (line,) = read_people(table_of(pasted))
        assert (line.name, line.email, line.team, line.problems) == ("Ève Untel", "eve@exemple.invalid", "Unité 1", ())
    (line,) = read_people(table_of('"Ève Untel" <eve@exemple.invalid>\r\n\r\n'))
    assert (line.name, line.email) == ("Ève Untel", "eve@exemple.invalid")
    assert read_people(table_of("Untel, Ève"))[0].name == "Ève Untel"
    wrong = read_people([["=cmd()", "pas une adresse"], ["", "a@b.ca"]])
    assert [one.problems for one in wrong] == [(), ("no_name",)]
    assert read_people([["Nom", "Courriel"], ["Ève Untel", "pas une adresse"]])[0].problems == ("bad_email",)
    lines = read_people([["Ève Untel", "e@x.ca"], ["UNTEL Eve", "E@X.ca"], ["Noé Untel", "e@x.ca"], ["Eve Untel", ""]])
    assert repeated(lines) == {2: "same_line", 3: "same_email", 4: "same_line"}
    assert code_of("patrouille policière", {"patrol": "Patrouille policière"}) == "patrol"
    for empty in ([], [["", " "]], [["Nom", "Courriel"]]):
        with pytest.raises(UnreadableList, match="empty"):
            read_people(empty)
    with pytest.raises(UnreadableList, match="too_long"):
        read_people([["Ève Untel"]] * 10_001)


def test_a_draft_says_what_it_lacks_and_prerequisites_never_loop() -> None:
    assert publish_problems(" ", []) == ("no_summary", "no_module")
    assert publish_problems("x", [ModuleFacts("self_paced", None)]) == ("no_video",)
    assert publish_problems("x", [ModuleFacts("live", None), ModuleFacts("self_paced", "https://x.invalid")]) == ()
    assert loops(A, A, {})
    assert loops(A, B, {B: [C], C: [A]})
    assert not loops(A, B, {B: [C]})
    assert moved((A, B, C), B, -1) == (B, A, C)
    assert moved((A, B, C), C, 1) == (A, B, C)


def _row(name: str, target: date | None, *cells: CellState) -> Row:
    made = {
        CellState.DONE: Facts(held_on=date(2026, 1, 1)),
        CellState.PLANNED: Facts(planned_on=date(2026, 12, 1)),
        CellState.MISSING: Facts(),
    }
    return Row(UUID(int=len(name)), name, A, "Organisme", target, tuple(cell(made[one]) for one in cells))


def test_a_series_says_what_is_missing_and_what_to_give_next() -> None:
    done, planned, missing = CellState.DONE, CellState.PLANNED, CellState.MISSING
    assert cell(Facts(done=3, people=3)).state is done
    assert cell(Facts(done=2, people=3)).state is missing
    assert cell(Facts(done=0, people=0)).state is missing
    capsules = tuple(Capsule(uuid4(), uuid4(), number, f"C{number}", "", 60) for number in (1, 2, 3))
    rows = (
        _row("Rien", None, missing, missing, missing),
        _row("Commencée", None, done, missing, missing),
        _row("En retard", date(2026, 10, 1), done, planned, missing),
        _row("Bientôt", date(2027, 1, 15), missing, missing, missing),
        _row("Finie", date(2026, 10, 1), done, done, planned),
    )
    found = proposals(rows, capsules, date(2026, 11, 24))
    assert [(one.team, one.capsule.title, one.reason) for one in found] == [
        ("En retard", "C3", "late"),
        ("Bientôt", "C1", "soon"),
        ("Commencée", "C2", "started"),
        ("Rien", "C1", "none"),
    ]
    assert found[0].values == {"missing": 1, "all": 3}
    total = summed(rows)
    assert (total.done, total.planned, total.missing, total.percent) == (4, 2, 9, 26)
