"""A session locked at an organisation with a provider: the same person opens the same session, and loses no form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.accounts import services
from core.accounts.agreements import IN_FORCE
from core.accounts.models import LoginSession
from core.kernel.clock import FixedClock
from core.testing.network import Network, Visitor, fresh_network, visiting
from tests.support.pages import csrf_of, words
from tests.support.provider import RunningProvider
from tests.support.signing_in import SLUG, asked, back, behave, connect, people, sign_in

EXIT = "/compte/autres-appareils"


@pytest.fixture
def visitor(tmp_path: Path, clock: FixedClock, provider: RunningProvider) -> Iterator[Visitor]:
    with fresh_network("sqlite", tmp_path, clock) as network:
        connect(network, provider)
        behave(network, provider)
        with visiting(network) as browsing:
            assert sign_in(browsing, provider).status_code == 303
            with network.database.transaction() as session:
                user_id = people(network)[-1].id
                services.accept_agreements(session, user_id, network.organisation(SLUG), IN_FORCE, clock.now())
            yield browsing


def sessions(network: Network) -> list[Any]:
    with network.database.transaction(write=False) as session:
        return list(session.execute(select(LoginSession).where(LoginSession.factor == "provider")).scalars())


def too_late(visitor: Visitor) -> Any:
    """A form whose button is pressed when the session has locked already: the page that keeps it."""
    token = csrf_of(visitor.get("/compte").text)
    visitor.network.clock.advance(timedelta(minutes=20))
    form = {"_csrf": token, "note": "écrit avant", "cases": ["a", "b"]}
    answer = visitor.http.post(EXIT, data=form, follow_redirects=False)
    assert answer.status_code == 307
    kept = visitor.http.post(answer.headers["location"], data=form, follow_redirects=False)
    assert kept.status_code == 403
    assert "écrit avant" not in kept.text, "sealed under the lock"
    return kept


def way(page: str) -> str:
    found = re.search(r'href="(/connexion/organisme/[^"]+)"([^>]*)', page)
    assert found is not None
    assert 'target="_blank"' in found.group(2), "this page, which holds the form, stays"
    return found.group(1)


def go_on(visitor: Visitor, kept: Any) -> Any:
    """*J'ai confirmé, continuer*, on the page that stayed."""
    fields = dict(re.findall(r'<input type="hidden" name="(suite|unlock_form|carried)" value="([^"]*)"', kept.text))
    assert fields["carried"]
    form = {"_csrf": csrf_of(kept.text), **fields}
    return visitor.http.post("/verrou", data=form, follow_redirects=False)


def test_the_same_person_opens_the_same_session_and_her_form_goes_on(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    before = visitor.http.cookies["arrimage"]
    kept = too_late(visitor)
    assert "votre page vous attend" in words(kept.text)
    # Pressed too early: still locked, nothing lost
    early = go_on(visitor, kept)
    assert (early.status_code, visitor.get("/session").json()) == (303, {"state": "locked"})
    behave(network, provider)
    location = visitor.get(way(kept.text)).headers["location"]
    assert (asked(location)["prompt"], asked(location)["max_age"]) == ("login", "0")
    assert back(visitor, provider.authorize(location)).status_code == 303
    (mine,) = sessions(network)
    assert (mine.ended_at, mine.locked_at, mine.stepped_up_at) == (None, None, network.clock.now())
    renewed = visitor.http.cookies["arrimage"]
    assert renewed != before
    assert renewed.partition(".")[2] == before.partition(".")[2], "the same session, under a new token"
    resumed = go_on(visitor, kept)
    assert resumed.status_code == 200
    assert f'action="{EXIT}' in resumed.text
    assert 'value="écrit avant"' in resumed.text
    assert re.findall(r'name="cases" value="(.)"', resumed.text) == ["a", "b"]


def test_somebody_else_behind_the_lock_opens_a_session_of_her_own_and_reads_nothing(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    kept = too_late(visitor)
    behave(network, provider, claims={"sub": "personne-2", "email": "collegue@exemple.test"})
    location = visitor.get(way(kept.text)).headers["location"]
    assert back(visitor, provider.authorize(location)).status_code == 303
    first, second = sorted(sessions(network), key=lambda one: one.created_at)
    assert (first.ended_at, second.ended_at) == (network.clock.now(), None)
    assert UUID(str(first.user_id)) != second.user_id
    assert "écrit avant" not in go_on(visitor, kept).text, "sealed for the session that is over"
