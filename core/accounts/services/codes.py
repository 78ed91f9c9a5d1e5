"""One-time codes of an application (TOTP, RFC 6238) and printed recovery codes: each serves once."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.accounts.models import RecoveryCode, TotpSecret
from core.accounts.rules.factors import (
    RECOVERY_ALPHABET,
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    SETUP_LASTS,
    STEP_SECONDS,
    normal_digits,
    normal_recovery,
    spaced,
    steps_now,
)
from core.kernel.crypto import Aad, Keyring
from core.kernel.db import add_row, new_id


def start_totp(session: Session, keyring: Keyring, user_id: UUID, now: datetime) -> None:
    """Prepare a new secret for an application; it proves nothing until `confirm_totp`."""
    session.execute(delete(TotpSecret).where(TotpSecret.user_id == user_id, TotpSecret.confirmed_at.is_(None)))
    row_id = new_id()
    secret = pyotp.random_base32()
    add_row(
        session,
        TotpSecret,
        id=row_id,
        user_id=user_id,
        secret_sealed=keyring.protect(secret.encode(), aad=_place(row_id)),
        created_at=now,
        last_step=0,
    )


def waiting_secret(session: Session, keyring: Keyring, user_id: UUID, now: datetime) -> str | None:
    """The secret being set up, in base32; None when there is none or it waited too long."""
    row = session.execute(
        select(TotpSecret.id, TotpSecret.secret_sealed).where(
            TotpSecret.user_id == user_id,
            TotpSecret.confirmed_at.is_(None),
            TotpSecret.created_at > now - SETUP_LASTS,
        )
    ).first()
    return keyring.reveal(row.secret_sealed, aad=_place(row.id)).decode() if row else None


def confirm_totp(session: Session, keyring: Keyring, user_id: UUID, typed: str, now: datetime) -> bool:
    """Put the waiting secret in the place of the one before, if the code is one of its own."""
    row = session.execute(
        select(TotpSecret.id, TotpSecret.secret_sealed)
        .where(
            TotpSecret.user_id == user_id,
            TotpSecret.confirmed_at.is_(None),
            TotpSecret.created_at > now - SETUP_LASTS,
        )
        .with_for_update()
    ).first()
    step = _step_of(keyring, row.id, row.secret_sealed, typed, now) if row else None
    if row is None or step is None:
        return False
    session.execute(delete(TotpSecret).where(TotpSecret.user_id == user_id, TotpSecret.id != row.id))
    session.execute(update(TotpSecret).where(TotpSecret.id == row.id).values(confirmed_at=now, last_step=step))
    return True


def use_totp(session: Session, keyring: Keyring, user_id: UUID, typed: str, now: datetime) -> bool:
    """Whether the code is right and was never used: of two that race, one wins."""
    row = session.execute(
        select(TotpSecret.id, TotpSecret.secret_sealed).where(
            TotpSecret.user_id == user_id, TotpSecret.confirmed_at.is_not(None)
        )
    ).first()
    step = _step_of(keyring, row.id, row.secret_sealed, typed, now) if row else None
    if row is None or step is None:
        return False
    won = session.execute(
        update(TotpSecret).where(TotpSecret.id == row.id, TotpSecret.last_step < step).values(last_step=step)
    )
    return bool(won.rowcount)  # type: ignore[attr-defined]


def renew_secret(keyring: Keyring, row_id: UUID, sealed: bytes) -> bytes:
    """The same secret under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=_place(row_id))


def print_codes(session: Session, keyring: Keyring, user_id: UUID, now: datetime) -> tuple[str, ...]:
    """Ten new codes, shown this once; those printed before are worth nothing any more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = tuple(
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)
    )
    session.execute(
        insert(RecoveryCode),
        [
            {"id": new_id(), "user_id": user_id, "code_hash": _code_hash(keyring, user_id, code), "created_at": now}
            for code in codes
        ],
    )
    return tuple(spaced(code) for code in codes)


def use_recovery(session: Session, keyring: Keyring, user_id: UUID, typed: str, now: datetime) -> bool:
    """Whether the printed code is one of hers that was never used; it is spent."""
    code = normal_recovery(typed)
    if not code:
        return False
    won = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _code_hash(keyring, user_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return bool(won.rowcount)  # type: ignore[attr-defined]


def _step_of(keyring: Keyring, row_id: UUID, sealed: bytes, typed: str, now: datetime) -> int | None:
    """The step the code is for, among those that count now."""
    digits = normal_digits(typed)
    if not digits:
        return None
    totp = pyotp.TOTP(keyring.reveal(sealed, aad=_place(row_id)).decode(), interval=STEP_SECONDS)
    right = [step for step in steps_now(now) if hmac.compare_digest(totp.generate_otp(step), digits)]
    return max(right, default=None)


def _code_hash(keyring: Keyring, user_id: UUID, code: str) -> bytes:
    return keyring.pseudonym("accounts.recovery", f"{user_id}:{code}")


def _place(row_id: UUID) -> Aad:
    return Aad("totp_secrets", row_id, "secret_sealed", 1)
