"""The pure rules of the directory: words, opening hours, matching, tiers, cells, preview areas."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.directory.rules import cells
from core.directory.rules.hours import DayException, Interval, OpeningHours, ranges, state_at, week
from core.directory.rules.matching import Eligibility, PersonFacts, ServiceFacts, Territory, audience_for, match
from core.directory.rules.scope import area_token, need_token
from core.directory.rules.text import fold, sort_key, stem, stems, words
from core.directory.rules.visibility import (
    ANYONE,
    Area,
    Freshness,
    PreviewRule,
    Reader,
    freshness,
    may_see,
    preview_of,
)
from core.directory.rules.words import AreaKind, Audience, PhoneKind, Tier

TORONTO = ZoneInfo("America/Toronto")
OFFICE = OpeningHours(tuple(Interval(day, 9 * 60, 17 * 60) for day in range(5)))


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=TORONTO)


class TestText:
    @pytest.mark.parametrize(
        ("typed", "folded"),
        [("Cœur d’Éva", "coeur d'eva"), ("ÎLE-DUPAS", "ile-dupas"), ("Saint-Lin–Laurentides", "saint-lin–laurentides")],
    )
    def test_fold(self, typed: str, folded: str) -> None:
        assert fold(typed) == folded

    @pytest.mark.parametrize(
        "together",
        [
            ("hébergement", "hebergements", "HÉBERGEMENT"),
            ("Joliette", "joliet", "joliettes"),
            ("femme", "femmes"),
            ("sexuel", "sexuelle", "sexuelles"),
            ("médical", "médicaux", "médicale"),
            ("réseau", "réseaux"),
            ("adolescent", "adolescente", "adolescentes"),
        ],
    )
    def test_one_stem(self, together: tuple[str, ...]) -> None:
        assert len({tuple(stems(word)) for word in together}) == 1

    def test_small_words_say_nothing(self) -> None:
        assert words("je cherche de l’hébergement à Joliette") == ["hebergement", "joliette"]

    @given(st.text(max_size=40))
    def test_stem_never_empties_a_word(self, text: str) -> None:
        assert all(stem(word) for word in words(text))

    def test_sort_key_ignores_accents_and_signs(self) -> None:
        assert sort_key("L’Épiphanie") == "l epiphanie"


class TestHours:
    def test_open_until_closing(self) -> None:
        state = state_at(OFFICE, local(2026, 11, 24, 14), TORONTO, {})
        assert state.open
        assert state.until == local(2026, 11, 24, 17)

    def test_closed_on_friday_evening_until_monday(self) -> None:
        state = state_at(OFFICE, local(2026, 11, 27, 17), TORONTO, {})
        assert not state.open
        assert state.opens_at == local(2026, 11, 30, 9)

    def test_holiday_closes_and_is_named(self) -> None:
        noel = {date(2026, 12, 25): "Noël"}
        state = state_at(OFFICE, local(2026, 12, 25, 10), TORONTO, noel)
        assert (state.open, state.holiday) == (False, "Noël")
        assert state.opens_at == local(2026, 12, 28, 9)

    def test_service_open_on_holidays(self) -> None:
        always = OpeningHours(tuple(Interval(day, 480, 1320, True) for day in range(7)))
        assert state_at(always, local(2026, 12, 25, 10), TORONTO, {date(2026, 12, 25): "Noël"}).open

    def test_past_midnight(self) -> None:
        evenings = OpeningHours((Interval(4, 18 * 60, 2 * 60),))
        assert state_at(evenings, local(2026, 11, 28, 1, 59), TORONTO, {}).open
        assert not state_at(evenings, local(2026, 11, 28, 2), TORONTO, {}).open
        assert state_at(evenings, local(2026, 11, 27, 23), TORONTO, {}).until == local(2026, 11, 28, 2)

    def test_evening_before_a_holiday_runs_into_it(self) -> None:
        evenings = OpeningHours((Interval(3, 18 * 60, 2 * 60),))
        assert state_at(evenings, local(2026, 12, 25, 1), TORONTO, {date(2026, 12, 25): "Noël"}).open

    def test_touching_days_are_one_span(self) -> None:
        weekend = OpeningHours((Interval(5, 0, 1440), Interval(6, 0, 720)))
        assert state_at(weekend, local(2026, 11, 28, 20), TORONTO, {}).until == local(2026, 11, 29, 12)

    def test_day_and_night_never_closes(self) -> None:
        always = OpeningHours(tuple(Interval(day, 0, 1440, True) for day in range(7)))
        assert state_at(always, local(2026, 11, 28, 20), TORONTO, {}).until is None

    def test_exception_wins_over_week_and_holiday(self) -> None:
        hours = OpeningHours(
            OFFICE.weekly, (DayException(date(2026, 11, 24)), DayException(date(2026, 12, 25), 600, 720, "permanence"))
        )
        assert not state_at(hours, local(2026, 11, 24, 10), TORONTO, {}).open
        assert state_at(hours, local(2026, 12, 25, 11), TORONTO, {date(2026, 12, 25): "Noël"}).open

    def test_clock_change_night_lasts_what_it_lasts(self) -> None:
        night = OpeningHours((Interval(5, 22 * 60, 6 * 60),))  # Saturday; clocks go back on Sunday 1 November 2026
        start = local(2026, 10, 31, 22)
        until = state_at(night, start, TORONTO, {}).until
        assert until is not None
        assert until.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=9)

    def test_unknown_hours_are_not_closed_hours(self) -> None:
        state = state_at(OpeningHours(), local(2026, 11, 24, 10), TORONTO, {})
        assert (state.known, state.open) == (False, False)

    def test_week_in_few_lines(self) -> None:
        assert [(r.first, r.last) for r in ranges(OFFICE)] == [(0, 4)]
        assert len(week(OFFICE)) == 7


CALACS = ServiceFacts(
    (Eligibility(Audience.WOMEN, 18), Eligibility(Audience.GIRLS, 12, 17)),
    (Territory(AreaKind.MRC, "610"), Territory(AreaKind.MRC, "630", "nord")),
    ("fr",),
)
EVERYONE = ServiceFacts((Eligibility(Audience.EVERYONE),), (Territory(AreaKind.PROVINCE, "QC"),), ())


class TestMatching:
    @pytest.mark.parametrize(
        ("audience", "age", "fits"),
        [
            (Audience.WOMEN, None, True),
            (Audience.WOMEN, 30, True),
            (Audience.WOMEN, 15, True),  # an adolescent, whatever was chosen
            (Audience.GIRLS, 12, True),
            (Audience.GIRLS, 11, False),
            (None, 17, True),
            (None, 9, False),
            (Audience.MEN, None, False),
            (Audience.BOYS, 14, False),
            (Audience.TRANS_WOMEN, 25, False),
            (Audience.CHILDREN, None, False),
            (Audience.RELATIVES, None, False),
            (Audience.WORKERS, None, False),
        ],
    )
    def test_who_a_calacs_receives(self, audience: Audience | None, age: int | None, fits: bool) -> None:
        found = match(CALACS, PersonFacts(audience, age))
        assert found.fits is fits
        assert found.reasons[0].sentence

    @pytest.mark.parametrize("audience", [a for a in Audience if a not in (Audience.WORKERS,)])
    def test_everyone_is_everyone(self, audience: Audience) -> None:
        assert match(EVERYONE, PersonFacts(audience)).fits

    def test_trans_women_are_told_to_ask(self) -> None:
        assert "femmes trans" in match(CALACS, PersonFacts(Audience.TRANS_WOMEN)).reasons[0].sentence

    def test_unknown_admissibility_fits_without_certainty(self) -> None:
        found = match(ServiceFacts(), PersonFacts(Audience.MEN, 40))
        assert (found.fits, found.certain) == (True, False)

    def test_territory(self) -> None:
        assert match(CALACS, PersonFacts(mrc_code="610")).certain
        assert not match(CALACS, PersonFacts(mrc_code="640")).fits
        north = match(CALACS, PersonFacts(municipality_code="63060", mrc_code="630"))
        assert (north.fits, north.certain) == (True, False)
        assert "à confirmer" in north.reasons[0].sentence
        assert match(EVERYONE, PersonFacts(region_code="elsewhere")).fits

    def test_language(self) -> None:
        assert not match(CALACS, PersonFacts(language="es")).fits
        assert match(EVERYONE, PersonFacts(language="es")).fits

    @given(st.sampled_from(list(Audience)), st.integers(0, 120))
    def test_age_and_audience_agree(self, audience: Audience, age: int) -> None:
        found = audience_for(audience, age)
        if audience not in (Audience.WORKERS, Audience.RELATIVES):
            assert (found is Audience.CHILDREN) == (age < 12) or audience is Audience.CHILDREN
            assert not (found is Audience.WOMEN and age < 18)


class TestTiers:
    def test_confidential_is_for_the_owner_alone(self) -> None:
        owner = uuid4()
        assert may_see(Tier.CONFIDENTIAL, owner, Reader(Tier.PARTNERS, owner))
        assert not may_see(Tier.CONFIDENTIAL, owner, Reader(Tier.PARTNERS, uuid4()))
        assert not may_see(Tier.CONFIDENTIAL, owner, Reader(Tier.PUBLIC, owner))
        assert not may_see(Tier.CONFIDENTIAL, None, Reader(Tier.PARTNERS, None))

    def test_partners(self) -> None:
        assert not may_see(Tier.PARTNERS, uuid4(), ANYONE)
        assert may_see(Tier.PARTNERS, uuid4(), Reader(Tier.PARTNERS, uuid4()))
        assert may_see(Tier.PUBLIC, uuid4(), ANYONE)

    def test_freshness(self) -> None:
        today = date(2026, 11, 24)
        assert freshness(None, today) is Freshness.UNCONFIRMED
        assert freshness(date(2025, 11, 24), today) is Freshness.FRESH
        assert freshness(date(2025, 11, 23), today) is Freshness.STALE


class TestPreviewArea:
    rule = PreviewRule("nord", "Nord de Lanaudière", "Northern Lanaudière", frozenset({"620"}), 1500)

    def test_manawan_is_not_alone_under_its_label(self) -> None:
        north = Area("nord", "Nord de Lanaudière", "Northern Lanaudière")
        assert preview_of(None, None, 2000, self.rule) == north
        assert preview_of("620", "Matawinie", 1317, self.rule) == north

    def test_mrc_elsewhere(self) -> None:
        assert preview_of("620", "Matawinie", 11719, self.rule).label == "Matawinie"
        assert preview_of("520", "D’Autray", 254, self.rule) == Area("mrc-520", "D’Autray", "D’Autray")


class TestCells:
    @pytest.mark.parametrize(
        "cell",
        [
            "lu-ve 9:00-17:00",
            "lu-ve 9:00-12:00; lu-ve 13:00-17:00; sa 10:00-14:30",
            "lu-di 0:00-24:00 feries",
            "ve 18:00-2:00",
            "",
        ],
    )
    def test_hours_both_ways(self, cell: str) -> None:
        assert cells.format_hours(cells.parse_hours(cell)) == cell

    @pytest.mark.parametrize(
        "cell", ["9h à 17h", "lu 25:00-26:00", "ve-lu 9:00-17:00", "lu 9:70-10:00", "lundi 9:00-17:00"]
    )
    def test_hours_refused(self, cell: str) -> None:
        with pytest.raises(ValueError):
            cells.parse_hours(cell)

    def test_others_both_ways(self) -> None:
        phones = "voice|450 555-0142; toll_free|1 800 555-0142; voice|911"
        assert cells.format_phones(cells.parse_phones(phones)) == phones
        audiences = "women:18-; girls:12-17; everyone; everyone:-17"
        assert cells.format_audiences(cells.parse_audiences(audiences)) == audiences
        areas = "mrc:630:nord; province:QC"
        assert cells.format_areas(cells.parse_areas(areas)) == areas
        assert cells.parse_phones("voice|911")[0] == (PhoneKind.VOICE, "911")

    @pytest.mark.parametrize(
        ("parse", "cell"),
        [
            (cells.parse_phones, "450 555-0142"),
            (cells.parse_phones, "voice|4505550142"),
            (cells.parse_audiences, "filles:12-17"),
            (cells.parse_audiences, "girls:17-12"),
            (cells.parse_areas, "mrc"),
            (cells.parse_areas, "pays:CA"),
        ],
    )
    def test_others_refused(self, parse: object, cell: str) -> None:
        with pytest.raises(ValueError):
            parse(cell)  # type: ignore[operator]


def test_filter_tokens_are_no_words() -> None:
    assert area_token(AreaKind.MRC, "610") == "zzareamrc610"
    assert need_token("suivi-individuel") == "zzneedsuiviindividuel"
    assert area_token(None, "") == "zzareaunknown"
