"""A provider says that a person left: sessions and live streams end within a second (security S11)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from core.accounts.agreements import IN_FORCE
from core.accounts.jobs import jobs
from core.accounts.models import LoginSession, LogoutTokenSeen, ProviderAttempt
from core.accounts.services import accept_agreements
from core.kernel.clock import FixedClock
from core.testing import NOW, LiveServer
from core.testing.network import Network, Visitor, fresh_network, visiting
from tests.support.fair import Watch
from tests.support.live import only_when_told, stream
from tests.support.provider import EVENT, RunningProvider
from tests.support.signing_in import (
    OTHER_SLUG,
    OTHER_TENANT,
    SLUG,
    TENANT,
    behave,
    connect,
    forget_throttles,
    leave,
    logged_reasons,
    open_sessions,
    sign_in,
)

PATH = "/connexion/organisme/deconnexion"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, provider: RunningProvider) -> Iterator[Visitor]:
    with fresh_network("sqlite", tmp_path_factory.mktemp("logout"), FixedClock(NOW)) as network:
        connect(network, provider)
        with visiting(network) as browsing:
            behave(network, provider)
            assert sign_in(browsing, provider).status_code == 303
            yield browsing


@pytest.fixture
def visitor(shared: Visitor) -> Visitor:
    forget_throttles(shared.network)
    return shared


def tell(visitor: Visitor, token: str, **options: Any) -> Any:
    """What the provider's server sends: no cookie, no form token, no Origin."""
    cookies, visitor.http.cookies = visitor.http.cookies, httpx2.Cookies()
    try:
        return visitor.http.post(PATH, data={"logout_token": token}, **options)
    finally:
        visitor.http.cookies = cookies


def of_provider(network: Network) -> list[Any]:
    return [one for one in open_sessions(network) if one.factor == "provider"]


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "nonce present": ("logout_nonce", {"claims": {"nonce": "x"}}),
    "no events": ("logout_events", {"without": ["events"]}),
    "another event": ("logout_events", {"claims": {"events": {"http://exemple.test/autre": {}}}}),
    "an event that is no object": ("logout_events", {"claims": {"events": {EVENT: True}}}),
    "wrong typ": ("logout_type", {"header": {"typ": "JWT"}}),
    "neither sub nor sid": ("logout_nobody", {"without": ["sub", "sid"]}),
    "blank sub and sid": ("logout_nobody", {"claims": {"sub": "", "sid": " "}}),
    "no jti": ("jti_missing", {"without": ["jti"]}),
    "an issuer nobody knows": ("issuer_unknown", {"claims": {"iss": "https://ailleurs.example"}}),
    "another audience": ("issuer_unknown", {"claims": {"aud": "un-autre"}}),
    "issued six minutes ago": ("issued_too_old", {"shifted": {"iat": -361}}),
    "issued tomorrow": ("issued_in_future", {"shifted": {"iat": 86_400}}),
    "no time of issue": ("issued_missing", {"without": ["iat"]}),
    "expired": ("expired", {"shifted": {"exp": -61}}),
    "unsigned": ("algorithm_refused", {"signature": "none"}),
    "public key as a secret": ("algorithm_refused", {"signature": "public_key_as_secret"}),
    "another key": ("signature_wrong", {"signing_key": "cle-2"}),
    "altered after signing": ("signature_wrong", {"signature": "altered_claims"}),
    "no token": ("token_malformed", {"signature": "not_a_token"}),
    "an ID token": ("logout_type", {"header": {"typ": "JWT"}, "without": ["events"], "claims": {"nonce": "x"}}),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_wrong_logout_token_ends_nothing_and_is_refused_by_name(
    visitor: Visitor, provider: RunningProvider, name: str
) -> None:
    reason, behaviour = REFUSED[name]
    behave(visitor.network, provider, **behaviour)
    with logged_reasons() as reasons:
        answer = tell(visitor, provider.logout_token(TENANT))
    assert (answer.status_code, reasons) == (400, [reason])
    assert answer.json() == {"error": "invalid_request"}
    assert answer.headers["cache-control"] == "no-store"
    assert len(of_provider(visitor.network)) == 1


def test_a_logout_token_ends_the_session_once_and_needs_no_form_token(
    visitor: Visitor, provider: RunningProvider
) -> None:
    """Exempt from the anti-forgery token by design; nothing else is, and its cookies are worth nothing there."""
    network = visitor.network
    behave(network, provider, claims={"sid": "une-autre-session"})
    assert tell(visitor, provider.logout_token(TENANT)).status_code == 200
    behave(network, provider, claims={"sub": "une-autre-personne"}, without=["sid"])
    assert tell(visitor, provider.logout_token(TENANT)).status_code == 200
    assert len(of_provider(network)) == 1, "somebody else's logout ends nothing of hers"
    behave(network, provider, without=["sid"])
    token = provider.logout_token(TENANT)
    foreign = {"origin": "https://ailleurs.example", "sec-fetch-site": "cross-site"}
    answer = tell(visitor, token, headers=foreign)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert of_provider(network) == []
    with logged_reasons() as reasons:
        assert tell(visitor, token).status_code == 400
    assert reasons == ["logout_replayed"]
    assert visitor.http.post("/deconnexion", headers=foreign).status_code == 403


