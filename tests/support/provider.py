"""A real OpenID Connect provider in a process of its own: `python -m tests.support.provider PORT`.

It holds several tenants, one per issuer (`http://127.0.0.1:PORT/<tenant>`), each with its own key, client and people.
`POST /_control/<tenant>` (JSON) changes what a tenant does next: the person it recognises, claims added or removed,
how the token is signed, what its endpoints answer. It verifies the client, the redirect address and PKCE for real.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

import httpx2
import uvicorn
from joserfc import jwk, jws, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from core.testing import free_port

CLIENT_ID, CLIENT_SECRET = "arrimage", "un-secret-long-et-fictif"
EVENT = "http://schemas.openid.net/event/backchannel-logout"

_RSA: dict[str, Any] = {}


def _key(name: str) -> Any:
    """One RSA key per name, made once a process: making one is slow."""
    if name not in _RSA:
        _RSA[name] = jwk.RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}, private=True)
    return _RSA[name]


@dataclass
class Tenant:
    """What one tenant does; `behaviour` is what the control changes."""

    issuer: str
    behaviour: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        return self.behaviour.get(name, default)

    @property
    def now(self) -> int:
        return int(self.get("now") or time.time())

    @property
    def kid(self) -> str:
        return str(self.get("kid", "cle-1"))

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def claims(self, nonce: str, access_token: str) -> dict[str, Any]:
        digest = hashlib.sha256(access_token.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": "personne-1",
            "aud": CLIENT_ID,
            "exp": self.now + 300,
            "iat": self.now,
            "auth_time": self.now,
            "nonce": nonce,
            "email": "camille@exemple.test",
            "email_verified": True,
            "name": "Camille Essai",
            "sid": "session-1",
            "acr": "fort",
            "amr": ["pwd", "mfa"],
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        return self.altered(claims)

    def altered(self, claims: dict[str, Any]) -> dict[str, Any]:
        claims.update(self.get("claims", {}))
        for name, seconds in self.get("shifted", {}).items():
            claims[name] = self.now + seconds
        for name in self.get("without", []):
            claims.pop(name, None)
        return claims

    def signed(self, claims: dict[str, Any], kind: str = "JWT") -> str:
        header = {"alg": "RS256", "typ": kind, "kid": self.kid, **self.get("header", {})}
        how = self.get("signature", "right")
        if how == "none":
            return _raw({**header, "alg": "none"}, claims, b"")
        if how == "public_key_as_secret":
            public = _key(self.kid).as_pem(private=False)
            return _hmac({**header, "alg": "HS256"}, claims, public)
        if how == "client_secret":
            return _hmac({**header, "alg": "HS256"}, claims, CLIENT_SECRET.encode())
        if how == "not_a_token":
            return "pas-un-jeton"
        if how == "not_json":
            return str(jws.serialize_compact(header, b"[1, 2", _key(self.kid), ["RS256"]))
        token = jwt.encode(header, claims, _key(self.get("signing_key", self.kid)), algorithms=[header["alg"]])
        if how == "altered_claims":
            head, _body, signature = token.split(".")
            return f"{head}.{_b64(json.dumps({**claims, 'sub': 'quelqu-un-d-autre'}).encode())}.{signature}"
        return str(token)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _raw(header: dict[str, Any], claims: dict[str, Any], signature: bytes) -> str:
    return f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}.{_b64(signature)}"


def _hmac(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    unsigned = _raw(header, claims, b"").rpartition(".")[0]
    return f"{unsigned}.{_b64(hmac.digest(secret, unsigned.encode(), 'sha256'))}"


class Provider:
    """The application of the process."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.tenants: dict[str, Tenant] = {}

    def tenant(self, request: Request) -> Tenant:
        name = request.path_params["tenant"]
        return self.tenants.setdefault(name, Tenant(f"{self.base}/{name}"))

    async def control(self, request: Request) -> Response:
        """Replace the behaviour of a tenant; answer with what it was asked so far."""
        tenant = self.tenant(request)
        tenant.behaviour = await request.json()
        counts, tenant.counts = tenant.counts, {}
        return JSONResponse(counts)

    async def configuration(self, request: Request) -> Response:
        tenant = self.tenant(request)
        tenant.count("configuration")
        if tenant.get("configuration_status"):
            return Response("indisponible", status_code=tenant.get("configuration_status"))
        if tenant.get("configuration_elsewhere"):
            return RedirectResponse(tenant.get("configuration_elsewhere"))
        if tenant.get("configuration_body") is not None:
            return Response(tenant.get("configuration_body") * int(tenant.get("configuration_times", 1)))
        document = {
            "issuer": tenant.issuer,
            "authorization_endpoint": f"{tenant.issuer}/authorize",
            "token_endpoint": f"{tenant.issuer}/token",
            "jwks_uri": f"{tenant.issuer}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": ["fort", "faible"],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            **tenant.get("configuration", {}),
        }
        return JSONResponse({name: value for name, value in document.items() if value is not None})

    async def keys(self, request: Request) -> Response:
        tenant = self.tenant(request)
        tenant.count("keys")
        if tenant.get("keys_body") is not None:
            return Response(tenant.get("keys_body"))
        published = [_key(tenant.kid).as_dict(private=False)] if not tenant.get("keys_empty") else []
        return JSONResponse({"keys": published})

    async def authorize(self, request: Request) -> Response:
        """Recognise the person at once, or show a page with a button (`page`)."""
        tenant, asked = self.tenant(request), dict(request.query_params)
        tenant.behaviour["asked"] = asked
        if tenant.get("page"):
            link = f"{tenant.issuer}/authorize/accept?{urlencode(asked)}"
            title = "Fournisseur d’essai"
            return HTMLResponse(
                f"<!doctype html><html lang=fr><title>{title}</title><h1>{title}</h1>"
                f'<p><a id="entrer" href="{link.replace("&", "&amp;")}">Entrer</a></p></html>'
            )
        return self._answer(tenant, asked)

    async def accept(self, request: Request) -> Response:
        return self._answer(self.tenant(request), dict(request.query_params))

    def _answer(self, tenant: Tenant, asked: dict[str, str]) -> Response:
        code = secrets.token_urlsafe(16)
        tenant.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": tenant.issuer, **tenant.get("answer", {})}
        answer = {name: value for name, value in answer.items() if value is not None}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", status_code=303)

    async def token(self, request: Request) -> Response:
        tenant = self.tenant(request)
        tenant.count("token")
        form = {name: str(value) for name, value in (await request.form()).items()}
        if tenant.get("token_status"):
            return Response("panne", status_code=tenant.get("token_status"))
        if tenant.get("token_body") is not None:
            return Response(tenant.get("token_body"))
        if tenant.get("token_sleeps"):
            time.sleep(tenant.get("token_sleeps"))
        if not _client_known(request, form):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        asked = tenant.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"] or not _pkce(asked, form):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        access = secrets.token_urlsafe(16)
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": 60}
        answer["id_token"] = tenant.signed(tenant.claims(asked.get("nonce", ""), access))
        answer.update(tenant.get("token_answer", {}))
        return JSONResponse({name: value for name, value in answer.items() if value is not None})

    async def logout_token(self, request: Request) -> Response:
        """A logout token of this tenant, altered as the control says."""
        tenant = self.tenant(request)
        claims = {
            "iss": tenant.issuer,
            "aud": CLIENT_ID,
            "iat": tenant.now,
            "exp": tenant.now + 120,
            "jti": secrets.token_urlsafe(8),
            "sub": "personne-1",
            "sid": "session-1",
            "events": {EVENT: {}},
        }
        return Response(tenant.signed(tenant.altered(claims), "logout+jwt"))


