"""The secret an organisation's provider knows us by, under the master key."""

from __future__ import annotations

from uuid import UUID

from core.kernel.crypto import Aad, Keyring


def protect_secret(keyring: Keyring, provider_id: UUID, secret: str) -> bytes:
    """Ciphertext of a client secret."""
    return keyring.protect(secret.encode(), aad=_place(provider_id))


def read_secret(keyring: Keyring, provider_id: UUID, sealed: bytes) -> str:
    """The secret behind `protect_secret`."""
    return keyring.reveal(sealed, aad=_place(provider_id)).decode()


def renew_secret(keyring: Keyring, provider_id: UUID, sealed: bytes) -> bytes:
    """The same secret under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=_place(provider_id))


def _place(provider_id: UUID) -> Aad:
    return Aad("identity_providers", provider_id, "client_secret", 1)
