"""How she may be reached: numbers, what the preview may say of it, what leaves and what stays."""

from __future__ import annotations

import pytest

from core.referrals.forms.contact import read_phone
from core.referrals.forms.situation import is_unknown_place, may_keep, stop_of
from core.referrals.rules.contact import contact_constraints
from core.referrals.rules.content import answers, filled_blocks, kept_back
from core.referrals.rules.words import FOLLOW_WORDS


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("4505550123", "450 555-0123"),
        ("(450) 555-0123", "450 555-0123"),
        ("1 450.555.0123", "450 555-0123"),
        ("+1 450 555 0123", "450 555-0123"),
        ("450 555-0123 poste 12", "450 555-0123 poste 12"),
        ("450 555-0123 x7", "450 555-0123 poste 7"),
        ("+33 1 42 68 53 00", "+33 1 42 68 53 00"),
        ("911", None),
        ("555-0123", None),
        ("123 456-7890", None),
        ("appelez-moi", None),
        ("", None),
    ],
)
def test_numbers_as_people_write_them(typed: str, shown: str | None) -> None:
    assert read_phone(typed) == shown


@pytest.mark.parametrize(
    ("way", "times", "expected"),
    [
        ("phone", ["morning", "afternoon"], ("daytime_only",)),
        ("phone", ["evening"], ("evening_only",)),
        ("phone", ["evening", "weekend"], ()),
        ("phone", ["any"], ()),
        ("phone", [], ()),
        ("will_call", [], ("will_call",)),
        ("will_come", [], ("will_come",)),
        ("trusted_person", [], ()),
    ],
)
def test_the_preview_says_when_never_where(way: str, times: list[str], expected: tuple[str, ...]) -> None:
    assert contact_constraints(way, times) == expected


def test_silence_about_parents_means_do_not_notify() -> None:
    assert contact_constraints("will_call", [], parents="do_not_notify") == ("will_call", "do_not_notify_parents")
    assert contact_constraints("phone", [], parents="aware", at_school=True) == ("meet_at_school",)
    assert contact_constraints("phone", [], parents=None) == ()


def test_only_filled_and_agreed_blocks_leave() -> None:
    contents = {
        "contact": {"way": "phone", "phone": "450 555-0123", "trusted": ""},
        "identity": {"first_name": ""},
        "safety": {"times": ["evening"], "message": ""},
        "situation": {"note": "…"},
    }
    assert filled_blocks(contents, {"contact", "identity", "safety"}) == {
        "contact": {"way": "phone", "phone": "450 555-0123"},
        "safety": {"times": ["evening"]},
    }
    assert kept_back(contents, {"contact", "identity", "safety"}) == ("situation",)


def test_answers_are_read_in_order_and_in_words() -> None:
    content: dict[str, str | list[str]] = {
        "message": "none",
        "times": ["evening", "weekend"],
        "if_someone_else": "Dire Julie",
    }
    lines = answers("safety", content)
    assert [(line.name, line.coded) for line in lines] == [
        ("times", True),
        ("message", True),
        ("if_someone_else", False),
    ]
    assert lines[0].values == ("Le soir", "La fin de semaine")
    assert answers("contact", {"autre": "chose"})[0].label == "autre", "an answer of another version is still shown"


@pytest.mark.parametrize(
    ("danger", "age", "young", "stop", "keep"),
    [
        (True, "18_24", None, "danger", False),
        (False, "under_12", None, "moins-de-12-ans", False),
        (False, "12_13", None, None, False),
        (False, "12_13", "nobody", "moins-de-14-ans", False),
        (False, "12_13", "tutor", None, True),
        (False, "14_17", None, None, True),
        (False, "", None, None, True),
    ],
)
def test_what_stops_and_what_may_be_kept(
    danger: bool, age: str, young: str | None, stop: str | None, keep: bool
) -> None:
    assert stop_of(danger=danger, age_band=age, young_consent=young) == stop
    assert may_keep(danger=danger, age_band=age, young_consent=young) is keep


def test_an_unknown_place_is_said_in_both_languages() -> None:
    assert all(is_unknown_place(text) for text in ("Inconnue ou sans adresse", " inconnu", "Unknown or no address"))
    assert not is_unknown_place("Repentigny")


def test_words_are_neutral_distinct_and_long_enough() -> None:
    assert len(set(FOLLOW_WORDS)) == len(FOLLOW_WORDS) >= 200
    assert all(len(word) >= 4 for word in FOLLOW_WORDS)
