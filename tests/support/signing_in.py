"""Walking through a sign-in by a provider without a browser: what each test of it shares."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from structlog.testing import capture_logs

from core.access.viewer import ANONYMOUS
from core.accounts.models import LoginSession, Throttle, User
from core.accounts.services.providers import ProviderSettings, set_provider
from core.testing.network import Network, Visitor
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, RunningProvider

SLUG, TENANT = "ajrj", "ajrj"
OTHER_SLUG, OTHER_TENANT = "la-clef", "clef"
DOMAIN = "exemple.test"


def connect(
    network: Network, provider: RunningProvider, slug: str = SLUG, tenant: str = TENANT, **changes: Any
) -> UUID:
    """Give an organisation its provider, in service; returns the provider's id."""
    organisation_id = network.organisation(slug)
    settings: dict[str, Any] = {
        "issuer": provider.issuer(tenant),
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "required_acr": ("fort",),
        "allowed_domains": (DOMAIN,),
        "enabled": True,
        **changes,
    }
    with network.database.transaction() as session:
        return set_provider(
            session,
            network.keyring,
            ANONYMOUS,
            organisation_id,
            ProviderSettings(**settings),
            network.clock.now(),
            loopback=True,
        )


def behave(network: Network, provider: RunningProvider, tenant: str = TENANT, **behaviour: Any) -> dict[str, int]:
    """What the tenant does from now on, at the network's standing clock."""
    return provider.behaves(tenant, network.clock.now().timestamp(), **behaviour)


def leave(visitor: Visitor, slug: str = SLUG, suite: str = "") -> str:
    """Go to the choice, then to the provider; returns the provider's address, or fails on anything else."""
    visitor.get("/connexion/organisme")
    answer = visitor.get(f"/connexion/organisme/{slug}" + (f"?suite={suite}" if suite else ""))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def back(visitor: Visitor, location: str) -> Any:
    """Follow the provider's redirect to our own address."""
    parts = urlsplit(location)
    return visitor.get(f"{parts.path}?{parts.query}")


def sign_in(visitor: Visitor, provider: RunningProvider, slug: str = SLUG, suite: str = "") -> Any:
    """The whole way, once; the answer to what the provider sent back."""
    return back(visitor, provider.authorize(leave(visitor, slug, suite)))


def asked(location: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def signed_in(visitor: Visitor) -> bool:
    """Whether this browser is somebody now (on the way to a second factor or an agreement counts)."""
    return "arrimage" in visitor.http.cookies


def people(network: Network, slug: str = SLUG) -> list[User]:
    """Everybody of an organisation, newest last."""
    with network.database.transaction(write=False) as session:
        mine = select(User).where(User.organisation_id == network.organisation(slug)).order_by(User.created_at, User.id)
        return list(session.execute(mine).scalars())


def open_sessions(network: Network) -> list[LoginSession]:
    """Sessions that have not ended."""
    with network.database.transaction(write=False) as session:
        return list(session.execute(select(LoginSession).where(LoginSession.ended_at.is_(None))).scalars())


def forget_throttles(network: Network) -> None:
    """Start every window anew, where many cases share one network."""
    with network.database.transaction() as session:
        session.execute(delete(Throttle))


class Reasons(list[str]):
    """Codes of the refusals that were logged."""


@contextmanager
def logged_reasons() -> Any:
    """Collect the reason of each refusal a provider's sign-in or logout meets."""
    found = Reasons()
    with capture_logs() as lines:
        yield found
    found.extend(line["reason"] for line in lines if str(line["event"]).startswith("provider_") and "reason" in line)
