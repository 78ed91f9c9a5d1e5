"""Cursors of the live stream: a sequence number sealed so that a browser learns nothing from it."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_CONTEXT = b"arrimage live cursor v1"
_LENGTH = 36  # nonce 12, sequence 8, tag 16


class CursorCodec:
    """Seals and opens sequence numbers with a 32-byte key. Two seals of one number differ: nothing can be counted."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the live cursor key has 32 bytes")
        self._cipher = AESGCM(key)

    def encode(self, seq: int) -> str:
        """48 characters, safe in a URL, a header and an attribute."""
        nonce = os.urandom(12)
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, seq.to_bytes(8, "big"), _CONTEXT)).decode()

    def decode(self, cursor: str) -> int | None:
        """The sequence, or None when the cursor is forged, truncated or sealed with another key."""
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii"))
            if len(raw) != _LENGTH:
                return None
            return int.from_bytes(self._cipher.decrypt(raw[:12], raw[12:], _CONTEXT), "big")
        except (ValueError, InvalidTag):
            return None
