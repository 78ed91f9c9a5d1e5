"""What the claims of an ID token or a logout token must say. Pure: the time is passed in.

Rules: OpenID Connect Core 1.0 §3.1.3.7 (ID token), §3.1.3.6 (at_hash); Back-Channel Logout 1.0 §2.4 to §2.6.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: Two clocks may differ by this much (seconds).
LEEWAY = 60
#: A token that answers a code was made just now; older, it was kept (seconds).
OLDEST_ID_TOKEN = 600
#: A logout token is sent when the person leaves (seconds). What was seen is remembered for longer.
OLDEST_LOGOUT_TOKEN = 300
LONGEST_SUBJECT = 255
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPES = frozenset({"logout+jwt", "application/logout+jwt"})


class Refused(Exception):
    """A sign-in or a logout is refused; `reason` is a code, for the log and for choosing a sentence."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Expected:
    """What a token must match. `acr`: one of these, `amr`: at least one of these; empty: nothing is asked.

    `signed_in_since` (epoch seconds): the person must have shown herself or himself to the provider since then.
    """

    issuer: str
    client_id: str
    nonce: str
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    signed_in_since: float | None = None

    @property
    def proves_second_factor(self) -> bool:
        """Whether a token that matches says how the person was recognised."""
        return bool(self.acr or self.amr)


def check_id_token(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    """Raises Refused with the name of the first claim that is wrong."""
    at = now.timestamp()
    _check_origin(claims, expected.issuer, expected.client_id)
    if text(claims, "sub", LONGEST_SUBJECT) is None:
        raise Refused("subject_missing" if "sub" not in claims else "subject_wrong")
    if seconds(claims, "exp", "expiry") <= at - LEEWAY:
        raise Refused("expired")
    _check_issued(claims, at, OLDEST_ID_TOKEN)
    nonce = text(claims, "nonce", 500)
    if nonce is None:
        raise Refused("nonce_missing")
    if not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise Refused("nonce_wrong")
    if expected.acr and claims.get("acr") not in expected.acr:
        raise Refused("acr_insufficient")
    if expected.amr and not set(expected.amr) & set(texts(claims.get("amr"))):
        raise Refused("amr_insufficient")
    if expected.signed_in_since is not None and seconds(claims, "auth_time", "auth_time") < (
        expected.signed_in_since - LEEWAY
    ):
        raise Refused("auth_time_old")


def check_at_hash(claims: Mapping[str, Any], algorithm: str, access_token: object) -> None:
    """The ID token and the access token came together, where the ID token says so."""
    if "at_hash" not in claims:
        return
    if not isinstance(access_token, str) or not isinstance(claims["at_hash"], str):
        raise Refused("at_hash_wrong")
    digest = hashlib.new(f"sha{algorithm[-3:]}", access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not hmac.compare_digest(half, claims["at_hash"].encode()):
        raise Refused("at_hash_wrong")


def check_logout_token(
    header: Mapping[str, Any], claims: Mapping[str, Any], issuer: str, client_id: str, now: datetime
) -> None:
    """Raises Refused with the name of the first thing that is wrong. Replays are the caller's to know."""
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in LOGOUT_TYPES:
        raise Refused("logout_type")
    at = now.timestamp()
    _check_origin(claims, issuer, client_id)
    if "nonce" in claims:
        raise Refused("logout_nonce")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise Refused("logout_events")
    if text(claims, "jti", 300) is None:
        raise Refused("jti_missing")
    if text(claims, "sub", LONGEST_SUBJECT) is None and text(claims, "sid", 300) is None:
        raise Refused("logout_nobody")
    if "exp" in claims and seconds(claims, "exp", "expiry") <= at - LEEWAY:
        raise Refused("expired")
    _check_issued(claims, at, OLDEST_LOGOUT_TOKEN)


def _check_origin(claims: Mapping[str, Any], issuer: str, client_id: str) -> None:
    if claims.get("iss") != issuer:
        raise Refused("issuer_wrong")
    audiences = texts(claims.get("aud"))
    if client_id not in audiences:
        raise Refused("audience_wrong")
    if len(audiences) > 1 and "azp" not in claims:
        raise Refused("azp_missing")
    if "azp" in claims and claims["azp"] != client_id:
        raise Refused("azp_wrong")


def _check_issued(claims: Mapping[str, Any], at: float, oldest: int) -> None:
    issued = seconds(claims, "iat", "issued")
    if issued > at + LEEWAY:
        raise Refused("issued_in_future")
    if issued < at - oldest - LEEWAY:
        raise Refused("issued_too_old")
    if "nbf" in claims and seconds(claims, "nbf", "not_before") > at + LEEWAY:
        raise Refused("not_yet_valid")


def seconds(claims: Mapping[str, Any], name: str, called: str) -> float:
    """A moment in epoch seconds; a truth value or a text is none. Raises Refused("<called>_missing")."""
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not abs(found) < 1e11:
        raise Refused(f"{called}_missing")
    return float(found)


def text(claims: Mapping[str, Any], name: str, longest: int) -> str | None:
    """A claim that is a text of that length at most, and not blank; else None."""
    found = claims.get(name)
    return found if isinstance(found, str) and found.strip() and len(found) <= longest else None


def texts(found: object) -> tuple[str, ...]:
    """A text or a list of texts, as a tuple; whatever else is in a list makes it nothing."""
    if isinstance(found, str):
        return (found,)
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return tuple(found)
    return ()
