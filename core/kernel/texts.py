"""Short texts of a plugin under the master key: sealed to their table, row and column, taken over by a rotation.

Every personal column of a plugin holds what `seal_text` made, so that a rotation finds it without knowing the plugin.
"""

from __future__ import annotations

from uuid import UUID

from core.kernel.crypto import Aad, Keyring


def seal_text(keyring: Keyring, table: str, row_id: UUID, column: str, text: str) -> bytes | None:
    """Ciphertext of a text for that column of that row; None for an empty one."""
    return keyring.protect(text.encode(), aad=Aad(table, row_id, column, 1)) if text else None


def open_text(keyring: Keyring, table: str, row_id: UUID, column: str, sealed: bytes | None) -> str:
    """The text behind `seal_text`, "" for None. Raises `crypto.Unreadable` for bytes moved from elsewhere."""
    return "" if sealed is None else keyring.reveal(sealed, aad=Aad(table, row_id, column, 1)).decode()


def renew_text(keyring: Keyring, table: str, row_id: UUID, column: str, sealed: bytes) -> bytes:
    """The same text under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=Aad(table, row_id, column, 1))
