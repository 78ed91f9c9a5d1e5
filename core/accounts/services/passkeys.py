"""Passkeys: what the browser is asked, and what its answer proves. User verification is always required.

Everything that comes back is untrusted: whatever is wrong with it, the answer is None and nothing says what.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core.accounts.models import Passkey, PasskeyChallenge
from core.accounts.rules.factors import CHALLENGE_LASTS
from core.kernel.crypto import Aad, Keyring
from core.kernel.db import add_row, new_id
from core.kernel.log import get_logger

#: How many passkeys one person may have.
MOST_PASSKEYS = 20
Purpose = Literal["enrol", "prove"]
_LONGEST = 20_000
_log = get_logger("accounts")


@dataclass(frozen=True)
class RelyingParty:
    """Who asks for passkeys: the site's name, and the address its pages come from."""

    id: str
    origin: str


@dataclass(frozen=True)
class Shown:
    """A passkey that was just used."""

    user_id: UUID
    passkey_id: UUID


def relying_party(public_url: str) -> RelyingParty | None:
    """The site of the public address; None for a bare IP address, for which browsers make no passkey."""
    parts = urlsplit(public_url)
    name = parts.hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return RelyingParty(name, f"{parts.scheme}://{parts.netloc}".lower()) if name else None
    return None


def ask_enrolment(
    session: Session, party: RelyingParty, user_id: UUID, name: str, browser: bytes, now: datetime
) -> dict[str, Any]:
    """Options for `navigator.credentials.create()`; a passkey that is already here is not made twice."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name="Arrimage",
        user_id=user_id.bytes,
        user_name=name,
        user_display_name=name,
        challenge=_new_challenge(session, "enrol", browser, now),
        timeout=int(CHALLENGE_LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(session, user_id),
    )
    return dict(json.loads(options_to_json(options)))


def ask_passkey(
    session: Session, party: RelyingParty, user_id: UUID | None, browser: bytes, now: datetime
) -> dict[str, Any]:
    """Options for `navigator.credentials.get()`: this person's passkeys, or any when nobody is known yet."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=_new_challenge(session, "prove", browser, now),
        timeout=int(CHALLENGE_LASTS.total_seconds() * 1000),
        allow_credentials=_descriptors(session, user_id) if user_id else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(json.loads(options_to_json(options)))


def add_passkey(
    session: Session,
    keyring: Keyring,
    party: RelyingParty,
    user_id: UUID,
    credential: str,
    label: str,
    browser: bytes,
    now: datetime,
) -> UUID | None:
    """Keep the passkey the browser made; None when the answer proves nothing. Its challenge is spent either way."""
    challenge = _take_challenge(session, credential, "enrol", browser, now)
    if challenge is None:
        return None
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as failure:  # bytes from outside: the library's parsers raise whatever they meet
        _log.warning("passkey_refused", error=type(failure).__name__)
        return None
    mine = session.execute(select(Passkey.id).where(Passkey.user_id == user_id)).all()
    known = session.execute(select(Passkey.id).where(Passkey.credential_id == made.credential_id)).first()
    if known is not None or len(mine) >= MOST_PASSKEYS:
        return None
    passkey_id = new_id()
    add_row(
        session,
        Passkey,
        id=passkey_id,
        user_id=user_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=made.credential_backed_up,
        label_sealed=seal_label(keyring, passkey_id, label),
        created_at=now,
    )
    return passkey_id


def check_passkey(
    session: Session, party: RelyingParty, credential: str, browser: bytes, now: datetime
) -> Shown | None:
    """Whose passkey signed what this browser was asked; None when it proves nothing. The challenge is spent."""
    challenge = _take_challenge(session, credential, "prove", browser, now)
    found = _named(session, credential) if challenge is not None else None
    if challenge is None or found is None or found.suspect_at is not None:
        return None
    try:
        signed = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=found.public_key,
            # Judged below, once the signature is known to be right: else anybody could make a passkey look copied.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as failure:  # bytes from outside: the library's parsers raise whatever they meet
        _log.warning("passkey_refused", error=type(failure).__name__)
        return None
    if not _counted(session, found, signed.new_sign_count, signed.credential_backed_up, now):
        session.execute(update(Passkey).where(Passkey.id == found.id).values(suspect_at=now))
        _log.warning("passkey_suspect")
        return None
    return Shown(found.user_id, found.id)


