"""Dates, clocks, money and numbers as people in Québec read them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from jinja2 import Environment

from core.kernel import formatting as fmt

NOW = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)  # 14 h 30 in Toronto


def plain(text: str) -> str:
    """The same text with ordinary spaces, so that expectations stay readable."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (date(2026, 11, 21), "21 novembre 2026", "November 21, 2026"),
        (date(2026, 5, 1), "1er mai 2026", "May 1, 2026"),
        (datetime(2026, 1, 1, 3, 0, tzinfo=UTC), "31 décembre 2025", "December 31, 2025"),
    ],
)
def test_dates_are_written_in_the_users_zone(value: date, french: str, english: str) -> None:
    assert plain(fmt.format_date(value, "fr")) == french
    assert plain(fmt.format_date(value, "en")) == english


def test_a_weekday_may_lead_the_date() -> None:
    assert plain(fmt.format_date(date(2026, 11, 21), "fr-CA", weekday=True)) == "samedi 21 novembre 2026"
    assert plain(fmt.format_date(date(2026, 11, 21), "en", weekday=True)) == "Saturday, November 21, 2026"


@pytest.mark.parametrize(
    ("utc_hour", "minute", "french", "english"),
    [
        (19, 30, "14 h 30", "2:30 p.m."),
        (14, 0, "9 h", "9:00 a.m."),
        (19, 5, "14 h 05", "2:05 p.m."),
        (17, 0, "12 h", "12:00 p.m."),
    ],
)
def test_hours(utc_hour: int, minute: int, french: str, english: str) -> None:
    at = datetime(2026, 11, 21, utc_hour, minute, tzinfo=UTC)
    assert plain(fmt.format_time(at, "fr")) == french
    assert plain(fmt.format_time(at, "en")) == english


def test_an_hour_never_breaks_over_two_lines() -> None:
    assert " " not in fmt.format_time(NOW, "fr")
    assert " " not in fmt.format_money(1_250_000, "fr")
    assert " " not in fmt.format_duration(81_600, "fr")


def test_midnight_belongs_to_the_new_day_in_both_clocks() -> None:
    at = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
    assert plain(fmt.format_time(at, "fr")) == "0 h"
    assert plain(fmt.format_time(at, "en")) == "12:00 a.m."


@pytest.mark.parametrize(
    ("shift", "french"),
    [
        (timedelta(hours=-1), "aujourd’hui à 13 h 30"),
        (timedelta(days=-1), "hier à 14 h 30"),
        (timedelta(days=1), "demain à 14 h 30"),
        (timedelta(days=2), "lundi à 14 h 30"),
        (timedelta(days=6), "vendredi à 14 h 30"),
        (timedelta(days=7), "28 novembre 2026 à 14 h 30"),
        (timedelta(days=-2), "19 novembre 2026 à 14 h 30"),
    ],
)
def test_near_moments_are_named(shift: timedelta, french: str) -> None:
    assert plain(fmt.format_moment(NOW + shift, "fr", NOW)) == french


@pytest.mark.parametrize(
    ("left", "french", "english", "state"),
    [
        (timedelta(hours=5), "il reste 5 h", "5 h left", "soon"),
        (timedelta(hours=22, minutes=40), "il reste 22 h 40", "22 h 40 min left", "calm"),
        (timedelta(hours=31, minutes=20), "il reste 31 h", "31 h left", "calm"),
        (timedelta(days=3, hours=2), "il reste 3 jours", "3 days left", "calm"),
        (timedelta(minutes=25), "il reste 25 min", "25 min left", "soon"),
        (timedelta(seconds=20), "il reste moins d’une minute", "less than a minute left", "soon"),
        (timedelta(hours=-1, minutes=-10), "dépassé de 1 h 10", "overdue by 1 h 10 min", "late"),
        (timedelta(days=-4), "dépassé de 4 jours", "overdue by 4 days", "late"),
        (timedelta(0), "dépassé de moins d’une minute", "overdue by less than a minute", "late"),
    ],
)
def test_clock_words(left: timedelta, french: str, english: str, state: str) -> None:
    words = fmt.format_clock(NOW + left, "fr", NOW)
    assert (plain(words.text), words.state) == (french, state)
    assert plain(fmt.format_clock(NOW + left, "en", NOW).text) == english


def test_how_long_something_has_lasted() -> None:
    assert plain(fmt.format_since(NOW - timedelta(days=3), "fr", NOW)) == "depuis 3 jours"
    assert plain(fmt.format_since(NOW - timedelta(days=3), "en", NOW)) == "for 3 days"
    assert plain(fmt.format_ago(NOW - timedelta(minutes=5), "fr", NOW)) == "il y a 5 min"
    assert plain(fmt.format_ago(NOW, "fr", NOW)) == "à l’instant"
    assert plain(fmt.format_ago(NOW + timedelta(hours=2), "fr", NOW)) == "dans 2 h"
    assert plain(fmt.format_ago(NOW - timedelta(hours=2), "en", NOW)) == "2 h ago"


@pytest.mark.parametrize(
    ("cents", "french", "short", "english"),
    [
        (1_250_000, "12 500,00 $", "12 500 $", "$12,500.00"),
        (50_000, "500,00 $", "500 $", "$500.00"),
        (42_050, "420,50 $", "420,50 $", "$420.50"),
        (-1_000, "-10,00 $", "-10 $", "-$10.00"),
    ],
)
def test_money_from_cents(cents: int, french: str, short: str, english: str) -> None:
    assert plain(fmt.format_money(cents, "fr")) == french
    assert plain(fmt.format_money(cents, "fr", short=True)) == short
    assert fmt.format_money(cents, "en") == english


def test_numbers_shares_and_worked_hours() -> None:
    assert plain(fmt.format_number(12_500, "fr")) == "12 500"
    assert plain(fmt.format_number(3.5, "fr")) == "3,5"
    assert fmt.format_number(3.0, "en") == "3"
    assert plain(fmt.format_number(1234.5, "fr", 2)) == "1 234,50"
    assert plain(fmt.format_percent(28 / 41, "fr")) == "68 %"
    assert fmt.format_percent(28 / 41, "en", 1) == "68.3%"
    assert plain(fmt.format_hours(499 * 60 + 30, "fr")) == "499 h 30"
    assert plain(fmt.format_hours(461 * 60, "fr")) == "461 h"


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("450 555-0143", "tel:+14505550143"),
        ("1 888 555-0143", "tel:+18885550143"),
        ("911", "tel:911"),
        ("450 555-0143, poste 12", "tel:+14505550143,12"),
    ],
)
def test_phone_links(number: str, link: str) -> None:
    assert fmt.tel_link(number).replace(",,", ",") == link


def test_a_datetime_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError):
        fmt.format_time(datetime(2026, 11, 21, 14, 30), "fr")  # noqa: DTZ001


def test_filters_read_the_language_and_the_hour_from_the_page() -> None:
    environment = Environment(autoescape=True)
    environment.filters.update(fmt.template_filters())
    template = environment.from_string("{{ due|time }} / {{ (due|clock).text }} / {{ due|clock(other)|attr('state') }}")
    shown = template.render(due=NOW, now=NOW - timedelta(hours=5), other=NOW + timedelta(hours=1), locale="fr")
    assert plain(shown) == "14 h 30 / il reste 5 h / late"
