"""What a provider publishes of itself: its document and its keys, asked once in a while and kept in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.kernel.oidc.claims import Refused, texts
from core.kernel.oidc.outbound import Reach, checked_address, fetch
from core.kernel.oidc.tokens import SignatureKey, key_for, signature_keys

WELL_KNOWN = "/.well-known/openid-configuration"
#: Seconds a document or a set of keys is kept.
KEPT = 600.0
#: A token that names an unknown key has the keys asked again, once in so many seconds: forged ones cost no more.
ASKED_AGAIN = 30.0
#: Providers remembered at once.
MOST_PROVIDERS = 200


@dataclass(frozen=True)
class Provider:
    """What sign-in needs of a provider's document. Lists are empty where it says nothing."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    #: It promises the `iss` parameter with every answer (RFC 9207).
    names_itself: bool
    auth_methods: tuple[str, ...]
    challenge_methods: tuple[str, ...]
    algorithms: tuple[str, ...]
    acr_values: tuple[str, ...]
    backchannel_logout: bool


@dataclass
class _Kept:
    provider: Provider
    until: float
    keys: tuple[SignatureKey, ...] = ()
    keys_until: float = 0.0
    asked_again: float = -ASKED_AGAIN


class Providers:
    """The documents and keys this process knows; threads share it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, Reach], _Kept] = {}

    def provider(self, issuer: str, reach: Reach, *, afresh: bool = False) -> Provider:
        """The provider's document, asked when none is kept. Raises Refused."""
        return self._entry(issuer, reach, afresh=afresh).provider

    def keys(self, issuer: str, reach: Reach, *, afresh: bool = False) -> tuple[SignatureKey, ...]:
        """The keys it signs with. Raises Refused, also when none of them may sign here (`keys_missing`)."""
        entry = self._entry(issuer, reach)
        with self._lock:
            kept = entry.keys if entry.keys_until > self._monotonic() and not afresh else ()
        if kept:
            return kept
        document = _ask(entry.provider.jwks_uri, reach, "keys")
        keys = signature_keys(document)
        if not keys:
            raise Refused("keys_missing")
        with self._lock:
            entry.keys, entry.keys_until = keys, self._monotonic() + KEPT
        return keys

    def key(self, issuer: str, reach: Reach, header: Mapping[str, Any]) -> SignatureKey:
        """The key that a token's header names; asked again once when unknown. Raises Refused("key_unknown")."""
        found = key_for(header, self.keys(issuer, reach))
        if found is None and self._may_ask_again(issuer, reach):
            found = key_for(header, self.keys(issuer, reach, afresh=True))
        if found is None:
            raise Refused("key_unknown")
        return found

    def _entry(self, issuer: str, reach: Reach, *, afresh: bool = False) -> _Kept:
        with self._lock:
            kept = self._kept.get((issuer, reach))
            if kept is not None and kept.until > self._monotonic() and not afresh:
                return kept
        found = discover(issuer, reach)
        fresh = _Kept(found, self._monotonic() + KEPT)
        with self._lock:
            if len(self._kept) >= MOST_PROVIDERS:
                self._kept.clear()
            self._kept[issuer, reach] = fresh
        return fresh

    def _may_ask_again(self, issuer: str, reach: Reach) -> bool:
        with self._lock:
            entry = self._kept.get((issuer, reach))
            if entry is None or self._monotonic() - entry.asked_again < ASKED_AGAIN:
                return False
            entry.asked_again = self._monotonic()
            return True


def discover(issuer: str, reach: Reach) -> Provider:
    """Ask a provider for its document and check that it is its own. Raises Refused."""
    checked_address(issuer, reach)
    document = _ask(issuer.rstrip("/") + WELL_KNOWN, reach, "discovery")
    if document.get("issuer") != issuer:
        raise Refused("discovery_issuer")
    if "code" not in texts(document.get("response_types_supported", "code")):
        raise Refused("discovery_incomplete")
    return Provider(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", reach),
        token_endpoint=_endpoint(document, "token_endpoint", reach),
        jwks_uri=_endpoint(document, "jwks_uri", reach),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        auth_methods=texts(document.get("token_endpoint_auth_methods_supported")),
        challenge_methods=texts(document.get("code_challenge_methods_supported")),
        algorithms=texts(document.get("id_token_signing_alg_values_supported")),
        acr_values=texts(document.get("acr_values_supported")),
        backchannel_logout=document.get("backchannel_logout_supported") is True,
    )


def _ask(url: str, reach: Reach, what: str) -> dict[str, Any]:
    answer = fetch(url, reach)
    if answer.status != 200:
        raise Refused(f"{what}_status")
    return answer.json(f"{what}_not_json")


def _endpoint(document: Mapping[str, Any], name: str, reach: Reach) -> str:
    found = document.get(name)
    if not isinstance(found, str):
        raise Refused("discovery_incomplete")
    checked_address(found, reach)
    return found


#: What this process knows of every provider.
PROVIDERS = Providers()
