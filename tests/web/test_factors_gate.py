"""The gate, walked over the whole route table: what a password alone opens, and what asks a factor again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.access.permissions import PUBLIC, Permission
from core.accounts.models import LoginSession, User
from core.accounts.seed import PERSONAS
from core.accounts.services import open_session, token_hash
from core.kernel.clock import FixedClock
from core.kernel.web import csrf
from core.kernel.web.house import House
from core.kernel.web.routes import Assurance, Route
from core.testing.network import Network, Visitor, fresh_network, visiting

#: What reads, moves or tells of a woman, and where a shelter is.
CONTENT = {
    Permission.REFERRAL_READ,
    Permission.REFERRAL_RECEIVE,
    Permission.REFERRAL_SEND,
    Permission.CONSENT_WITHDRAW,
    Permission.JOURNAL_READ,
}
BY_NAME = {"home", "organisation_address", "organisation_address_save", "network.overview"}


@pytest.fixture
def network(tmp_path: Path, clock: FixedClock) -> Iterator[Network]:
    with fresh_network("sqlite", tmp_path, clock) as seeded:
        yield seeded


@pytest.fixture
def visitor(network: Network) -> Iterator[Visitor]:
    with visiting(network) as browsing:
        yield browsing


class Walker:
    """Asks each route as a persona who holds its permission, in a session of a given assurance."""

    def __init__(self, visitor: Visitor, *, second_factor: bool, stepped_up: timedelta | None = None) -> None:
        self.http, self.network = visitor.http, visitor.network
        self.house: House = visitor.http.app.state.house  # type: ignore[attr-defined]
        self.tokens: dict[str, str] = {}
        now = self.network.clock.now()
        with self.network.database.transaction() as session:
            for persona in PERSONAS:
                user_id = session.execute(select(User.id).where(User.demo_key == persona.key)).scalar_one()
                token = open_session(session, user_id, now, second_factor=second_factor, device="essai")
                self.tokens[persona.key] = token
                if stepped_up is not None:
                    mine = update(LoginSession).where(LoginSession.token_hash == token_hash(token))
                    session.execute(mine.values(stepped_up_at=now - stepped_up))

    def ask(self, route: Route) -> tuple[int, str]:
        """(status, path of the redirect)."""
        token = self.tokens[self._holder(route)]
        self.http.cookies.clear()
        self.http.cookies.set("arrimage", token, domain="127.0.0.1")
        path = re.sub(r"\{\w+\}", "x", route.path)
        form = {"_csrf": csrf.token_for(self.house.keyring.cookie_key("csrf"), token)}
        answer = (
            self.http.get(path, follow_redirects=False)
            if route.method == "GET"
            else self.http.post(path, data=form, follow_redirects=False)
        )
        return answer.status_code, answer.headers.get("location", "").split("?")[0]

    def _holder(self, route: Route) -> str:
        for persona in PERSONAS:
            if self.house.holds(self.network.viewer(persona.key), route.permission):
                return persona.key
        raise AssertionError(f"nobody of the demo holds {route.permission}")


def routes(visitor: Visitor) -> tuple[Route, ...]:
    return tuple(visitor.http.app.state.routes)  # type: ignore[attr-defined]


def test_what_concerns_a_woman_is_marked(visitor: Visitor) -> None:
    """A new route of these permissions is marked too, in a plugin as in the core."""
    found = routes(visitor)
    low = [route.name for route in found if route.permission in CONTENT and route.assurance < Assurance.SECOND_FACTOR]
    assert low == []
    named = {route.name: route.assurance for route in found}
    assert {name for name in BY_NAME if named[name] < Assurance.SECOND_FACTOR} == set()


def test_a_password_alone_stops_at_every_marked_route(visitor: Visitor) -> None:
    walker = Walker(visitor, second_factor=False)
    marked = [route for route in routes(visitor) if route.assurance >= Assurance.SECOND_FACTOR]
    assert len(marked) > 60
    wrong = {}
    for route in marked:
        expected = (303 if route.method == "GET" else 307, "/connexion/facteur")
        if (got := walker.ask(route)) != expected:
            wrong[f"{route.method} {route.path}"] = got
    assert wrong == {}
    walker.ask(next(route for route in marked if route.name == "referrals.queue"))
    fragment = visitor.http.get("/demandes", headers={"x-fragment": "1"}, follow_redirects=False)
    assert fragment.status_code == 401, "a refresh by a script is refused too"


def test_what_is_grave_asks_for_a_factor_of_the_last_five_minutes(visitor: Visitor) -> None:
    grave = [route for route in routes(visitor) if route.assurance is Assurance.STEP_UP]
    assert {"accounts.passkey.remove", "accounts.totp.remove", "accounts.recovery.print"} <= {r.name for r in grave}
    never = Walker(visitor, second_factor=True)
    late = Walker(visitor, second_factor=True, stepped_up=timedelta(minutes=5, seconds=1))
    lately = Walker(visitor, second_factor=True, stepped_up=timedelta(minutes=4, seconds=59))
    for route in grave:
        assert never.ask(route)[1] == "/confirmer", route.path
        assert late.ask(route)[1] == "/confirmer", route.path
        assert lately.ask(route)[1] != "/confirmer", route.path


def test_no_public_page_asks_a_factor_of_the_public(visitor: Visitor) -> None:
    """The home page is public: only who is signed in is asked."""
    gated = [r.path for r in routes(visitor) if r.permission == PUBLIC and r.assurance >= Assurance.SECOND_FACTOR]
    assert gated == ["/"]
    visitor.become(None)
    assert visitor.get("/").status_code == 200
