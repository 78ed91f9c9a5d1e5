"""Rules of accounts and of the routes' declarations: pure, no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.access.permissions import ADMINISTRATION, CONTENT, ROLE_PERMISSIONS, Permission
from core.access.viewer import Role
from core.accounts.agreements import IN_FORCE
from core.accounts.rules import (
    Block,
    SessionState,
    address_prefix,
    device_label,
    initials,
    local_path,
    mail_domain,
    notes_activity,
    read_blocks,
    session_state,
    still_to_accept,
    unlocks_with,
    warns_before,
)
from core.app import check_routes
from core.kernel.errors import StartupError
from core.kernel.web.routes import PUBLIC, Page, get

START = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
IDLE, ABSOLUTE = timedelta(minutes=15), timedelta(hours=10)


@pytest.mark.parametrize(
    ("seen", "at", "ended", "state"),
    [
        (0, 14.99, None, SessionState.LIVE),
        (0, 15, None, SessionState.LOCKED),
        (590, 599.9, None, SessionState.LIVE),
        (599, 600, None, SessionState.OVER),
        (0, 700, None, SessionState.OVER),
        (0, 1, 0.5, SessionState.OVER),
    ],
)
def test_idle_locks_and_age_ends(seen: float, at: float, ended: float | None, state: SessionState) -> None:
    def moment(minutes: float) -> datetime:
        return START + timedelta(minutes=minutes)

    over = None if ended is None else moment(ended)
    assert session_state(START, moment(seen), over, moment(at), idle=IDLE, absolute=ABSOLUTE) is state


def test_a_lock_by_hand_holds_whatever_the_activity() -> None:
    def state(minutes: float) -> SessionState:
        now = START + timedelta(minutes=minutes)
        return session_state(START, now, None, now, idle=IDLE, absolute=ABSOLUTE, locked_at=START)

    assert state(0) is state(599) is SessionState.LOCKED
    assert state(600) is SessionState.OVER


@pytest.mark.parametrize(
    ("factor", "second_factor", "demo", "way"),
    [
        ("password", False, False, "password"),
        (None, False, False, "password"),
        ("passkey", True, False, "factor"),
        ("totp", True, False, "factor"),
        ("recovery", True, False, "factor"),
        ("provider", True, False, "provider"),
        ("provider", False, False, "provider"),
        ("demo", True, True, "demo"),
    ],
)
def test_what_opened_a_session_opens_it_again(factor: str | None, second_factor: bool, demo: bool, way: str) -> None:
    assert unlocks_with(factor=factor, second_factor=second_factor, demo=demo) == way


def test_a_short_session_warns_and_notes_activity_in_proportion() -> None:
    assert warns_before(IDLE) == timedelta(minutes=2)
    assert warns_before(timedelta(seconds=6)) == timedelta(seconds=3)
    assert not notes_activity(START, START + timedelta(seconds=59), IDLE)
    assert notes_activity(START, START + timedelta(seconds=60), IDLE)
    assert notes_activity(START, START + timedelta(seconds=2), timedelta(seconds=6))


@pytest.mark.parametrize(
    ("name", "said"),
    [("Maïka Lefebvre", "M. L."), ("Anne-Marie de la Tour", "A. T."), ("Élise", "É."), ("", ""), ("3 Étoiles", "É.")],
)
def test_a_locked_screen_shows_initials_only(name: str, said: str) -> None:
    assert initials(name) == said.replace(" ", "\u00a0")


def test_who_must_accept_what() -> None:
    assert still_to_accept(conduct=False, partnership=False, administers=False) == ("conduct",)
    assert still_to_accept(conduct=True, partnership=False, administers=False) == ()
    assert still_to_accept(conduct=True, partnership=False, administers=True) == ("partnership",)
    assert still_to_accept(conduct=False, partnership=True, administers=True) == ("conduct",)


def test_each_agreement_is_whole_in_both_languages() -> None:
    """Same kinds of pieces in the same order, so that nobody accepts less in one language."""
    for text in IN_FORCE.values():
        french, english = text.blocks("fr"), text.blocks("en")
        assert [(one.kind, len(one.lines)) for one in french] == [(one.kind, len(one.lines)) for one in english]
        assert french[0].kind == "title"
        assert replace(text, fr=text.fr + " ").hash != text.hash
    assert read_blocks("# A\n\nB\nc\n\n- d\n- e") == (
        Block("title", ("A",)),
        Block("paragraph", ("B c",)),
        Block("list", ("d", "e")),
    )


@pytest.mark.parametrize(
    ("email", "domain"), [("A@Exemple.TEST", "exemple.test"), ("x", "x"), ("a@b@c ", "c"), ("", "")]
)
def test_the_organisation_of_an_address_is_what_follows_it(email: str, domain: str) -> None:
    assert mail_domain(email) == domain


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2::3", "2001:db8:1::"),
        ("2001:db8::3", "2001:db8::"),
        ("2001:db8:0:9::3", "2001:db8::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_cut_to_its_network(address: str, prefix: str) -> None:
    assert address_prefix(address) == prefix


@pytest.mark.parametrize("typed", ["/", "/annuaire?q=a b&page=2", "/références", "/a//b"])
def test_a_path_of_this_site_is_kept(typed: str) -> None:
    assert local_path(typed) == typed


@pytest.mark.parametrize("typed", ["//x.example", "/\\x.example", "/\t/x", "https:/x", "x", "", "/a\nb", "\\/x"])
def test_anything_else_is_the_home_page(typed: str) -> None:
    assert local_path(typed) == "/"


def test_a_device_is_named_not_fingerprinted() -> None:
    phone = "Mozilla/5.0 (Linux; Android 15; SM-G991B Build/123) AppleWebKit/537 Chrome/140.0 Mobile Safari/537"
    assert device_label(phone) == "Chrome, Android"
    assert device_label("<script>alert(1)</script>") == "Navigateur"
    assert device_label("") == "Navigateur"


def test_no_role_both_administers_and_reads_content() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    for role, granted in ROLE_PERMISSIONS.items():
        assert not (granted & CONTENT and granted & ADMINISTRATION), role
    for role in (Role.OPERATOR, Role.NETWORK_COORDINATION, Role.ORGANISATION_ADMIN, Role.PRIVACY_OFFICER):
        assert not ROLE_PERMISSIONS[role] & CONTENT


def _page(_session: Any, _request: Any) -> Page:
    return Page("errors/error.html")


@pytest.mark.parametrize("permission", ["", "referal_read", "REFERRAL_READ", None])
def test_a_route_without_a_known_permission_stops_the_start(permission: Any) -> None:
    route = get("/essai", _page, permission=permission, name="essai")
    with pytest.raises(StartupError, match="/essai"):
        check_routes((route,), frozenset(Permission))
    check_routes((replace(route, permission=PUBLIC),), frozenset(Permission))


def test_a_route_says_how_it_is_run_and_answers_alone() -> None:
    route = get("/essai", _page, permission=PUBLIC, name="essai")
    with pytest.raises(StartupError, match="/essai"):
        check_routes((replace(route, mode="later"),), frozenset(Permission))  # type: ignore[arg-type]
    with pytest.raises(StartupError, match="two routes"):
        check_routes((route, replace(route, name="autre")), frozenset(Permission))
