"""A sign-in through a provider: leaving for it, coming back, who that is, and being signed out from there."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role
from core.accounts.models import (
    LoginSession,
    LogoutTokenSeen,
    ProviderAttempt,
    ProviderSession,
    ProviderSubject,
    User,
)
from core.accounts.rules.providers import ATTEMPT_LASTS, domain_allowed, email_domain, says_verified
from core.accounts.services.joining import accept_invitation, open_invitation
from core.accounts.services.people import add_user, email_lookup, left_lookup
from core.accounts.services.providers import had_own_factor, note_provider
from core.accounts.services.sessions import end_sessions, open_session, token_hash
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, dialect_name, new_id
from core.kernel.mail import MailSeal, send_later
from core.kernel.oidc import Attempt, Refused
from core.kernel.oidc.claims import text

if TYPE_CHECKING:
    from core.accounts.queries.providers import ProviderView

LONGEST_NAME = 120


@dataclass(frozen=True)
class Taken:
    """A sign-in that came back. `session_id`: the session that asked to be confirmed, None for a sign-in."""

    attempt: Attempt
    next_path: str
    session_id: UUID | None
    started_at: datetime


def open_attempt(
    session: Session,
    keyring: Keyring,
    provider_id: UUID,
    browser: str,
    next_path: str,
    now: datetime,
    *,
    session_id: UUID | None = None,
) -> Attempt:
    """Note that this browser leaves for the provider; the state (256 bits) is what it must bring back."""
    state = secrets.token_urlsafe(32)
    add_row(
        session,
        ProviderAttempt,
        id=new_id(),
        state_hash=token_hash(state),
        browser_hash=_browser_hash(keyring, browser),
        provider_id=provider_id,
        session_id=session_id,
        next_path=next_path if len(next_path) <= 300 else "/",
        created_at=now,
    )
    return Attempt.of(keyring.cookie_key("provider.attempt"), state)


def take_attempt(
    session: Session, keyring: Keyring, provider_id: UUID, state: str, browser: str, now: datetime
) -> Taken:
    """The sign-in a state names, once, by the browser that left with it. Raises Refused, and it is spent all the same.

    The caller commits a refusal: a state that was shown from elsewhere never serves again.
    """
    row = session.execute(
        delete(ProviderAttempt)
        .where(ProviderAttempt.state_hash == token_hash(state))
        .returning(
            ProviderAttempt.browser_hash,
            ProviderAttempt.provider_id,
            ProviderAttempt.session_id,
            ProviderAttempt.next_path,
            ProviderAttempt.created_at,
        )
    ).first()
    if row is None:
        raise Refused("state_unknown")
    if row.provider_id != provider_id:
        raise Refused("state_other_provider")
    if not hmac.compare_digest(row.browser_hash, _browser_hash(keyring, browser)):
        raise Refused("state_other_browser")
    if now - row.created_at >= ATTEMPT_LASTS:
        raise Refused("state_expired")
    attempt = Attempt.of(keyring.cookie_key("provider.attempt"), state)
    return Taken(attempt, row.next_path, row.session_id, row.created_at)


def person_behind(
    session: Session, keyring: Keyring, provider: ProviderView, claims: Mapping[str, Any], now: datetime
) -> UUID:
    """The account of whoever the provider recognised, linked or made the first time. Raises Refused, by name.

    The first time, the address must be verified by the provider, and then: an account of the same organisation and of
    an allowed domain is linked; else an invitation to that organisation is used; else the domain alone lets in, with
    the roles the organisation chose. No role ever comes from the provider. Whoever left comes back by an invitation.
    """
    try:
        known = known_person(session, keyring, provider, claims)
    except Refused:
        if not _comes_back(session, keyring, provider, claims, now):
            raise
        known = None
    if known is not None:
        return known
    try:
        return _welcome(session, keyring, provider, claims, now)
    except Refused as refused:
        # Two first sign-ins at once: the account that stands in the way may be the one the other has just made for her
        made = known_person(session, keyring, provider, claims) if refused.reason == "subject_changed" else None
        if made is None:
            raise
        return made


def known_person(session: Session, keyring: Keyring, provider: ProviderView, claims: Mapping[str, Any]) -> UUID | None:
    """The account linked to whoever the provider recognised; None the first time. Raises Refused when closed."""
    known = session.execute(
        select(User.id, User.status, User.organisation_id)
        .join(ProviderSubject, ProviderSubject.user_id == User.id)
        .where(
            ProviderSubject.provider_id == provider.id,
            ProviderSubject.subject_hash == _subject_hash(keyring, provider, claims),
        )
    ).first()
    if known is None:
        return None
    if known.status != "active" or known.organisation_id != provider.organisation_id:
        raise Refused("account_closed")
    found: UUID = known.id
    return found


def open_provider_session(
    session: Session,
    keyring: Keyring,
    provider: ProviderView,
    user_id: UUID,
    claims: Mapping[str, Any],
    now: datetime,
    *,
    device: str,
) -> str:
    """Open the session of a person the provider recognised, and remember it as the provider's; returns its token."""
    mine = (ProviderSubject.provider_id == provider.id) & (ProviderSubject.user_id == user_id)
    hers_first = session.execute(select(ProviderSubject.id).where(mine, had_own_factor())).first() is not None
    proved = provider.proves_second_factor and not hers_first
    token = open_session(session, user_id, now, second_factor=proved, device=device, factor="provider")
    session_id = session.execute(
        select(LoginSession.id).where(LoginSession.token_hash == token_hash(token))
    ).scalar_one()
    sid = text(claims, "sid", 300)
    add_row(
        session,
        ProviderSession,
        id=new_id(),
        provider_id=provider.id,
        session_id=session_id,
        subject_hash=_logout_hash(keyring, provider.id, "sub", str(claims["sub"])),
        sid_hash=None if sid is None else _logout_hash(keyring, provider.id, "sid", sid),
    )
    return token