def _client_known(request: Request, form: dict[str, str]) -> bool:
    header = request.headers.get("authorization", "")
    if header.startswith("Basic "):
        name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        return (unquote(name), unquote(secret)) == (CLIENT_ID, CLIENT_SECRET)
    return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)


def _pkce(asked: dict[str, str], form: dict[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return asked.get("code_challenge_method") == "S256" and _b64(digest) == asked.get("code_challenge")


def application(base: str) -> Starlette:
    """The provider as an application."""
    provider = Provider(base)
    return Starlette(
        routes=[
            Route("/_control/{tenant}", provider.control, methods=["POST"]),
            Route("/{tenant}/.well-known/openid-configuration", provider.configuration),
            Route("/{tenant}/jwks", provider.keys),
            Route("/{tenant}/authorize", provider.authorize),
            Route("/{tenant}/authorize/accept", provider.accept),
            Route("/{tenant}/token", provider.token, methods=["POST"]),
            Route("/{tenant}/logout-token", provider.logout_token),
        ]
    )


@dataclass(frozen=True)
class RunningProvider:
    """A provider process, as a test speaks to it."""

    url: str
    http: httpx2.Client

    def issuer(self, tenant: str) -> str:
        return f"{self.url}/{tenant}"

    def behaves(self, tenant: str, now: float, **behaviour: Any) -> dict[str, int]:
        """From now on this tenant does that; returns how often each endpoint was asked since the last time."""
        answer = self.http.post(f"{self.url}/_control/{tenant}", json={"now": int(now), **behaviour})
        counts: dict[str, int] = answer.json()
        return counts

    def authorize(self, location: str) -> str:
        """What a browser does at the provider: follow the address, be sent back; returns where to."""
        answer = self.http.get(location)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def logout_token(self, tenant: str) -> str:
        return self.http.get(f"{self.issuer(tenant)}/logout-token").text


@contextmanager
def provider_process() -> Iterator[RunningProvider]:
    """A provider in a process of its own, stopped at the end."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.support.provider", str(port)], env={**os.environ})
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx2.Client(timeout=60, trust_env=False, verify=False) as http:
            deadline = time.monotonic() + 60  # it ends at once where the process did
            while True:
                try:
                    http.get(f"{url}/essai/jwks")
                    break
                except httpx2.TransportError:
                    if time.monotonic() > deadline or process.poll() is not None:
                        raise
                    time.sleep(0.05)
            yield RunningProvider(url, http)
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    uvicorn.run(
        application(f"http://127.0.0.1:{sys.argv[1]}"), host="127.0.0.1", port=int(sys.argv[1]), log_level="error"
    )
