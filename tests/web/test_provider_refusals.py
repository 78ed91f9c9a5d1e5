"""Malformed, stolen, replayed or weak: what a provider may send, each refused by its own name (security S8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from core.accounts.models import IdentityProvider, ProviderSubject
from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.kernel.oidc import PROVIDERS
from core.testing import NOW
from core.testing.network import Visitor, fresh_network, visiting
from tests.support.provider import RunningProvider
from tests.support.signing_in import (
    SLUG,
    TENANT,
    asked,
    back,
    behave,
    connect,
    forget_throttles,
    leave,
    logged_reasons,
    open_sessions,
    sign_in,
    signed_in,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, provider: RunningProvider) -> Iterator[Visitor]:
    """One network for every case: a refusal leaves nothing behind, which each case proves."""
    with fresh_network("sqlite", tmp_path_factory.mktemp("refusals"), FixedClock(NOW)) as network:
        connect(network, provider, required_amr=("mfa",))
        with visiting(network) as browsing:
            yield browsing


@pytest.fixture
def visitor(shared: Visitor) -> Visitor:
    forget_throttles(shared.network)
    shared.http.cookies.clear()
    PROVIDERS.__init__()  # type: ignore[misc]
    return shared


@dataclass(frozen=True)
class Case:
    """What the provider does, and the name of the refusal."""

    name: str
    reason: str
    status: int = 403
    behaviour: dict[str, Any] = field(default_factory=dict)


def case(name: str, reason: str, status: int = 403, **behaviour: Any) -> Any:
    return pytest.param(Case(name, reason, status, behaviour), id=name)


DEEP = "[" * 60_000
TOKENS = [
    case("issuer of another", "issuer_wrong", claims={"iss": "https://ailleurs.example"}),
    case("no issuer", "issuer_wrong", without=["iss"]),
    case("audience of another client", "audience_wrong", claims={"aud": "un-autre"}),
    case("audience that is no text", "audience_wrong", claims={"aud": [["arrimage"], 3]}),
    case("no audience", "audience_wrong", without=["aud"]),
    case("two audiences and no azp", "azp_missing", claims={"aud": ["arrimage", "un-autre"]}),
    case("azp of another", "azp_wrong", claims={"aud": ["arrimage", "un-autre"], "azp": "un-autre"}),
    case("azp of another for one audience", "azp_wrong", claims={"azp": "un-autre"}),
    case("no nonce", "nonce_missing", without=["nonce"]),
    case("another nonce", "nonce_wrong", claims={"nonce": "x" * 43}),
    case("expired", "expired", shifted={"exp": -61}),
    case("no expiry", "expiry_missing", without=["exp"]),
    case("an expiry that is a truth value", "expiry_missing", claims={"exp": True}),
    case("an endless expiry", "expiry_missing", claims={"exp": 1e300}),
    case("issued tomorrow", "issued_in_future", shifted={"iat": 86_400}),
    case("issued an hour ago", "issued_too_old", shifted={"iat": -3600}),
    case("no time of issue", "issued_missing", without=["iat"]),
    case("not valid yet", "not_yet_valid", shifted={"nbf": 3600}),
    case("no subject", "subject_missing", without=["sub"]),
    case("an empty subject", "subject_wrong", claims={"sub": "   "}),
    case("a subject that is a number", "subject_wrong", claims={"sub": 7}),
    case("an endless subject", "subject_wrong", claims={"sub": "a" * 256}),
    case("at_hash of another access token", "at_hash_wrong", claims={"at_hash": "A" * 22}),
    case("at_hash without access token", "at_hash_wrong", token_answer={"access_token": None}),
    case("acr too low", "acr_insufficient", claims={"acr": "faible"}),
    case("no acr", "acr_insufficient", without=["acr"]),
    case("an acr that is a list", "acr_insufficient", claims={"acr": ["fort"]}),
    case("no amr", "amr_insufficient", without=["amr"]),
    case("amr without the factor", "amr_insufficient", claims={"amr": ["pwd"]}),
    case("unsigned", "algorithm_refused", signature="none"),
    case("signed with the public key as a secret", "algorithm_refused", signature="public_key_as_secret"),
    case("signed with the client's secret", "algorithm_refused", signature="client_secret"),
    case("signed by a key nobody published", "key_unknown", header={"kid": "inconnue"}),
    case("signed by another key under the right name", "signature_wrong", signing_key="cle-2"),
    case("claims altered after signing", "signature_wrong", signature="altered_claims"),
    case("no token at all", "token_malformed", signature="not_a_token"),
    case("claims that are no object", "token_malformed", signature="not_json"),
]
PEOPLE = [
    case("e-mail not verified", "email_unverified", claims={"email_verified": False}),
    case("e-mail said verified by nothing", "email_unverified", without=["email_verified"]),
    case("no e-mail", "email_missing", without=["email"]),
    case("an e-mail that is none", "email_missing", claims={"email": "camille arobase exemple"}),
    case("e-mail outside the domains", "email_outside", claims={"email": "camille@ailleurs.test"}),
    case("e-mail of a subdomain", "email_outside", claims={"email": "camille@sous.exemple.test"}),
    case("e-mail whose name is a domain", "email_outside", claims={"email": "exemple.test@ailleurs.test"}),
]
ANSWERS = [
    case("she gave up there", "denied", answer={"code": None, "error": "access_denied"}),
    case("an error there", "provider_error", answer={"code": None, "error": "server_error"}),
    case("no code", "code_missing", answer={"code": None}),
    case("iss of another", "answer_issuer_wrong", answer={"iss": "https://ailleurs.example"}),
    case("no iss though promised", "answer_issuer_missing", answer={"iss": None}),
    case("a code that is not theirs", "code_refused", answer={"code": "inventé"}),
    case("token endpoint in trouble", "token_endpoint_status", 503, token_status=500),
    case("token answer that is no JSON", "token_answer_not_json", 503, token_body="<html>bonjour</html>"),
    case("token answer too deep to read", "token_answer_not_json", 503, token_body=DEEP),
    case("token answer that is a list", "token_answer_not_json", 503, token_body="[]"),
    case("token answer with odd numbers", "token_answer_malformed", 503, token_answer={"expires_in": "bientôt"}),
    case("no ID token", "id_token_missing", token_answer={"id_token": None}),
    case("an ID token that is an object", "id_token_missing", token_answer={"id_token": {"sub": "x"}}),
    case("keys that are no JSON", "keys_not_json", 503, keys_body="non"),
    case("no key", "keys_missing", 503, keys_empty=True),
]
DOCUMENTS = [
    case("document of another issuer", "discovery_issuer", 503, configuration={"issuer": "https://ailleurs.example"}),
    case("document in trouble", "discovery_status", 503, configuration_status=500),
    case("document that is no JSON", "discovery_not_json", 503, configuration_body="<html>"),
    case("document without endpoint", "discovery_incomplete", 503, configuration={"token_endpoint": None}),
    case("document without the code flow", "discovery_incomplete", 503,
         configuration={"response_types_supported": ["id_token"]}),
    case("document that leads elsewhere", "redirected", 503, configuration_elsewhere="http://169.254.169.254/"),
    case("document without end", "too_large", 503, configuration_body="x" * 1000, configuration_times=400),
    case("endpoint on a private network", "address_refused", 503,
         configuration={"jwks_uri": "http://10.0.0.5/jwks"}),
    case("endpoint that is a file", "address_refused", 503, configuration={"token_endpoint": "file:///etc/passwd"}),
]  # fmt: skip


def nothing_happened(visitor: Visitor, answer: Any) -> None:
    """No session, no account, nothing of the provider on the page, no French missing."""
    assert not signed_in(visitor)
    network = visitor.network
    assert not [one for one in open_sessions(network) if one.factor == "provider"]
    with network.database.transaction(write=False) as session:
        assert session.execute(select(ProviderSubject)).first() is None
    assert "La connexion n’a pas abouti" in answer.text
    for word in ("exemple.test", "camille", "personne-1", "server_error", "jeton", "id_token", "169.254"):
        assert word not in answer.text.lower()


@pytest.mark.parametrize("one", [*TOKENS, *PEOPLE, *ANSWERS])
def test_what_comes_back_is_refused_by_name(visitor: Visitor, provider: RunningProvider, one: Case) -> None:
    behave(visitor.network, provider)
    location = leave(visitor)
    behave(visitor.network, provider, **one.behaviour)
    with logged_reasons() as reasons:
        answer = back(visitor, provider.authorize(location))
    assert (answer.status_code, reasons) == (one.status, [one.reason])
    nothing_happened(visitor, answer)


@pytest.mark.parametrize("one", DOCUMENTS)
def test_a_document_is_refused_by_name_before_anybody_leaves(
    visitor: Visitor, provider: RunningProvider, one: Case
) -> None:
    behave(visitor.network, provider, **one.behaviour)
    visitor.get("/connexion/organisme")
    with logged_reasons() as reasons:
        answer = visitor.get(f"/connexion/organisme/{SLUG}")
    assert (answer.status_code, reasons) == (one.status, [one.reason])
    nothing_happened(visitor, answer)


def test_the_same_provider_lets_in_when_nothing_is_wrong(shared: Visitor, provider: RunningProvider) -> None:
    """The positive control of every case above: the same network, the same walk. It also leaves no trace."""
    forget_throttles(shared.network)
    shared.http.cookies.clear()
    behave(shared.network, provider)
    location = provider.authorize(leave(shared))
    with shared.network.database.transaction(write=False) as session:
        before = session.execute(select(IdentityProvider.last_refusal)).scalar_one()
    assert before is not None, "whoever mends the settings sees the last refusal"
    with visiting(shared.network) as other, logged_reasons() as reasons:
        other.get("/connexion/organisme")
        answer = back(other, location)
    assert (answer.status_code, reasons) == (400, ["state_other_browser"])
    with logged_reasons() as reasons:
        assert back(shared, location).status_code == 400
    assert reasons == ["state_unknown"], "shown from elsewhere, a state never serves again"
    nothing_happened(shared, answer)
    with shared.network.database.transaction(write=False) as session:
        assert session.execute(select(IdentityProvider.last_refusal)).scalar_one() == before


def test_a_state_serves_once_for_ten_minutes_and_is_never_guessed(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    behave(network, provider)
    for state in ("", "x" * 43, asked(leave(visitor))["state"][:-1]):
        with logged_reasons() as reasons:
            answer = visitor.get(f"/connexion/organisme/{SLUG}/retour?code=abc&state={state}")
        assert (answer.status_code, reasons) == (400, ["state_unknown"])
        nothing_happened(visitor, answer)
    location = provider.authorize(leave(visitor))
    network.clock.advance(timedelta(minutes=10))
    with logged_reasons() as reasons:
        assert back(visitor, location).status_code == 400
    assert reasons == ["state_expired"]
    network.clock.advance(timedelta(minutes=-10))
    behave(network, provider, claims={"acr": "faible"})
    location = provider.authorize(leave(visitor))
    with logged_reasons() as reasons:
        assert back(visitor, location).status_code == 403
        assert back(visitor, location).status_code == 400
    assert reasons == ["acr_insufficient", "state_unknown"], "refused or not, it is spent"


def test_a_provider_that_never_ends_its_answer_is_left_after_five_seconds(
    visitor: Visitor, provider: RunningProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.kernel.oidc import outbound

    monkeypatch.setattr(outbound.fetch, "__kwdefaults__", {**(outbound.fetch.__kwdefaults__ or {}), "seconds": 0.4})
    behave(visitor.network, provider)
    location = leave(visitor)
    behave(visitor.network, provider, token_sleeps=1.2)
    with logged_reasons() as reasons:
        assert back(visitor, provider.authorize(location)).status_code == 503
    assert reasons == ["timed_out"]


def test_nothing_of_a_refusal_is_in_the_log_but_its_name(
    visitor: Visitor, provider: RunningProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.kernel import log

    behave(visitor.network, provider)
    location = leave(visitor)
    behave(visitor.network, provider, claims={"email": "camille@ailleurs.test"})
    log.configure()
    try:
        answered = provider.authorize(location)
        back(visitor, answered)
    finally:
        import structlog

        structlog.reset_defaults()
    written = capsys.readouterr().err
    assert '"reason": "email_outside"' in written
    code, state = (asked(answered)[name] for name in ("code", "state"))
    for secret in ("camille", "ailleurs", "personne-1", code, state, urlsplit(provider.url).netloc, TENANT):
        assert secret not in written


def test_without_a_keyring_of_the_same_kind_no_attempt_is_taken(tmp_path: Path) -> None:
    """Nonce and verifier come from the state by this installation's key: another installation makes others."""
    from core.kernel.oidc import Attempt

    mine, theirs = (Keyring.generate(tmp_path / name).cookie_key("provider.attempt") for name in ("a", "b"))
    one, again, other = Attempt.of(mine, "état"), Attempt.of(mine, "état"), Attempt.of(theirs, "état")
    assert one == again
    assert len({one.nonce, one.verifier, other.nonce, other.verifier, one.state}) == 5
    assert "état" not in repr(one)


def test_sign_in_helper_is_the_walk_that_is_refused(visitor: Visitor, provider: RunningProvider) -> None:
    behave(visitor.network, provider)
    assert sign_in(visitor, provider).status_code == 303
