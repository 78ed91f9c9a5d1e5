"""The authorization code flow with PKCE: where to send a browser, and what its code is worth (Authlib's client)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]

from core.kernel.oidc.claims import Expected, Refused, check_at_hash, check_id_token, check_logout_token
from core.kernel.oidc.discovery import Provider, Providers
from core.kernel.oidc.outbound import Fetched, Reach, fetch
from core.kernel.oidc.tokens import ReadToken, read_token, token_header

SCOPE = "openid email profile"


@dataclass(frozen=True)
class Client:
    """What an organisation's provider knows us by. `auth_method`: client_secret_basic or client_secret_post."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    auth_method: str
    redirect_uri: str
    reach: Reach


@dataclass(frozen=True)
class Attempt:
    """The secrets of one sign-in. Nonce and PKCE verifier come from the state by a key: none of them is stored."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def of(cls, key: bytes, state: str) -> Attempt:
        """The attempt that `state` names; `key` is the application's own."""
        return cls(state, _derived(key, "nonce", state), _derived(key, "verifier", state))


@dataclass(frozen=True)
class Recognised:
    """Whom a provider recognised: the claims of a verified ID token."""

    claims: Mapping[str, Any] = field(repr=False)


def authorization_address(client: Client, provider: Provider, attempt: Attempt, **asked: str) -> str:
    """The provider's page, with everything it must be told. `asked`: acr_values, prompt, max_age."""
    url, _state = _authlib(client).create_authorization_url(
        provider.authorization_endpoint,
        state=attempt.state,
        code_verifier=attempt.verifier,
        nonce=attempt.nonce,
        **asked,
    )
    return str(url)


def recognise(
    providers: Providers,
    client: Client,
    attempt: Attempt,
    code: str,
    *,
    acr: tuple[str, ...],
    amr: tuple[str, ...],
    now: datetime,
    signed_in_since: float | None = None,
) -> Recognised:
    """Exchange the code and verify the ID token that comes. Speaks to the network. Raises Refused."""
    provider = providers.provider(client.issuer, client.reach)
    tokens = _exchange(client, provider, attempt, code)
    token = tokens.get("id_token")
    if not isinstance(token, str):
        raise Refused("id_token_missing")
    read = _verified(providers, client, token)
    expected = Expected(client.issuer, client.client_id, attempt.nonce, acr, amr, signed_in_since)
    check_id_token(read.claims, expected, now)
    check_at_hash(read.claims, read.algorithm, tokens.get("access_token"))
    return Recognised(read.claims)


def logout_claims(providers: Providers, client: Client, token: str, now: datetime) -> Mapping[str, Any]:
    """The claims of a logout token of that provider; may ask it for its keys over the network. Raises Refused."""
    read = _verified(providers, client, token)
    check_logout_token(read.header, read.claims, client.issuer, client.client_id, now)
    return read.claims


def check_answer(query: Mapping[str, str], provider: Provider) -> str:
    """The code in what the provider sent back by the browser. Raises Refused.

    An answer of another provider is refused by its `iss` (RFC 9207), which is asked of those who promise it.
    """
    if "iss" in query and query["iss"] != provider.issuer:
        raise Refused("answer_issuer_wrong")
    if "iss" not in query and provider.names_itself:
        raise Refused("answer_issuer_missing")
    if "error" in query:
        raise Refused("denied" if query["error"] == "access_denied" else "provider_error")
    code = query.get("code", "")
    if not code or len(code) > 4000:
        raise Refused("code_missing")
    return code


def _verified(providers: Providers, client: Client, token: str) -> ReadToken:
    header = token_header(token)
    return read_token(token, providers.key(client.issuer, client.reach, header), header)


def _exchange(client: Client, provider: Provider, attempt: Attempt, code: str) -> dict[str, Any]:
    try:
        found = _authlib(client).fetch_token(
            provider.token_endpoint, grant_type="authorization_code", code=code, code_verifier=attempt.verifier
        )
    except OAuth2Error:
        raise Refused("code_refused") from None
    except (ValueError, TypeError):
        raise Refused("token_answer_malformed") from None
    return dict(found)


class _TokenAnswer:
    """The part of a response that Authlib reads."""

    def __init__(self, fetched: Fetched) -> None:
        self._fetched = fetched
        self.status_code = fetched.status

    def json(self) -> dict[str, Any]:
        return self._fetched.json("token_answer_not_json")

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise Refused("token_endpoint_status")


class _Transport:
    """The part of an HTTP session that Authlib's client speaks to; its requests go by `fetch`."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _TokenAnswer:
        asked, signed, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _TokenAnswer(fetch(asked, self._reach, method="POST", headers=signed, body=body))


def _authlib(client: Client) -> Any:
    return OAuth2Client(
        _Transport(client.reach),
        client_id=client.client_id,
        client_secret=client.secret,
        token_endpoint_auth_method=client.auth_method,
        scope=SCOPE,
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
    )


def _derived(key: bytes, use: str, state: str) -> str:
    digest = hmac.digest(key, f"{use}:{state}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
