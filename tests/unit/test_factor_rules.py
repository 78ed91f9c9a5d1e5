"""Rules of second factors: pure, no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.access.assurance import SecondFactorMissing, require_second_factor
from core.access.viewer import ANONYMOUS
from core.accounts.rules import first_detour
from core.accounts.rules.factors import (
    CODE_WINDOWS,
    RECOVERY_ALPHABET,
    RECOVERY_LENGTH,
    may_remove,
    normal_digits,
    normal_recovery,
    spaced,
    steps_now,
)
from core.accounts.services import relying_party
from core.kernel.web.routes import Assurance
from core.testing.plugins import a_viewer

NOW = datetime(2026, 11, 24, 19, 0, 29, tzinfo=UTC)


def test_three_steps_of_thirty_seconds_count() -> None:
    now, before, after = steps_now(NOW)
    assert (before, after) == (now - 1, now + 1)
    assert steps_now(NOW + timedelta(seconds=1))[0] == now + 1
    assert steps_now(NOW - timedelta(seconds=29))[0] == now


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123-456", "123456"),
        ("12345", ""),
        ("1234567", ""),
        ("12e456", ""),
    ],
)
def test_a_code_may_be_pasted_with_its_spaces(typed: str, read: str) -> None:
    assert normal_digits(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("abcd-efgh-jkmn", "abcdefghjkmn"),
        ("ABCD EFGH JKMN", "abcdefghjkmn"),
        ("abcdefghjkm", ""),
        ("abcd-efgh-jkm0", ""),
        ("", ""),
    ],
)
def test_a_printed_code_is_read_as_people_copy_it(typed: str, read: str) -> None:
    assert normal_recovery(typed) == read
    assert not read or spaced(read) == "abcd-efgh-jkmn"


def test_codes_cannot_be_guessed() -> None:
    """Printed ones by their length; six digits by how few tries an account allows a day."""
    assert len(RECOVERY_ALPHABET) ** RECOVERY_LENGTH > 2**58
    assert not set("il1o0") & set(RECOVERY_ALPHABET)
    assert 3 * CODE_WINDOWS["account_by_day"].limit / 10**6 < 1e-4


def test_the_last_factor_stays() -> None:
    assert not may_remove(0)
    assert may_remove(1)


@pytest.mark.parametrize(
    ("assurance", "factor", "minutes", "way"),
    [
        (Assurance.NONE, False, None, None),
        (Assurance.SESSION, False, None, None),
        (Assurance.SECOND_FACTOR, False, None, "/connexion/facteur"),
        (Assurance.SECOND_FACTOR, True, None, None),
        (Assurance.STEP_UP, False, 1, "/connexion/facteur"),
        (Assurance.STEP_UP, True, None, "/confirmer"),
        (Assurance.STEP_UP, True, 5, None),
        (Assurance.STEP_UP, True, 5.02, "/confirmer"),
    ],
)
def test_which_page_comes_first(assurance: Assurance, factor: bool, minutes: float | None, way: str | None) -> None:
    shown = None if minutes is None else NOW - timedelta(minutes=minutes)
    found = first_detour(
        locked=False,
        must_agree=False,
        second_factor=factor,
        stepped_up_at=shown,
        anonymous=False,
        assurance=assurance,
        now=NOW,
    )
    assert found == way


def test_the_site_of_a_passkey_is_a_name() -> None:
    """The public address gives both; browsers make no passkey for a bare IP address."""
    party = relying_party("https://Arrimage.exemple.test:8443/")
    assert party is not None
    assert (party.id, party.origin) == ("arrimage.exemple.test", "https://arrimage.exemple.test:8443")
    assert [relying_party(address) for address in ("http://127.0.0.1:8000", "http://[::1]:8000", "", "nom")] == [
        None
    ] * 4


def test_a_password_alone_is_refused_in_words() -> None:
    require_second_factor(a_viewer())
    with pytest.raises(SecondFactorMissing) as refused:
        require_second_factor(ANONYMOUS)
    assert refused.value.status == 403
