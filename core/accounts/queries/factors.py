"""A person's own factors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.accounts.models import Passkey, RecoveryCode, TotpSecret
from core.accounts.services.passkeys import read_label
from core.kernel.crypto import Keyring


@dataclass(frozen=True)
class PasskeyView:
    """One passkey as its owner sees it. `suspect`: perhaps copied, it proves nothing any more."""

    id: UUID
    label: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None
    suspect: bool


@dataclass(frozen=True)
class FactorSummary:
    """What a person may show: `passkeys` that count, `totp` when an application is set up, printed codes left.

    `suspect`: passkeys that were stopped, perhaps copied. They prove nothing.
    """

    passkeys: int
    totp: UUID | None
    recovery_left: int
    suspect: int = 0

    @property
    def any(self) -> bool:
        """Whether there is a second factor; printed codes alone are none.

        A stopped passkey counts: its owner shows another factor or a printed code, else the password that goes with
        a copied passkey would be enough to make a new one.
        """
        return bool(self.passkeys or self.totp or self.suspect)

    @property
    def usable(self) -> bool:
        """Whether something can be shown now."""
        return bool(self.passkeys or self.totp or self.recovery_left)


def factors_of(session: Session, user_id: UUID) -> FactorSummary:
    """What this person may show. One statement."""
    keys = (
        select(func.count())
        .select_from(Passkey)
        .where(Passkey.user_id == user_id, Passkey.suspect_at.is_(None))
        .scalar_subquery()
    )
    secret = (
        select(TotpSecret.id)
        .where(TotpSecret.user_id == user_id, TotpSecret.confirmed_at.is_not(None))
        .limit(1)
        .scalar_subquery()
    )
    codes = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        .scalar_subquery()
    )
    stopped = (
        select(func.count())
        .select_from(Passkey)
        .where(Passkey.user_id == user_id, Passkey.suspect_at.is_not(None))
        .scalar_subquery()
    )
    asked = select(keys.label("keys"), secret.label("secret"), codes.label("codes"), stopped.label("stopped"))
    row = session.execute(asked).one()
    return FactorSummary(row.keys, row.secret, row.codes, row.stopped)


def passkeys_of(session: Session, keyring: Keyring, user_id: UUID) -> tuple[PasskeyView, ...]:
    """One's own passkeys, oldest first. One statement."""
    rows = session.execute(
        select(
            Passkey.id,
            Passkey.label_sealed,
            Passkey.backed_up,
            Passkey.created_at,
            Passkey.last_used_at,
            Passkey.suspect_at,
        )
        .where(Passkey.user_id == user_id)
        .order_by(Passkey.created_at, Passkey.id)
    )
    return tuple(
        PasskeyView(
            row.id,
            read_label(keyring, row.id, row.label_sealed),
            row.backed_up,
            row.created_at,
            row.last_used_at,
            row.suspect_at is not None,
        )
        for row in rows
    )
