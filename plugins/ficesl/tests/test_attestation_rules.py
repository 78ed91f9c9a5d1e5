"""Complete, valid, renewed, reminded, gated, ready: the rules, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..rules import badges, gate, readiness
from ..rules.attestations import (
    ALPHABET,
    Credit,
    Issued,
    Needed,
    Part,
    Status,
    completion,
    last_day,
    missing_sentence,
    new_check_code,
    normal_check_code,
    reminder_due,
    status,
    to_issue,
)
from ..rules.badges import Addresses, Badge
from ..rules.gate import Gate, Held, Passage, verdict
from ..rules.readiness import Count, Group

DAY = date(2026, 11, 24)
A, B, C = (UUID(int=number) for number in (1, 2, 3))
PARTS = (Part(A, "Repérer", 60), Part(B, "Accueillir", 60), Part(C, "Référer", 120))
VERSION = uuid4()
WHERE = Addresses("https://arrimage.example/comites/ficesl/attestations")


def say(text: str, **values: object) -> str:
    return text % values if values else text


def test_complete_when_each_module_has_its_minutes_whatever_the_version_and_never_by_adding_halves() -> None:
    half = (Credit(A, 60, DAY), Credit(B, 60, DAY), Credit(C, 60, DAY), Credit(C, 60, DAY + timedelta(days=1)))
    done = completion(PARTS, half)
    assert not done.complete
    assert missing_sentence(done, say) == "Il manque « Référer » (1\u00a0h sur 2\u00a0h)."
    assert missing_sentence(completion(PARTS, ()), say) == (
        "Il manque « Repérer » (1\u00a0h), « Accueillir » (1\u00a0h) et « Référer » (2\u00a0h)."
    )
    whole = completion(PARTS, (*half, Credit(C, 150, DAY + timedelta(days=3))), [Needed("Bases", True)])
    assert (whole.complete, whole.minutes, whole.on_day, whole.first_day) == (
        True,
        240,
        DAY + timedelta(days=3),
        DAY,
    )
    assert missing_sentence(whole, say) == ""
    barred = completion(PARTS[:1], half, [Needed("Bases", False)])
    assert missing_sentence(barred, say) == "Il manque la formation préalable « Bases »."
    assert missing_sentence(completion((), half), say) == "Cette formation n’a pas encore de module."


def test_an_attestation_is_issued_once_and_renewed_only_when_all_is_done_anew() -> None:
    first = completion(PARTS[:2], (Credit(A, 60, DAY), Credit(B, 60, DAY)))
    given_ = Issued(VERSION, DAY)
    assert to_issue(first, VERSION, ())
    assert to_issue(first, uuid4(), [given_])
    assert not to_issue(first, VERSION, [given_])
    assert not to_issue(first, VERSION, [Issued(VERSION, DAY, "attendance")])
    assert to_issue(first, VERSION, [Issued(VERSION, DAY, "text")])
    later = DAY + timedelta(days=700)
    one_again = completion(PARTS[:2], (Credit(A, 60, later), Credit(B, 60, DAY)))
    assert not to_issue(one_again, VERSION, [given_])
    assert to_issue(completion(PARTS[:2], (Credit(A, 60, later), Credit(B, 60, later))), VERSION, [given_])
    assert not to_issue(completion(PARTS, ()), VERSION, ())


def test_validity_ends_on_a_day_that_exists_and_includes_it() -> None:
    assert last_day(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert last_day(date(2024, 2, 29), 48) == date(2028, 2, 29)
    assert last_day(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert last_day(date(2026, 12, 15), 1) == date(2027, 1, 15)
    assert last_day(DAY, None) is None
    assert status(False, DAY, DAY) is Status.VALID
    assert status(False, DAY, DAY + timedelta(days=1)) is Status.EXPIRED
    assert status(True, None, DAY) is Status.REVOKED


def test_check_codes_are_drawn_among_enough_and_read_as_people_type_them() -> None:
    codes = {new_check_code() for _ in range(200)}
    assert len(codes) == 200
    assert len(ALPHABET) ** 12 > 2**58
    code = codes.pop()
    assert len(code) == 14
    assert normal_check_code(f" {code.lower().replace('-', ' ')} ") == code
    for wrong in ("", code[:-1], code + "2", code.replace(code[0], "0"), "é" * 12):
        assert normal_check_code(wrong) is None


def test_each_reminder_leaves_once_and_late_ones_do_not_pile_up() -> None:
    """Over the leap day of 2028, day by day; then a platform that was stopped for three weeks."""
    ends, sent = date(2028, 3, 5), []
    for day in range(120, -3, -1):
        today = ends - timedelta(days=day)
        due = reminder_due(ends, today, sent)
        if due is not None:
            sent.append(due)
            assert (ends - today).days == due
    assert sent == [60, 30, 7]
    assert ends - timedelta(days=7) == date(2028, 2, 27)
    assert reminder_due(ends, ends - timedelta(days=5), [60]) == 7
    assert reminder_due(ends, ends - timedelta(days=5), [60, 7]) is None
    assert reminder_due(ends, ends, [60, 30]) == 7
    assert reminder_due(ends, ends + timedelta(days=1), []) is None


DOOR = Gate("referral_receive", "F-7K3M-9Q", date(2027, 1, 1), 30)


@pytest.mark.parametrize(
    ("today", "since", "held", "passage", "until"),
    [
        (date(2026, 12, 31), date(2020, 1, 1), (), Passage.BEFORE, date(2027, 1, 30)),
        (date(2027, 1, 30), date(2020, 1, 1), (), Passage.GRACE, date(2027, 1, 30)),
        (date(2027, 1, 31), date(2020, 1, 1), (), Passage.CLOSED, date(2027, 1, 30)),
        # A new colleague has her days of grace too
        (date(2027, 6, 10), date(2027, 6, 1), (), Passage.GRACE, date(2027, 6, 30)),
        (date(2027, 7, 1), date(2027, 6, 1), (), Passage.CLOSED, date(2027, 6, 30)),
        (date(2027, 6, 1), date(2020, 1, 1), [Held(DAY, None)], Passage.VALID, None),
        (date(2027, 6, 1), date(2020, 1, 1), [Held(DAY, None, True)], Passage.CLOSED, date(2027, 1, 30)),
        (date(2028, 2, 29), date(2020, 1, 1), [Held(DAY, date(2028, 2, 29))], Passage.VALID, date(2028, 3, 30)),
        (date(2028, 3, 30), date(2020, 1, 1), [Held(DAY, date(2028, 2, 29))], Passage.GRACE, date(2028, 3, 30)),
        (date(2028, 3, 31), date(2020, 1, 1), [Held(DAY, date(2028, 2, 29))], Passage.CLOSED, date(2028, 3, 30)),
        (date(2027, 6, 1), date(2020, 1, 1), [Held(date(2027, 6, 2), None)], Passage.CLOSED, date(2027, 1, 30)),
    ],
)
def test_the_gate_day_by_day(today: date, since: date, held: list[Held], passage: Passage, until: date | None) -> None:
    found = verdict(DOOR, since, held, today)
    assert (found.passage, found.until) == (passage, until)
    assert found.passes is (passage is not Passage.CLOSED)
    assert set(gate.WORDS) == set(Passage)


def test_a_badge_says_the_training_and_nothing_of_the_person_or_her_organisation() -> None:
    badge = Badge("7K3M-9QRT-2BCD", "F-7K3M-9Q", 2, "Patrouille", "", 240, DAY, date(2028, 11, 24), 131_073, "Réseau")
    claims = badges.credential(badge, WHERE)
    assert claims["credentialSubject"]["id"] == claims["sub"]
    assert set(claims["credentialSubject"]) == {"id", "type", "achievement"}
    assert claims["validFrom"] == "2026-11-24T05:00:00Z"
    # Valid through its last day in Joliette
    assert datetime.fromtimestamp(claims["exp"], UTC) == datetime(2028, 11, 25, 4, 59, 59, tzinfo=UTC)
    assert claims["credentialStatus"]["statusListIndex"] == "1"
    assert claims["credentialStatus"]["statusListCredential"].endswith("/statuts/1")
    assert badges.subject("7K3M-9QRT-2BCE", WHERE) != claims["sub"]
    forever = badges.credential(Badge("2", "F", 1, "T", "S", 60, DAY, None, 0, "R"), WHERE)
    assert "exp" not in forever
    assert "validUntil" not in forever


@given(st.sets(st.integers(0, badges.LIST_BITS - 1), max_size=30))
def test_the_list_of_revocations_holds_exactly_the_revoked(revoked: set[int]) -> None:
    encoded = badges.encode_list(revoked)
    assert encoded.startswith("u")
    near = {index + step for index in revoked for step in (-1, 0, 1)} | {0, badges.LIST_BITS - 1}
    for index in near & set(range(badges.LIST_BITS)):
        assert badges.is_set(encoded, index) is (index in revoked)


def test_readiness_hides_from_others_what_would_be_a_few_people() -> None:
    own = Count(4, 1)
    groups = [
        Group("Joliette", "calacs", Count(4, 1), own),
        Group("Joliette", "police", Count(40, 39, 3)),
        Group("Matawinie", "police", Count(4, 4)),
        Group("Montcalm", "police", Count(8, 1, 2), own),
        Group("", "sante", Count(0, 0)),
    ]
    order = ("calacs", "police", "sante")
    exact = readiness.table(groups, order, exact=True)
    assert [line[0] for line in exact.lines] == ["Montcalm", "Joliette", "Matawinie", ""]
    assert (exact.whole.people, exact.whole.valid, exact.whole.share) == (56, 45, 80)
    seen = readiness.table(groups, order, exact=False)
    cells = {line[0]: dict(zip(seen.types, line[1], strict=True)) for line in seen.lines}
    assert cells["Joliette"]["calacs"] == readiness.cell(own, own, exact=True)
    assert (cells["Joliette"]["police"].share, cells["Joliette"]["police"].people) == (90, None)
    assert cells["Matawinie"]["police"].hidden
    # Eight people, but four once her own are taken away
    assert cells["Montcalm"]["police"].hidden
    assert cells["Joliette"]["sante"] is None
    assert seen.whole.rounded
    shares = [101 if line[2].share is None else line[2].share for line in seen.lines]
    assert all(left <= right for left, right in pairwise(shares))


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=4), st.booleans())
def test_what_an_outsider_reads_never_depends_on_less_than_five_people_of_others(
    counts: list[tuple[int, int]], mine: bool
) -> None:
    organisations = [Count(people, min(valid, people)) for people, valid in counts]
    own = organisations[0] if mine else Count(0, 0, 0)
    whole = Count(0, 0, 0)
    for one in organisations:
        whole = whole.plus(one)
    seen = readiness.cell(whole, own, exact=False)
    others = whole.people - own.people
    if seen.share is not None and not (mine and len(counts) == 1):
        assert others >= readiness.LEAST
        assert seen.people is None
        assert seen.share % 10 == 0