def renew_provider_session(
    session: Session, keyring: Keyring, provider: ProviderView, session_id: UUID, claims: Mapping[str, Any]
) -> None:
    """Remember under which `sid` the provider knows this session now: it may have changed since it was opened.

    Without it a logout that names the new one alone would miss the session. A session opened otherwise is not its own.
    """
    sid = text(claims, "sid", 300)
    session.execute(
        update(ProviderSession)
        .where(ProviderSession.session_id == session_id, ProviderSession.provider_id == provider.id)
        .values(sid_hash=None if sid is None else _logout_hash(keyring, provider.id, "sid", sid)),
        execution_options={"synchronize_session": False},
    )


def end_from_provider(
    session: Session, keyring: Keyring, provider: ProviderView, claims: Mapping[str, Any], now: datetime
) -> int:
    """End the sessions a verified logout token names, with their streams; returns how many. Raises Refused on a replay.

    With a `sid`, that session of the provider; with a `sub` alone, every session of that person through it.
    """
    jti_hash = keyring.pseudonym(f"provider.jti.{provider.id}", str(claims["jti"]))
    if not _first_time(session, provider.id, jti_hash, now):
        raise Refused("logout_replayed")
    named = select(ProviderSession.session_id).where(ProviderSession.provider_id == provider.id)
    sid, sub = text(claims, "sid", 300), text(claims, "sub", 255)
    if sid is not None:
        named = named.where(ProviderSession.sid_hash == _logout_hash(keyring, provider.id, "sid", sid))
    if sub is not None:
        named = named.where(ProviderSession.subject_hash == _logout_hash(keyring, provider.id, "sub", sub))
    ended = session.execute(
        named.join(LoginSession, LoginSession.id == ProviderSession.session_id).where(LoginSession.ended_at.is_(None))
    ).scalars()
    count = 0
    for session_id in ended.all():
        end_sessions(session, now, session_id=session_id)
        count += 1
    return count


def _welcome(
    session: Session,
    keyring: Keyring,
    provider: ProviderView,
    claims: Mapping[str, Any],
    now: datetime,
) -> UUID:
    email = text(claims, provider.email_claim, 254)
    if email is None or email_domain(email) is None:
        raise Refused("email_missing")
    if not says_verified(claims.get(provider.verified_claim)):
        raise Refused("email_unverified")
    allowed = domain_allowed(email, provider.allowed_domains)
    existing = session.execute(
        select(User.id, User.status, User.organisation_id, User.locale, User.demo_key).where(
            User.email_lookup == email_lookup(keyring, email)
        )
    ).first()
    if existing is not None:
        user_id, how = _linkable(session, provider, existing, allowed), "linked"
        if existing.demo_key is None:
            # Whoever sets the provider could open this account: its person is told, as of any new way in
            send_later(session, email.strip(), "factors", existing.locale, now, seal=MailSeal(keyring))
    else:
        user_id, how = _newcomer(session, keyring, provider, claims, email, allowed, now)
    add_row(
        session,
        ProviderSubject,
        id=new_id(),
        provider_id=provider.id,
        subject_hash=_subject_hash(keyring, provider, claims),
        user_id=user_id,
        linked_at=now,
    )
    facts: dict[str, object] = {"how": how, "user": str(user_id)}
    note_provider(session, ANONYMOUS, provider.organisation_id, "provider.recognised", provider.id, facts, now)
    return user_id


