"""Writes about an organisation's identity provider: its settings, and what a change of them ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.accounts.models import (
    IdentityProvider,
    LogoutTokenSeen,
    Passkey,
    ProviderAttempt,
    ProviderSession,
    ProviderSubject,
    TotpSecret,
)
from core.accounts.rules.providers import (
    ATTEMPT_LASTS,
    AUTH_METHODS,
    JOINING_ROLES,
    MOST_ITEMS,
    SEEN_LASTS,
    is_claim_name,
    is_claim_value,
    is_domain,
)
from core.accounts.services.provider_secret import protect_secret
from core.accounts.services.sessions import end_sessions
from core.journal.services import record
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, new_id
from core.kernel.errors import DomainError
from core.kernel.oidc import Reach, Refused, checked_address

ISSUER_REFUSED = "L’adresse de l’émetteur doit commencer par https:// et ne contenir ni identifiant ni ancre."
SECRET_MISSING = "Collez le secret : aucun n’est encore enregistré pour cette application."
TAKEN = "Un autre organisme emploie déjà cette application de ce fournisseur. Demandez-en une qui vous soit propre."
TEXT_REFUSED = "N’employez que des lettres sans accent, des chiffres et des signes, sans espace."
DOMAIN_REFUSED = "Un domaine s’écrit comme exemple.org, sans @. Vingt au plus."
VALUES_REFUSED = "Chaque valeur s’écrit sans espace. Vingt au plus."
CLAIM_REFUSED = "Le nom d’un champ s’écrit sans espace ni accent."
ROLES_REFUSED = "Choisissez au moins un rôle parmi ceux qui sont proposés."


class SettingRefused(DomainError):
    """A setting of the provider is not acceptable; `field` is its name in the form."""

    def __init__(self, name: str, message: str) -> None:
        self.field = name
        super().__init__(message)


@dataclass(frozen=True)
class ProviderSettings:
    """What is chosen about a provider. `secret` None keeps the one there is. Lists hold texts, roles their codes."""

    issuer: str
    client_id: str
    secret: str | None = field(repr=False)
    auth_method: str = "client_secret_basic"
    subject_claim: str = "sub"
    email_claim: str = "email"
    verified_claim: str = "email_verified"
    name_claim: str = "name"
    required_acr: tuple[str, ...] = ()
    required_amr: tuple[str, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    joining_roles: tuple[str, ...] = ("worker",)
    enabled: bool = False
    #: None: as it was, and no where the issuer changes. Only the operator says yes.
    internal_network: bool | None = None


def set_provider(
    session: Session,
    keyring: Keyring,
    actor: Viewer,
    organisation_id: UUID,
    settings: ProviderSettings,
    now: datetime,
    *,
    loopback: bool,
) -> UUID:
    """Write an organisation's provider, journaled in its chain; returns its id. Raises SettingRefused.

    Another issuer or client is another provider: what the former one vouched for (links, sessions) ends with it.
    """
    _check(settings, loopback)
    was = session.execute(
        select(IdentityProvider).where(IdentityProvider.organisation_id == organisation_id).with_for_update()
    ).scalar()
    same = was is not None and (was.issuer, was.client_id) == (settings.issuer, settings.client_id)
    if not settings.secret and not same:
        raise SettingRefused("client_secret", SECRET_MISSING)
    taken = select(IdentityProvider.id).where(
        IdentityProvider.issuer == settings.issuer,
        IdentityProvider.client_id == settings.client_id,
        IdentityProvider.organisation_id != organisation_id,
    )
    if session.execute(taken).first() is not None:
        raise SettingRefused("client_id", TAKEN)
    if was is not None and not same:
        _end_all(session, was.id, now)
        session.execute(delete(IdentityProvider).where(IdentityProvider.id == was.id))
    provider_id = was.id if was is not None and same else new_id()
    internal = settings.internal_network
    if internal is None:
        internal = bool(was.internal_network) if was is not None and same else False
    values = {
        "issuer": settings.issuer,
        "client_id": settings.client_id,
        "auth_method": settings.auth_method,
        "subject_claim": settings.subject_claim,
        "email_claim": settings.email_claim,
        "verified_claim": settings.verified_claim,
        "name_claim": settings.name_claim,
        "required_acr": list(settings.required_acr),
        "required_amr": list(settings.required_amr),
        "allowed_domains": list(settings.allowed_domains),
        "joining_roles": sorted(settings.joining_roles),
        "internal_network": internal,
        "enabled": settings.enabled,
        "changed_at": now,
    }
    if settings.secret:
        values["client_secret"] = protect_secret(keyring, provider_id, settings.secret)
    if was is not None and same:
        if settings.subject_claim != was.subject_claim:
            _forget_people(session, provider_id)
        if not settings.enabled:
            _end_all(session, provider_id, now)
        session.execute(update(IdentityProvider).where(IdentityProvider.id == provider_id).values(**values))
    else:
        row = {"id": provider_id, "organisation_id": organisation_id, **values}
        add_row(session, IdentityProvider, **row)
    session.expire_all()
    facts: dict[str, object] = {"enabled": settings.enabled, "new": not same, "secret": bool(settings.secret)}
    note_provider(session, actor, organisation_id, "provider.set", provider_id, facts, now)
    return provider_id


def disable_provider(session: Session, actor: Viewer, organisation_id: UUID, now: datetime) -> bool:
    """Take an organisation's provider out of service at once, with the sessions it opened. False: there was none."""
    was = session.execute(
        select(IdentityProvider.id).where(IdentityProvider.organisation_id == organisation_id)
    ).scalar()
    if was is None:
        return False
    session.execute(update(IdentityProvider).where(IdentityProvider.id == was).values(enabled=False, changed_at=now))
    _end_all(session, was, now)
    note_provider(session, actor, organisation_id, "provider.disabled", was, {}, now)
    return True