def test_a_logout_finds_the_session_under_the_name_it_took_when_it_was_unlocked(
    visitor: Visitor, provider: RunningProvider
) -> None:
    """A provider may give another `sid` when it asks for a fresh proof: the old one means nothing any more."""
    network = visitor.network
    network.clock.advance(timedelta(minutes=20))
    behave(network, provider, claims={"sid": "session-2"})
    assert sign_in(visitor, provider).status_code == 303
    behave(network, provider, claims={"sid": "session-1"}, without=["sub"])
    assert tell(visitor, provider.logout_token(TENANT)).status_code == 200
    assert len(of_provider(network)) == 1
    behave(network, provider, claims={"sid": "session-2"}, without=["sub"])
    assert tell(visitor, provider.logout_token(TENANT)).status_code == 200
    assert of_provider(network) == []


def test_only_that_route_is_called_by_a_server(visitor: Visitor) -> None:
    """The exemption is one route, public, which sees nobody whatever cookie comes with the request."""
    machine = [route for route in visitor.http.app.state.routes if route.machine]  # type: ignore[attr-defined]
    assert [(route.method, route.path, route.permission) for route in machine] == [("POST", PATH, "public")]
    seen: list[bool] = []
    house = visitor.http.app.state.house  # type: ignore[attr-defined]
    from core.kernel.web.adapter import Endpoint
    from core.kernel.web.routes import Data, machine_post

    def look(_session: Any, request: Any) -> Data:
        seen.append(request.viewer.is_anonymous)
        return Data({})

    visitor.become("calacs-chrysalide")
    probe = httpx2.ASGITransport(app=Endpoint(machine_post("/", look, name="probe", max_body=1000), house))

    async def ask() -> int:
        async with httpx2.AsyncClient(transport=probe, base_url="http://127.0.0.1") as http:
            http.cookies.update(dict(visitor.http.cookies))
            return (await http.post("/", data={"a": "b"})).status_code

    assert asyncio.run(ask()) == 200
    assert seen == [True]


def test_one_provider_cannot_sign_out_the_people_of_another(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    connect(network, provider, slug=OTHER_SLUG, tenant=OTHER_TENANT, allowed_domains=("autre.test",))
    behave(network, provider, OTHER_TENANT, claims={"email": "camille@autre.test"})
    behave(network, provider)
    visitor.http.cookies.clear()
    assert sign_in(visitor, provider).status_code == 303
    behave(network, provider, OTHER_TENANT)
    assert tell(visitor, provider.logout_token(OTHER_TENANT)).status_code == 200
    # Its own key over the other's name
    behave(network, provider, OTHER_TENANT, claims={"iss": provider.issuer(TENANT)}, signing_key="cle-2")
    with logged_reasons() as reasons:
        assert tell(visitor, provider.logout_token(OTHER_TENANT)).status_code == 400
    assert reasons == ["signature_wrong"]
    assert len(of_provider(network)) == 1


def test_what_is_remembered_of_tokens_and_attempts_is_forgotten(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    visitor.http.cookies.clear()
    behave(network, provider)
    tell(visitor, provider.logout_token(TENANT))
    leave(visitor)

    def left(after: timedelta) -> tuple[bool, bool]:
        with network.database.transaction() as session:
            for job in jobs:
                if job.name == "accounts.sessions":
                    job.run(session, visitor.http.app.state.house, network.clock.now() + after)  # type: ignore[attr-defined]
            kept = [session.execute(select(model)).first() for model in (ProviderAttempt, LogoutTokenSeen)]
        return kept[0] is not None, kept[1] is not None

    assert left(timedelta(minutes=10)) == (True, True)
    assert left(timedelta(minutes=11)) == (False, True)
    assert left(timedelta(minutes=61)) == (False, False)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_live_stream_ends_within_a_second(
    engine: str,
    tmp_path: Path,
    clock: FixedClock,
    provider: RunningProvider,
    live_server: Callable[[Any], LiveServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only_when_told(monkeypatch)
    with fresh_network(engine, tmp_path, clock) as network:
        connect(network, provider, tenant=f"direct-{engine}")
        behave(network, provider, f"direct-{engine}")
        server = live_server(network.app())
        with visiting(network) as visitor:
            assert sign_in(visitor, provider).status_code == 303
            token = visitor.http.cookies["arrimage"]
        with network.database.transaction() as session:
            (one,) = session.execute(select(LoginSession).where(LoginSession.factor == "provider")).scalars()
            accept_agreements(session, one.user_id, network.organisation(SLUG), IN_FORCE, network.clock.now())
        colleague = network.token("calacs-coup-de-coeur")
        logout = provider.logout_token(f"direct-{engine}")

        def tell_server() -> int:
            with httpx2.Client(base_url=server.url, verify=False) as http:
                return http.post(PATH, data={"logout_token": logout}).status_code

        async def scenario() -> None:
            cookie, theirs = f"Cookie: arrimage={token}\r\n", f"Cookie: arrimage={colleague}\r\n"
            async with (
                stream(server.port, "", headers=cookie) as mine,
                stream(server.port, "", headers=theirs) as other,
            ):
                assert mine.status == other.status == 200
                with Watch() as watch:
                    assert await asyncio.to_thread(tell_server) == 200
                    done = time.perf_counter()
                    await mine.until_closed()
                    assert watch.between(done, mine.closed_at) < 1
                assert not other.closed.is_set(), "nobody else is cut"
            async with stream(server.port, "", headers=cookie) as again:
                assert again.status == 401

        asyncio.run(scenario())
