"""Words about people of the network, under the master key: bound to their table, row and column."""

from __future__ import annotations

from uuid import UUID

from core.kernel.crypto import Aad, Keyring


def hide(keyring: Keyring, table: str, row_id: UUID, column: str, text: str) -> bytes:
    """Ciphertext of a text."""
    return keyring.protect(text.encode(), aad=Aad(table, row_id, column, 1))


def show(keyring: Keyring, table: str, row_id: UUID, column: str, sealed: bytes) -> str:
    """The text behind `hide`. Raises `crypto.Unreadable`."""
    return keyring.reveal(sealed, aad=Aad(table, row_id, column, 1)).decode()


def renew(keyring: Keyring, table: str, row_id: UUID, column: str, sealed: bytes) -> bytes:
    """The same text under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=Aad(table, row_id, column, 1))
