"""Signatures: which keys of a provider may sign, with which algorithms, and reading a signed token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from core.kernel.oidc.claims import Refused

#: Only where the key that verifies cannot sign: neither `none` nor the HS family, whose key would be a public one.
ALGORITHMS: Mapping[str, str] = {
    **{f"{family}{size}": "RSA" for family in ("RS", "PS") for size in (256, 384, 512)},
    **{f"ES{size}": "EC" for size in (256, 384, 512)},
}
SHORTEST_RSA = 2048
LONGEST_TOKEN = 20_000


@dataclass(frozen=True)
class SignatureKey:
    """A public key of a provider. `algorithm`: the only one it may serve, when the provider says."""

    key: Any
    kid: str | None
    kind: str
    algorithm: str | None


@dataclass(frozen=True)
class ReadToken:
    """A token whose signature holds; its claims are still to be checked."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        """Its signature's algorithm, one of ALGORITHMS."""
        return str(self.header["alg"])


def signature_keys(document: Mapping[str, Any]) -> tuple[SignatureKey, ...]:
    """The keys of a JWKS that may sign here: RSA of 2048 bits at least, or elliptic; public, not for encryption."""
    found = []
    listed = document.get("keys")
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("kty") not in {"RSA", "EC"} or one.get("use", "sig") != "sig":
            continue
        try:
            key = jwk.import_key({name: one[name] for name in one if name not in {"d", "p", "q", "dp", "dq", "qi"}})
            if isinstance(key, jwk.RSAKey) and key.public_key.key_size < SHORTEST_RSA:
                continue
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        kid, algorithm = one.get("kid"), one.get("alg")
        found.append(
            SignatureKey(
                key,
                kid if isinstance(kid, str) else None,
                str(one["kty"]),
                algorithm if isinstance(algorithm, str) else None,
            )
        )
    return tuple(found)


def token_header(token: object) -> Mapping[str, Any]:
    """The header of a compact token, before its signature is known to hold. Raises Refused."""
    if not isinstance(token, str) or not token.isascii() or len(token) > LONGEST_TOKEN:
        raise Refused("token_malformed")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Refused("token_malformed") from None
    if header.get("alg") not in ALGORITHMS:
        raise Refused("algorithm_refused")
    return header


def unverified_claims(token: str) -> Mapping[str, Any]:
    """What a token says before anything is known of its signature: only good for finding whose it would be."""
    try:
        claims = jws.extract_compact(token.encode()).payload
        found = json.loads(claims)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise Refused("token_malformed") from None
    if not isinstance(found, dict):
        raise Refused("token_malformed")
    return found


def key_for(header: Mapping[str, Any], keys: tuple[SignatureKey, ...]) -> SignatureKey | None:
    """The key a header names; without a name, the only one of its kind. None: the provider published no such key."""
    algorithm, kid = str(header["alg"]), header.get("kid")
    fitting = [
        one
        for one in keys
        if one.kind == ALGORITHMS[algorithm] and one.algorithm in {None, algorithm} and (kid is None or one.kid == kid)
    ]
    return fitting[0] if len(fitting) == 1 else None


def read_token(token: str, key: SignatureKey, header: Mapping[str, Any]) -> ReadToken:
    """The token, once its signature is verified. Raises Refused("signature_wrong") or ("token_malformed")."""
    try:
        read = jwt.decode(token, key.key, algorithms=[str(header["alg"])])
    except JoseError as failure:
        raise Refused("token_malformed" if failure.error == "invalid_payload" else "signature_wrong") from None
    except (ValueError, TypeError, RecursionError):
        raise Refused("token_malformed") from None
    return ReadToken(read.header, read.claims)