def _counted(session: Session, found: Any, count: int, backed_up: bool, now: datetime) -> bool:
    """Note the use; False when the counter did not move forward, as a copy's would not (also in a race)."""
    forward = Passkey.sign_count < count
    if count == 0:
        forward = or_(forward, Passkey.sign_count == 0)  # a device that does not count
    used = update(Passkey).where(Passkey.id == found.id, forward)
    values = {"sign_count": count, "backed_up": backed_up, "last_used_at": now}
    return bool(session.execute(used.values(values)).rowcount)  # type: ignore[attr-defined]


def rename_passkey(session: Session, keyring: Keyring, user_id: UUID, passkey_id: UUID, label: str) -> bool:
    """Give one's own passkey another name; False when it is not one's own."""
    mine = update(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    sealed = seal_label(keyring, passkey_id, label)
    return bool(session.execute(mine.values(label_sealed=sealed)).rowcount)  # type: ignore[attr-defined]


def seal_label(keyring: Keyring, passkey_id: UUID, label: str) -> bytes:
    """Ciphertext of a passkey's name."""
    return keyring.protect(label.encode(), aad=_label_place(passkey_id))


def read_label(keyring: Keyring, passkey_id: UUID, sealed: bytes) -> str:
    """The name behind `seal_label`."""
    return keyring.reveal(sealed, aad=_label_place(passkey_id)).decode()


def renew_label(keyring: Keyring, passkey_id: UUID, sealed: bytes) -> bytes:
    """The same name under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=_label_place(passkey_id))


def _label_place(passkey_id: UUID) -> Aad:
    return Aad("passkeys", passkey_id, "label_sealed", 1)


def _descriptors(session: Session, user_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    mine = select(Passkey.credential_id).where(Passkey.user_id == user_id, Passkey.suspect_at.is_(None))
    return [PublicKeyCredentialDescriptor(id=one) for one in session.execute(mine.order_by(Passkey.id)).scalars()]


def _new_challenge(session: Session, purpose: Purpose, browser: bytes, now: datetime) -> bytes:
    challenge = secrets.token_bytes(32)
    add_row(
        session,
        PasskeyChallenge,
        id=new_id(),
        challenge_hash=_hash(challenge),
        purpose=purpose,
        browser=browser,
        created_at=now,
    )
    return challenge


def _take_challenge(session: Session, credential: str, purpose: Purpose, browser: bytes, now: datetime) -> bytes | None:
    """The challenge this answer is to, if this browser was asked it lately; it is deleted, so that it serves once."""
    try:
        client_data = json.loads(_decoded(_field(credential, "response", "clientDataJSON")))
        challenge = _decoded(client_data["challenge"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    taken = session.execute(
        delete(PasskeyChallenge).where(
            PasskeyChallenge.challenge_hash == _hash(challenge),
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.browser == browser,
            PasskeyChallenge.created_at > now - CHALLENGE_LASTS,
        ),
        execution_options={"synchronize_session": False},
    )
    return challenge if taken.rowcount else None  # type: ignore[attr-defined]


def _named(session: Session, credential: str) -> Any:
    try:
        credential_id = _decoded(_field(credential, "id"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return session.execute(
        select(Passkey.id, Passkey.user_id, Passkey.public_key, Passkey.suspect_at).where(
            Passkey.credential_id == credential_id
        )
    ).first()


def _field(credential: str, *path: str) -> str:
    """A text of the credential's JSON. Raises ValueError, KeyError or TypeError."""
    if len(credential) > _LONGEST:
        raise ValueError("too long")
    found: Any = json.loads(credential)
    for name in path:
        found = found[name]
    if not isinstance(found, str):
        raise TypeError("not a text")
    return found


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hash(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