def note_verified(session: Session, provider_id: UUID, now: datetime) -> None:
    """The provider's document and keys were found right."""
    session.execute(update(IdentityProvider).where(IdentityProvider.id == provider_id).values(verified_at=now))


def note_refusal(session: Session, provider_id: UUID, reason: str, now: datetime) -> None:
    """Keep the code of the last refusal, of nobody in particular, for whoever mends the settings."""
    values = {"last_refusal": reason[:40], "last_refused_at": now}
    session.execute(update(IdentityProvider).where(IdentityProvider.id == provider_id).values(**values))


def note_provider(
    session: Session,
    actor: Viewer,
    organisation_id: UUID,
    action: str,
    provider_id: UUID,
    facts: dict[str, object],
    now: datetime,
) -> None:
    """One line in the organisation's chain: codes only."""
    record(
        session,
        case_id=None,
        organisation_id=organisation_id,
        actor=actor,
        action=action,
        subject=f"provider:{provider_id}",
        facts=facts,
        now=now,
    )


def had_own_factor() -> ColumnElement[bool]:
    """Whether a person had a factor of her own before the provider was linked to her; part of a statement on links.

    Whoever sets the provider chooses who vouches for everybody of the organisation. Over an account that has its own
    passkey or application, it stands for the password only: an administration cannot enter as her colleague.
    """
    keys = exists().where(Passkey.user_id == ProviderSubject.user_id, Passkey.created_at < ProviderSubject.linked_at)
    codes = exists().where(
        TotpSecret.user_id == ProviderSubject.user_id, TotpSecret.confirmed_at < ProviderSubject.linked_at
    )
    return or_(keys, codes)


def purge_providers(session: Session, now: datetime) -> None:
    """Forget sign-ins that never came back, and logout tokens too old to be accepted again."""
    session.execute(delete(ProviderAttempt).where(ProviderAttempt.created_at < now - ATTEMPT_LASTS))
    session.execute(delete(LogoutTokenSeen).where(LogoutTokenSeen.seen_at < now - SEEN_LASTS))


def _end_all(session: Session, provider_id: UUID, now: datetime) -> None:
    opened = select(ProviderSession.session_id).where(ProviderSession.provider_id == provider_id)
    for session_id in session.execute(opened).scalars().all():
        end_sessions(session, now, session_id=session_id)


def _forget_people(session: Session, provider_id: UUID) -> None:
    session.execute(delete(ProviderSubject).where(ProviderSubject.provider_id == provider_id))


def _check(settings: ProviderSettings, loopback: bool) -> None:
    try:
        parts = checked_address(settings.issuer, Reach(loopback=loopback))
    except Refused:
        raise SettingRefused("issuer", ISSUER_REFUSED) from None
    if parts.query or len(settings.issuer) > 300:
        raise SettingRefused("issuer", ISSUER_REFUSED)
    if not is_claim_value(settings.client_id):
        raise SettingRefused("client_id", TEXT_REFUSED)
    if settings.secret and not (settings.secret.isascii() and settings.secret.isprintable()):
        raise SettingRefused("client_secret", TEXT_REFUSED)
    if settings.auth_method not in AUTH_METHODS:
        raise SettingRefused("auth_method", TEXT_REFUSED)
    if len(settings.allowed_domains) > MOST_ITEMS or not all(map(is_domain, settings.allowed_domains)):
        raise SettingRefused("allowed_domains", DOMAIN_REFUSED)
    for name in ("required_acr", "required_amr"):
        values = getattr(settings, name)
        if len(values) > MOST_ITEMS or not all(map(is_claim_value, values)):
            raise SettingRefused(name, VALUES_REFUSED)
    for name in ("subject_claim", "email_claim", "verified_claim", "name_claim"):
        if not is_claim_name(getattr(settings, name)):
            raise SettingRefused(name, CLAIM_REFUSED)
    if not settings.joining_roles or not set(settings.joining_roles) <= set(JOINING_ROLES):
        raise SettingRefused("joining_roles", ROLES_REFUSED)
