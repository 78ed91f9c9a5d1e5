"""Reads about organisations' identity providers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.accounts.models import IdentityProvider, ProviderSubject
from core.accounts.services.provider_secret import read_secret
from core.accounts.services.providers import had_own_factor
from core.directory.models import Organisation
from core.directory.rules.text import sort_key
from core.directory.rules.words import Status, Tier
from core.kernel.crypto import Keyring
from core.kernel.oidc import Client, Reach

MOST_SHOWN = 60


@dataclass(frozen=True)
class ProviderView:
    """Everything about one organisation's provider; `secret` is in clear, for talking to it, never for a page."""

    id: UUID
    organisation_id: UUID
    slug: str
    organisation_name: str
    issuer: str
    client_id: str
    auth_method: str
    subject_claim: str
    email_claim: str
    verified_claim: str
    name_claim: str
    required_acr: tuple[str, ...]
    required_amr: tuple[str, ...]
    allowed_domains: tuple[str, ...]
    joining_roles: tuple[str, ...]
    internal_network: bool
    enabled: bool
    changed_at: datetime
    verified_at: datetime | None
    last_refusal: str | None
    last_refused_at: datetime | None
    secret: str = field(repr=False)

    @property
    def proves_second_factor(self) -> bool:
        """Whether a sign-in through it says how the person was recognised."""
        return bool(self.required_acr or self.required_amr)

    def client(self, public_url: str, *, loopback: bool) -> Client:
        """What it knows us by. `loopback`: this machine may be asked (demo, tests)."""
        reach = Reach(loopback=loopback, internal=self.internal_network)
        return Client(
            self.issuer, self.client_id, self.secret, self.auth_method, redirect_uri(public_url, self.slug), reach
        )


@dataclass(frozen=True)
class ProviderChoice:
    """An organisation whose people may sign in through its own provider."""

    slug: str
    name: str
    name_en: str | None


def redirect_uri(public_url: str, slug: str) -> str:
    """Where the provider sends the browser back: an address each, so that no provider answers for another."""
    return f"{public_url.rstrip('/')}/connexion/organisme/{slug}/retour"


def backchannel_uri(public_url: str) -> str:
    """Where the provider says that a person left (OpenID Connect Back-Channel Logout)."""
    return f"{public_url.rstrip('/')}/connexion/organisme/deconnexion"


_OPEN = (
    select(IdentityProvider, Organisation.slug, Organisation.name)
    .join(Organisation, Organisation.id == IdentityProvider.organisation_id)
    .where(IdentityProvider.enabled, Organisation.status == Status.ADMITTED.value)
)


def open_provider(session: Session, keyring: Keyring, slug: str) -> ProviderView | None:
    """The provider of an admitted organisation, when it is in service."""
    row = session.execute(_OPEN.where(Organisation.slug == slug)).first()
    return _view(keyring, row) if row else None


def provider_by_id(session: Session, keyring: Keyring, provider_id: UUID) -> ProviderView | None:
    """The same by its id: read again after the provider was asked, since it may have been switched off meanwhile."""
    row = session.execute(_OPEN.where(IdentityProvider.id == provider_id)).first()
    return _view(keyring, row) if row else None


def confirming_provider(session: Session, keyring: Keyring, user_id: UUID) -> ProviderView | None:
    """The provider that knows this person and proves a second factor: it can confirm that it is she or he.

    Not where it was put over an account that had its own factor (see `had_own_factor`).
    """
    known = (ProviderSubject.user_id == user_id) & ~had_own_factor()
    row = session.execute(_OPEN.join(ProviderSubject, ProviderSubject.provider_id == IdentityProvider.id).where(known))
    found = [_view(keyring, one) for one in row]
    return next((one for one in found if one.proves_second_factor), None)


def provider_for_token(
    session: Session, keyring: Keyring, issuer: str, audiences: Collection[str]
) -> ProviderView | None:
    """Whose logout token this would be. An organisation that is suspended meanwhile still has its people signed out."""
    rows = session.execute(
        select(IdentityProvider, Organisation.slug, Organisation.name)
        .join(Organisation, Organisation.id == IdentityProvider.organisation_id)
        .where(
            IdentityProvider.enabled,
            IdentityProvider.issuer == issuer,
            IdentityProvider.client_id.in_(list(audiences)[:10]),
        )
    ).all()
    return _view(keyring, rows[0]) if len(rows) == 1 else None


def provider_of(session: Session, keyring: Keyring, organisation_id: UUID) -> ProviderView | None:
    """An organisation's provider in service or not, for its settings."""
    row = session.execute(
        select(IdentityProvider, Organisation.slug, Organisation.name)
        .join(Organisation, Organisation.id == IdentityProvider.organisation_id)
        .where(IdentityProvider.organisation_id == organisation_id)
    ).first()
    return _view(keyring, row) if row else None


def provider_choices(session: Session, words: str = "") -> tuple[ProviderChoice, ...]:
    """Organisations to choose from, in alphabetical order, whose name or acronym holds `words`.

    One that is not in the public directory is only found by the exact domain of its addresses: this page is public.
    """
    rows = session.execute(
        select(
            Organisation.slug,
            Organisation.name,
            Organisation.name_en,
            Organisation.acronym,
            Organisation.visibility,
            IdentityProvider.allowed_domains,
        )
        .join(IdentityProvider, IdentityProvider.organisation_id == Organisation.id)
        .where(IdentityProvider.enabled, Organisation.status == Status.ADMITTED.value)
        .order_by(Organisation.sort_key)
    ).all()
    domain, wanted = words.strip().rpartition("@")[2].casefold(), sort_key(words)

    def found(row: Row[*tuple[Any, ...]]) -> bool:
        if domain and domain in row.allowed_domains:
            return True
        named = (row.name, row.name_en, row.acronym)
        return row.visibility == Tier.PUBLIC.value and any(wanted in sort_key(one) for one in named if one)

    return tuple(ProviderChoice(row.slug, row.name, row.name_en) for row in rows if found(row))[:MOST_SHOWN]


def _view(keyring: Keyring, row: Row[*tuple[Any, ...]]) -> ProviderView:
    one: IdentityProvider = row[0]
    return ProviderView(
        id=one.id,
        organisation_id=one.organisation_id,
        slug=row.slug,
        organisation_name=row.name,
        issuer=one.issuer,
        client_id=one.client_id,
        auth_method=one.auth_method,
        subject_claim=one.subject_claim,
        email_claim=one.email_claim,
        verified_claim=one.verified_claim,
        name_claim=one.name_claim,
        required_acr=tuple(one.required_acr),
        required_amr=tuple(one.required_amr),
        allowed_domains=tuple(one.allowed_domains),
        joining_roles=tuple(one.joining_roles),
        internal_network=one.internal_network,
        enabled=one.enabled,
        changed_at=one.changed_at,
        verified_at=one.verified_at,
        last_refusal=one.last_refusal,
        last_refused_at=one.last_refused_at,
        secret=read_secret(keyring, one.id, one.client_secret),
    )
