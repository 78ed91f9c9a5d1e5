"""The network's keys: one signs badges, all of them stay public so that older badges still verify.

The private part is sealed under the master key (a rotation takes it over) and opened only to sign. The first key is
made when it is first needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.api import ANONYMOUS, N_, Keyring, new_id, open_text, record, seal_text

from ..models import SigningKey
from ..rules.badges import ALGORITHM, Addresses, public_part

TABLE = "ficesl_keys"
RENEWED = N_(
    "La clé %(number)s signe les badges à partir de maintenant\u00a0; les badges déjà remis se vérifient encore."
)


@dataclass(frozen=True)
class Signer:
    """A key that signs; its private part is never shown."""

    kid: str
    key: ECKey

    def __repr__(self) -> str:
        return f"Signer({self.kid})"

    def token(self, claims: Mapping[str, object], where: Addresses) -> str:
        """The claims as a signed token; its `kid` is the address of the public key."""
        header = {"alg": ALGORITHM, "kid": where.key(self.kid), "typ": "JWT"}
        return jwt.encode(header, dict(claims), self.key, algorithms=[ALGORITHM])


def signer(session: Session, keyring: Keyring, now: datetime) -> Signer:
    """The key that signs today, made at first need: the transaction must write. One statement once it is there."""
    row = session.scalars(select(SigningKey).order_by(SigningKey.number.desc()).limit(1)).first()
    if row is None:
        return renew_key(session, keyring, now)
    private: dict[str, Any] = json.loads(open_text(keyring, TABLE, row.id, "private_sealed", row.private_sealed))
    return Signer(row.kid, ECKey.import_key(private))


def renew_key(session: Session, keyring: Keyring, now: datetime) -> Signer:
    """Make the next key, which signs from now on. Two processes that begin at once end with the same one."""
    number = (session.scalar(select(func.max(SigningKey.number))) or 0) + 1
    key = ECKey.generate_key("P-256", private=True)
    kid, row_id = key.thumbprint(), new_id()
    private = key.as_dict(private=True)
    public = {**public_part(private), "kid": kid, "use": "sig", "alg": ALGORITHM}
    sealed = seal_text(keyring, TABLE, row_id, "private_sealed", json.dumps(private))
    try:
        with session.begin_nested():
            session.add(
                SigningKey(
                    id=row_id,
                    number=number,
                    kid=kid,
                    public_jwk=json.dumps(public, sort_keys=True),
                    private_sealed=sealed,
                    created_at=now,
                )
            )
            session.flush()
    except IntegrityError:
        return signer(session, keyring, now)
    return Signer(kid, key)


def renew_by_hand(session: Session, keyring: Keyring, now: datetime) -> str:
    """The same by the operator's command, with its line in the network's journal; the sentence to print."""
    made = renew_key(session, keyring, now)
    number = session.scalar(select(SigningKey.number).where(SigningKey.kid == made.kid)) or 0
    record(
        session,
        case_id=None,
        organisation_id=None,
        actor=ANONYMOUS,
        action="ficesl.key_renewed",
        subject="badges",
        facts={"number": number},
        now=now,
    )
    return RENEWED % {"number": number}


def public_keys(session: Session) -> tuple[dict[str, object], ...]:
    """Every public key, newest first. One statement."""
    rows = session.scalars(select(SigningKey.public_jwk).order_by(SigningKey.number.desc()))
    return tuple(json.loads(row) for row in rows)


def public_key(session: Session, kid: str) -> dict[str, object] | None:
    """One public key by its thumbprint."""
    row = session.scalar(select(SigningKey.public_jwk).where(SigningKey.kid == kid))
    return None if row is None else dict(json.loads(row))
