"""Hashing and checking of passwords (argon2id)."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()
#: Verified for unknown accounts, so that they take the same time as known ones (security S13).
DECOY = HASHER.hash(secrets.token_hex(16))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; an unknown account (None) costs the same and is always wrong."""
    try:
        HASHER.verify(password_hash or DECOY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