def _comes_back(
    session: Session, keyring: Keyring, provider: ProviderView, claims: Mapping[str, Any], now: datetime
) -> bool:
    """Whether this is somebody who left and is invited again: the provider's link to her former account is undone."""
    email = text(claims, provider.email_claim, 254)
    if email is None or not says_verified(claims.get(provider.verified_claim)):
        return False
    link = (ProviderSubject.provider_id == provider.id) & (
        ProviderSubject.subject_hash == _subject_hash(keyring, provider, claims)
    )
    left = (
        select(ProviderSubject.id).join(User, User.id == ProviderSubject.user_id).where(link, User.left_at.is_not(None))
    )
    if session.execute(left).first() is None:
        return False
    if open_invitation(session, keyring, email, now, organisation_id=provider.organisation_id) is None:
        return False
    session.execute(delete(ProviderSubject).where(link))
    return True


def _linkable(session: Session, provider: ProviderView, existing: Any, allowed: bool) -> UUID:
    if existing.organisation_id != provider.organisation_id:
        raise Refused("account_elsewhere")
    if existing.status != "active":
        raise Refused("account_closed")
    if not allowed:
        raise Refused("email_outside")
    other = select(ProviderSubject.id).where(
        ProviderSubject.provider_id == provider.id, ProviderSubject.user_id == existing.id
    )
    if session.execute(other).first() is not None:
        raise Refused("subject_changed")
    user_id: UUID = existing.id
    return user_id


def _newcomer(
    session: Session,
    keyring: Keyring,
    provider: ProviderView,
    claims: Mapping[str, Any],
    email: str,
    allowed: bool,
    now: datetime,
) -> tuple[UUID, str]:
    invitation = open_invitation(session, keyring, email, now, organisation_id=provider.organisation_id)
    if invitation is not None:
        return accept_invitation(session, keyring, invitation.id, now), "invited"
    if not allowed:
        raise Refused("email_outside" if provider.allowed_domains else "not_invited")
    # The provider may know her for weeks after she left: the domain alone does not bring her back
    left = select(User.id).where(User.email_lookup == left_lookup(keyring, provider.organisation_id, email))
    if session.execute(left).first() is not None:
        raise Refused("account_closed")
    user_id = add_user(
        session,
        keyring,
        organisation_id=provider.organisation_id,
        email=email.strip(),
        name=_name(claims, provider.name_claim, email),
        roles=[Role(role) for role in provider.joining_roles],
        now=now,
    )
    return user_id, "domain"


def _name(claims: Mapping[str, Any], claim: str, email: str) -> str:
    found = text(claims, claim, 1000) or email.partition("@")[0]
    return " ".join("".join(one if one.isprintable() else " " for one in found).split())[:LONGEST_NAME]


def _first_time(session: Session, provider_id: UUID, jti_hash: bytes, now: datetime) -> bool:
    dialect = postgresql if dialect_name(session) == "postgresql" else sqlite
    added = session.execute(
        dialect.insert(LogoutTokenSeen)
        .values(id=new_id(), provider_id=provider_id, jti_hash=jti_hash, seen_at=now)
        .on_conflict_do_nothing(index_elements=["provider_id", "jti_hash"])
        .returning(LogoutTokenSeen.id)
    )
    return added.first() is not None


def _browser_hash(keyring: Keyring, browser: str) -> bytes:
    return keyring.pseudonym("provider.browser", browser)


def _subject_hash(keyring: Keyring, provider: ProviderView, claims: Mapping[str, Any]) -> bytes:
    subject = text(claims, provider.subject_claim, 255)
    if subject is None:
        raise Refused("subject_missing")
    return keyring.pseudonym(f"provider.subject.{provider.id}", subject)


def _logout_hash(keyring: Keyring, provider_id: UUID, kind: str, value: str) -> bytes:
    return keyring.pseudonym(f"provider.logout.{kind}.{provider_id}", value)
