"""Hashing and checking of passwords (argon2id)."""

from __future__ import annotations

import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

HASHER = PasswordHasher()


def make_decoy() -> str:
    """A hash that no password has, as costly to check as a true one: written, not computed, which takes 0.1 s."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (HASHER.salt_len, HASHER.hash_len)
    )
    cost = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    return f"$argon2{HASHER.type.name.lower()}$v={ARGON2_VERSION}${cost}${salt}${digest}"


#: Verified for unknown accounts, so that they take the same time as known ones (security S13).
DECOY = make_decoy()


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; an unknown account (None) costs the same and is always wrong."""
    try:
        HASHER.verify(password_hash or DECOY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
